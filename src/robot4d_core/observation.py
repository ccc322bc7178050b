# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the generator sees: one synchronised look of every camera."""

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


@dataclass(frozen=True)
class SimulatorState:
    """The simulated cell at one moment; exists in simulation only, for the oracle and for scoring.

    scene: JSON that rebuilds the cell (task, seed, cameras); state: MuJoCo integration state (n,) float64.
    """

    scene: str
    state: np.ndarray


@dataclass(frozen=True)
class Observation:
    """Synchronised views, the reference camera first. No extrinsics: nothing here knows where a camera stands.

    stamp: seconds of the ROS clock; frame_id: optical frame of the reference camera.
    """

    stamp: float
    frame_id: str
    views: tuple[CameraView, ...]
    instruction: str = ''
    simulator: SimulatorState | None = None
