# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One camera's view at one moment, and what it says about a gripper that would be at some pose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.gripper_model import GripperSurface

GRAZING = 0.1  # cosine below which a surface is seen too obliquely to expect depth of it
OCCLUSION_CELL = 4  # pixels
OCCLUSION_DEPTH = 0.015  # metres


@dataclass(frozen=True)
class Sight:
    """points: (H, W, 3) metres in the plan's frame, NaN where unknown; rgb: (H, W, 3) uint8.

    T_frame_camera: (4, 4), where the camera stands in the plan's frame.
    """

    name: str
    camera: PinholeCamera
    T_frame_camera: np.ndarray
    points: np.ndarray
    rgb: np.ndarray

    @cached_property
    def depth(self) -> np.ndarray:
        """Distance of every point along this camera's axis, (H, W) metres."""
        axis, origin = self.T_frame_camera[:3, 2], self.T_frame_camera[:3, 3]
        return self.points @ axis.astype(np.float32) - np.float32(axis @ origin)

    @cached_property
    def nearest_depth(self) -> np.ndarray:
        """The smallest depth within one pixel, (H, W): a silhouette drawn one pixel off is no contradiction."""
        return cv2.erode(np.where(np.isnan(self.depth), np.inf, self.depth), np.ones((3, 3)))

    def facing(self, surface: GripperSurface, pose: np.ndarray) -> np.ndarray:
        """Return which points (N,) of a surface at a pose turn their front to this camera."""
        eye = transform_points(invert_pose(pose), self.T_frame_camera[:3, 3])
        rays = surface.points - eye
        return np.einsum('ij,ij->i', rays, surface.normals) < -GRAZING * np.linalg.norm(rays, axis=1)

    def compare(self, surface: GripperSurface, pose: np.ndarray, tolerance: float) -> Comparison:
        """Look every visible point of a surface at a pose up in the image; tolerance in metres of depth."""
        index = np.flatnonzero(self.facing(surface, pose))
        points = transform_points(invert_pose(self.T_frame_camera) @ pose, surface.points[index])
        in_front = points[:, 2] > 0.05
        index, points = index[in_front], points[in_front]
        pixels = self.camera.project(points)
        index, points, pixels = (x[_foremost(pixels, points[:, 2])] for x in (index, points, pixels))
        columns, rows = np.rint(pixels).astype(int).T
        inside = (columns >= 0) & (columns < self.camera.width) & (rows >= 0) & (rows < self.camera.height)
        seen, columns, rows, depth = index[inside], columns[inside], rows[inside], points[inside, 2]
        gap = self.depth[rows, columns] - depth
        agreeing = np.abs(gap) < tolerance
        contradicting = ~agreeing & (self.nearest_depth[rows, columns] - depth > tolerance)
        contradicting &= np.isfinite(gap)
        return Comparison(
            expected=len(index),
            contradicting=seen[contradicting],
            agreeing=seen[agreeing],
            pixels=np.stack([rows, columns], axis=-1)[agreeing],
            gaps=np.abs(gap[agreeing]),
        )


@dataclass(frozen=True)
class Comparison:
    """What a camera sees of a surface. expected: points that nothing of the gripper itself hides, in the image or not.

    contradicting: indices of the points that the camera sees through; agreeing: indices (N,) of the points found where
    they should be, pixels (N, 2) their rows and columns, gaps (N,) how far off in metres. The rest is hidden or
    unknown.
    """

    expected: int
    contradicting: np.ndarray
    agreeing: np.ndarray
    pixels: np.ndarray
    gaps: np.ndarray


def _foremost(pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Return which points (N,) are not hidden behind others that fall into the same cell of pixels."""
    cells = np.floor(pixels / OCCLUSION_CELL).astype(int)
    cells -= cells.min(axis=0, initial=0)
    cell = np.ravel_multi_index(tuple(cells.T), tuple(cells.max(axis=0, initial=0) + 1))
    nearest = np.full(cell.max(initial=0) + 1, np.inf)
    np.minimum.at(nearest, cell, depth)
    return depth < nearest[cell] + OCCLUSION_DEPTH
