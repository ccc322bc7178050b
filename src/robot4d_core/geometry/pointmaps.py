# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Depth images and pointmaps.

Depth: (H, W) float32 metres along the optical axis, NaN where invalid. Pointmap: (..., H, W, 3) float32 metres in
a named frame, NaN where invalid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.errors import ImageError
from robot4d_core.geometry.cameras import PinholeCamera


def depth_in_metres(image: np.ndarray, encoding: str) -> np.ndarray:
    """Convert a depth image to (H, W) float32 metres with NaN where invalid.

    16UC1 is millimetres with 0 invalid, 32FC1 metres with 0 or non-finite invalid (REP-118); anything else raises
    ImageError.
    """
    if encoding in ('16UC1', 'mono16'):
        depth = image.astype(np.float32) * np.float32(0.001)
    elif encoding == '32FC1':
        depth = image.astype(np.float32)
    else:
        raise ImageError(f"depth encoding must be 16UC1 (millimetres) or 32FC1 (metres), got '{encoding}'")
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(np.nan))


def depth_in_millimetres(depth: np.ndarray) -> np.ndarray:
    """Convert depth (..., H, W) metres, NaN invalid, to a 16UC1 image: millimetres, 0 where invalid or beyond 65 m."""
    millimetres = np.round(depth * 1000)
    fits = millimetres <= np.iinfo(np.uint16).max  # false for NaN
    return np.where(fits, millimetres, 0).astype(np.uint16)


def resize_depth(depth: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize depth (H, W) by nearest neighbour; depth is never interpolated across edges."""
    return _resize_nearest(depth, width, height)


def resize_pointmap(pointmap: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a pointmap (H, W, 3) by nearest neighbour."""
    return _resize_nearest(pointmap, width, height)


def _resize_nearest(image: np.ndarray, width: int, height: int) -> np.ndarray:
    rows = ((np.arange(height) + 0.5) * image.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * image.shape[1] / width).astype(int)
    return image[rows[:, None], columns]


def pointmap_from_depth(depth: np.ndarray, camera: PinholeCamera) -> np.ndarray:
    """Lift depth (..., H, W) to a pointmap (..., H, W, 3) in the camera's optical frame.

    Raises ImageError when the size of the depth image is not that of the intrinsics.
    """
    if depth.shape[-2:] != (camera.height, camera.width):
        raise ImageError(
            f'depth image is {depth.shape[-1]}x{depth.shape[-2]} but camera_info says '
            f'{camera.width}x{camera.height}; use depth aligned to colour, and its camera_info'
        )
    return (camera.rays * depth[..., None]).astype(np.float32)


def transform_points(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (..., 3) by T_a_b, (4, 4), from frame b to frame a; dtype and NaN are kept."""
    rotation = transform[:3, :3].astype(points.dtype)
    return points @ rotation.T + transform[:3, 3].astype(points.dtype)


def valid_points(pointmap: np.ndarray) -> np.ndarray:
    """Return the validity mask (...,) of points (..., 3)."""
    return np.isfinite(pointmap).all(axis=-1)


@dataclass(frozen=True)
class PointmapNormalisation:
    """The affine map from [low, high] metres to [-1, 1], per axis; stored with the weights of a model.

    The method's constants (-1, 2) are the defaults.
    """

    low: tuple[float, float, float] = (-1.0, -1.0, -1.0)
    high: tuple[float, float, float] = (2.0, 2.0, 2.0)

    def normalise(self, points: np.ndarray) -> np.ndarray:
        """Map metres (..., 3) to the unit cube [-1, 1]."""
        low, high = (np.asarray(x, dtype=points.dtype) for x in (self.low, self.high))
        return (points - low) / (high - low) * 2 - 1

    def denormalise(self, points: np.ndarray) -> np.ndarray:
        """Map [-1, 1] (..., 3) back to metres."""
        low, high = (np.asarray(x, dtype=points.dtype) for x in (self.low, self.high))
        return (points + 1) / 2 * (high - low) + low
