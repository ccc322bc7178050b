# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where a camera stands, recovered from the prediction itself.

The predicted points of view m lie in the frame of view n, so a pixel of m and its point there pin down the pose of m
in n (perspective-n-point), without any extrinsic calibration. How badly they fit measures how well the two
predicted views agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose, make_pose
from robot4d_core.prediction import Prediction

STATIC_MOTION = 0.02  # metres that a static pixel's point may be off its median, in most frames
SAMPLES = 1500
MIN_PIXELS = 50


@dataclass(frozen=True)
class ViewRegistration:
    """The pose of camera m in frame n.

    T_n_m: (4, 4); residual_px: median reprojection error of the static pixels; inlier_share: in [0, 1], share of them
    within the tolerance.
    """

    T_n_m: np.ndarray
    residual_px: float
    inlier_share: float


def place_cameras(prediction: Prediction) -> dict[str, np.ndarray]:
    """Return T_frame_camera by view; views whose points contradict each other are left out."""
    cameras = {prediction.views[0].name: np.eye(4)}
    for view in prediction.views[1:]:
        try:
            cameras[view.name] = register_view(static_points(view.pointmap), view.camera).T_n_m
        except RegistrationError:
            continue
    return cameras


def static_points(pointmaps: np.ndarray, stride: int = 4) -> np.ndarray:
    """Return the points of a video (T, H, W, 3) that do not move, averaged over time, (H, W, 3).

    NaN where a point moves for a fifth of the time or more, is unknown at some time, or lies between the pixels,
    stride apart, that are looked at.
    """
    videos = pointmaps[:, ::stride, ::stride]
    middle = np.median(videos, axis=0)
    wander = np.quantile(np.linalg.norm(videos - middle, axis=-1), 0.8, axis=0)
    points = np.full(pointmaps.shape[1:], np.nan, np.float32)
    points[::stride, ::stride] = np.where((wander < STATIC_MOTION)[..., None], middle, np.nan)
    return points


def register_view(pointmap: np.ndarray, camera: PinholeCamera, tolerance_px: float = 3.0) -> ViewRegistration:
    """Find the camera that sees point pointmap[v, u] of (H, W, 3), in frame n, at pixel (u, v); NaN is left out.

    Raises RegistrationError when fewer than 50 pixels are given or fewer than a quarter of them agree on a pose.
    """
    rows, columns = np.nonzero(valid_points(pointmap))
    if len(rows) < MIN_PIXELS:
        raise RegistrationError(
            f'{len(rows)} static pixels with a point are too few to place a camera, need {MIN_PIXELS}')
    chosen = np.unique(np.linspace(0, len(rows) - 1, SAMPLES).astype(int))
    points = pointmap[rows, columns][chosen].astype(np.float64)
    pixels = np.stack([columns, rows], axis=-1)[chosen].astype(np.float64)
    cv2.setRNGSeed(0)
    found, turn, shift, inliers = cv2.solvePnPRansac(
        points, pixels, camera.matrix, None, iterationsCount=300, reprojectionError=tolerance_px, confidence=0.999)
    share = 0.0 if inliers is None else len(inliers) / len(points)
    if not found or share < 0.25:
        raise RegistrationError(
            f'only {share:.0%} of {len(points)} static pixels agree on where the camera stands, to {tolerance_px} px; '
            'need 25%, so the predicted views contradict each other'
        )
    kept = inliers.ravel()
    turn, shift = cv2.solvePnPRefineLM(points[kept], pixels[kept], camera.matrix, None, turn, shift)
    T_m_n = make_pose(cv2.Rodrigues(turn)[0], shift.ravel())
    errors = np.linalg.norm(camera.project(transform_points(T_m_n, points)) - pixels, axis=-1)
    errors = np.where(np.isfinite(errors), errors, np.inf)
    return ViewRegistration(invert_pose(T_m_n), float(np.median(errors)), float((errors < tolerance_px).mean()))
