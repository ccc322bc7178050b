# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Lenses that bend light, and images made straight again: what a pinhole camera at the same place would have seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from robot4d_core.geometry.cameras import PinholeCamera

_RADII = np.linspace(0.0, 100.0, 100_001)  # tangents of the angle to the optical axis


@dataclass(frozen=True)
class Lens:
    """A lens as OpenCV models it.

    coefficients: 4, 5, 8, 12 or 14 of the polynomial model (radial, tangential, rational, thin prism, tilted), or 4 of
    the fisheye model, which ROS calls equidistant.
    """

    coefficients: tuple[float, ...]
    fisheye: bool = False

    def bend(self, points: np.ndarray) -> np.ndarray:
        """Return where points (N, 3) in the optical frame appear (N, 2), at a focal length of 1."""
        project = cv2.fisheye.projectPoints if self.fisheye else cv2.projectPoints
        points, still = np.asarray(points, np.float64)[:, None], np.zeros(3)
        return project(points, still, still, np.eye(3), np.array(self.coefficients))[0].reshape(-1, 2)

    @cached_property
    def widest(self) -> float:
        """Tangent of the largest angle to the optical axis up to which farther out is farther out in the image, too.

        Beyond it a model tells of nothing that was seen: it maps to places where something else is.
        """
        radial = tuple(0.0 if index in (2, 3) or index > 7 else value for index, value in enumerate(self.coefficients))
        axial = self if self.fisheye else Lens(radial)
        with np.errstate(invalid='ignore', over='ignore', divide='ignore'):
            bent = axial.bend(np.stack([_RADII, np.zeros_like(_RADII), np.ones_like(_RADII)], axis=-1))[:, 0]
        folds = np.flatnonzero(~(np.diff(bent) > 0))
        return float(_RADII[folds[0]]) if len(folds) else np.inf


@dataclass(frozen=True)
class LensCamera:
    """A camera with a lens, None for a camera without distortion.

    camera: the pinhole camera that the rectified images are of, with the size of the images as they come. It has their
    optical frame, so that depth along the axis stays what it is.
    """

    camera: PinholeCamera
    lens: Lens | None = None

    def rectified_colour(self, image: np.ndarray) -> np.ndarray:
        """Return (H, W, 3) uint8, interpolated bilinearly, black where nothing was seen."""
        return self._remapped(image, cv2.INTER_LINEAR, 0)

    def rectified_depth(self, depth: np.ndarray) -> np.ndarray:
        """Return (H, W) float32 metres, the nearest pixel's, NaN where nothing was seen."""
        return self._remapped(depth, cv2.INTER_NEAREST, np.nan)

    def rectified_labels(self, labels: np.ndarray) -> np.ndarray:
        """Return (H, W) uint8, the nearest pixel's, 0 where nothing was seen."""
        return self._remapped(labels, cv2.INTER_NEAREST, 0)

    def _remapped(self, image: np.ndarray, interpolation: int, nothing: float) -> np.ndarray:
        if self.lens is None:
            return image
        return cv2.remap(image, self._sources, None, interpolation, borderMode=cv2.BORDER_CONSTANT,
                         borderValue=(nothing,) * 4)

    @cached_property
    def _sources(self) -> np.ndarray:
        """Where in the image as it comes each pixel of the rectified one is, (H, W, 2) float32; -1, -1 for nowhere."""
        camera, lens = self.camera, self.lens
        make = cv2.fisheye.initUndistortRectifyMap if lens.fisheye else cv2.initUndistortRectifyMap
        maps = make(camera.matrix, np.array(lens.coefficients), np.eye(3), camera.matrix,
                    (camera.width, camera.height), cv2.CV_32FC1)
        seen = np.linalg.norm(camera.rays[..., :2], axis=-1) < lens.widest
        return np.where(seen[..., None], np.dstack(maps), np.float32(-1))
