# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One RGB-D image with the intrinsics of the camera that took it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from robot4d_core.errors import ImageError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import resize_depth


@dataclass(frozen=True)
class CameraView:
    """One RGB-D image. rgb: (H, W, 3) uint8; depth: (H, W) float32 metres aligned to rgb, NaN where invalid.

    Raises ImageError when the sizes differ from each other or from the intrinsics.
    """

    name: str
    camera: PinholeCamera
    rgb: np.ndarray
    depth: np.ndarray

    def __post_init__(self) -> None:
        expected = (self.camera.height, self.camera.width)
        for what, image in (('colour', self.rgb), ('depth', self.depth)):
            if image.shape[:2] != expected:
                raise ImageError(
                    f"camera '{self.name}': {what} image is {image.shape[1]}x{image.shape[0]} but camera_info says "
                    f'{self.camera.width}x{self.camera.height}; use depth aligned to colour, and its camera_info'
                )

    def resized(self, width: int, height: int) -> CameraView:
        """Return the view in another size: colour by area, depth by nearest neighbour, K scaled."""
        if (width, height) == (self.camera.width, self.camera.height):
            return self
        return replace(
            self, camera=self.camera.resized(width, height),
            rgb=cv2.resize(self.rgb, (width, height), interpolation=cv2.INTER_AREA),
            depth=resize_depth(self.depth, width, height),
        )
