# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Pinhole cameras.

Convention: optical frame with x right, y down, z forward (REP-103). Pixel centres are integer, as in
depth_image_proc: the point (x, y, z) appears at u = fx x / z + cx, v = fy y / z + cy, and the image
covers u in [-0.5, width - 0.5].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robot4d_core.errors import CalibrationError


def optical_frame(camera: str) -> str:
    """Return the frame of the images of a camera, named as realsense-ros does."""
    return f'{camera}_color_optical_frame'


@dataclass(frozen=True)
class PinholeCamera:
    """Intrinsics of a rectified camera, in pixels at a stated image size.

    Raises CalibrationError when a size is not positive, or a focal length or centre is not finite and positive
    (an all-zero K is what drivers send before they are calibrated).
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise CalibrationError(f'image size must be positive, got {self.width}x{self.height}')
        for name in ('fx', 'fy', 'cx', 'cy'):
            value = getattr(self, name)
            if not np.isfinite(value):
                raise CalibrationError(f'{name} must be finite, got {value}; calibrate the camera')
        if self.fx <= 0 or self.fy <= 0:
            raise CalibrationError(
                f'focal lengths must be positive, got fx={self.fx}, fy={self.fy}; '
                'the driver publishes an uncalibrated camera_info'
            )

    @classmethod
    def from_matrix(cls, matrix, width: int, height: int) -> PinholeCamera:
        """Make a camera from K, (3, 3) row-major or 9 numbers as in sensor_msgs/CameraInfo."""
        k = np.asarray(matrix, dtype=np.float64)
        if k.size != 9:
            raise CalibrationError(f'K must have 9 numbers, got {k.size}')
        k = k.reshape(3, 3)
        camera = cls(int(width), int(height), float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2]))
        if not np.allclose(k, camera.matrix, rtol=0, atol=1e-6):
            raise CalibrationError(f'K must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], got {k.tolist()}')
        return camera

    @classmethod
    def from_field_of_view(cls, vertical_fov: float, width: int, height: int) -> PinholeCamera:
        """Make a camera with square pixels and a centred principal point; vertical_fov in radians."""
        focal = 0.5 * height / np.tan(0.5 * vertical_fov)
        return cls(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)

    @cached_property
    def matrix(self) -> np.ndarray:
        """K, (3, 3) float64."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @cached_property
    def rays(self) -> np.ndarray:
        """The point at z = 1 m seen by each pixel, (H, W, 3) float32."""
        u, v = np.meshgrid(np.arange(self.width), np.arange(self.height))
        rays = np.stack([(u - self.cx) / self.fx, (v - self.cy) / self.fy, np.ones_like(u, dtype=float)], axis=-1)
        return rays.astype(np.float32)

    def resized(self, width: int, height: int) -> PinholeCamera:
        """Return the camera of the same image resized to width x height (half-pixel rule: edges stay edges)."""
        sx, sy = width / self.width, height / self.height
        return PinholeCamera(
            width, height, self.fx * sx, self.fy * sy,
            (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5,
        )

    def described(self) -> str:
        """Return size and intrinsics in words."""
        numbers = ', '.join(f'{name} {getattr(self, name):.2f}' for name in ('fx', 'fy', 'cx', 'cy'))
        return f'{self.width}x{self.height} with {numbers}'

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points (..., 3) in the optical frame to pixels (..., 2); NaN at or behind the camera plane."""
        points = np.asarray(points)
        z = points[..., 2]
        with np.errstate(divide='ignore', invalid='ignore'):
            u = self.fx * points[..., 0] / z + self.cx
            v = self.fy * points[..., 1] / z + self.cy
        return np.where((z > 0)[..., None], np.stack([u, v], axis=-1), np.nan)


@dataclass(frozen=True)
class CameraPlacement:
    """A camera that stands still: its name, its optical frame in the world (4, 4), its intrinsics."""

    name: str
    T_world_optical: np.ndarray
    camera: PinholeCamera
