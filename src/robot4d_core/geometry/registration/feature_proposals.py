# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A proposal for the relative pose from matched SIFT features: for views from nearby."""

from __future__ import annotations

import cv2
import numpy as np

from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points, valid_points
from robot4d_core.geometry.registration.prepared_cloud import MAX_RANGE
from robot4d_core.geometry.rigid_fit import fit_points


def propose_from_features(view_n: CameraView, view_m: CameraView) -> list[np.ndarray]:
    """Match SIFT features and fit the rigid motion that most of the matched 3-D points follow."""
    points_n, descriptors_n = _features(view_n)
    points_m, descriptors_m = _features(view_m)
    if min(len(points_n), len(points_m)) < 2:
        return []
    matches = cv2.BFMatcher().knnMatch(descriptors_m, descriptors_n, k=2)
    pairs = np.array([(a.queryIdx, a.trainIdx) for a, b in matches if a.distance < 0.85 * b.distance])
    if len(pairs) < 6:
        return []
    source, target = points_m[pairs[:, 0]], points_n[pairs[:, 1]]
    tolerance = 0.01 + 0.015 * target[:, 2]
    random = np.random.default_rng(0)
    best = np.zeros(len(pairs), bool)
    for _ in range(3000):
        three = random.choice(len(pairs), 3, replace=False)
        edges = [np.linalg.norm(x[three] - x[np.roll(three, 1)], axis=1) for x in (source, target)]
        if np.abs(edges[0] - edges[1]).max() > 2 * tolerance[three].max() or edges[0].min() < 0.05:
            continue
        motion = fit_points(target[three], source[three])
        inliers = np.linalg.norm(transform_points(motion, source) - target, axis=1) < tolerance
        if inliers.sum() > best.sum():
            best = inliers
    return [fit_points(target[best], source[best])] if best.sum() >= 5 else []


def _features(view: CameraView) -> tuple[np.ndarray, np.ndarray]:
    keypoints, descriptors = cv2.SIFT_create(1500).detectAndCompute(cv2.cvtColor(view.rgb, cv2.COLOR_RGB2GRAY), None)
    if not keypoints:
        return np.empty((0, 3)), np.empty((0, 128), np.float32)
    columns, rows = np.rint([keypoint.pt for keypoint in keypoints]).astype(int).T
    points = pointmap_from_depth(view.depth, view.camera)[rows, columns].astype(np.float64)
    usable = valid_points(points) & (points[:, 2] < MAX_RANGE)
    return points[usable], descriptors[usable]
