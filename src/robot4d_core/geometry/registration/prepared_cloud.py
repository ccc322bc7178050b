# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""An RGB-D view as registration wants it: evenly sampled points with normals, colours and weights, and depth bounds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import small_gicp
from scipy.spatial import cKDTree

from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points, valid_points
from robot4d_core.geometry.registration.dominant_plane import find_dominant_plane

MAX_RANGE = 4.0  # metres; consumer depth beyond is noise
SAMPLE_SPACING = 0.015  # metres between the points that are aligned and judged


@dataclass(frozen=True)
class PreparedCloud:
    """A view prepared for registration; points are sampled evenly in space.

    points, normals: (N, 3); colours: (N, 3) in [0, 1]; weights: (N,), sum 1; level: T_level_camera or None, where the
    level frame has its origin on the dominant plane below the camera and z towards the camera; smooth: (H, W, 3)
    blurred colours in [0, 1]; nearest, farthest: (H, W) depth bounds of each pixel's neighbourhood, metres.
    """

    view: CameraView
    points: np.ndarray
    tree: cKDTree
    normals: np.ndarray
    colours: np.ndarray
    weights: np.ndarray
    level: np.ndarray | None
    smooth: np.ndarray
    nearest: np.ndarray
    farthest: np.ndarray


def prepare(view: CameraView) -> PreparedCloud:
    """Sample a view evenly; raises RegistrationError when it has hardly any depth."""
    pointmap = pointmap_from_depth(np.where(view.depth < MAX_RANGE, view.depth, np.nan), view.camera)
    seen = pointmap[valid_points(pointmap)].astype(np.float64)
    if len(seen) < 500:
        raise RegistrationError(
            f'camera {view.name}: only {len(seen)} pixels have a depth below {MAX_RANGE} m; check the depth stream'
        )
    cloud = small_gicp.voxelgrid_sampling(seen, SAMPLE_SPACING)
    small_gicp.estimate_normals(cloud, num_neighbors=12)
    points, normals = cloud.points()[:, :3], cloud.normals()[:, :3]
    normals = normals * -np.sign(np.einsum('ij,ij->i', normals, points))[:, None]
    smooth = cv2.blur(view.rgb, (5, 5)) / 255.0
    columns, rows = nearest_pixels(view, points)
    colours = smooth[rows, columns]
    level = find_dominant_plane(points)
    heights = transform_points(level, points)[:, 2] if level is not None else np.zeros(len(points))
    weights = _distinctiveness(heights, colours)
    hole, around = np.isnan(view.depth), np.ones((3, 3))
    nearest = np.where(hole, np.nan, cv2.erode(np.where(hole, np.inf, view.depth), around))
    farthest = np.where(hole, np.nan, cv2.dilate(np.where(hole, 0.0, view.depth), around))
    weights /= weights.sum()
    return PreparedCloud(view, points, cKDTree(points), normals, colours, weights, level, smooth, nearest, farthest)


def _distinctiveness(heights: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Weigh points (N,) by how rare their height and colour are: a table full of equal points says little."""
    kinds = np.column_stack([np.rint(heights / 0.05), np.rint(colours * 5)]).astype(int)
    _, kind, count = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
    return 1 / np.sqrt(count[kind.ravel()])


def nearest_pixels(view: CameraView, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and rows (N,) of the pixels of a view nearest to points (N, 3), kept inside the image."""
    columns, rows = np.rint(view.camera.project(points)).astype(int).T
    return columns.clip(0, view.camera.width - 1), rows.clip(0, view.camera.height - 1)
