# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the generator imagines: a 4-D video of every view, all points in the frame of the reference camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import numpy as np

from robot4d_core.errors import PredictionError
from robot4d_core.geometry.cameras import PinholeCamera

FRAMES = 10
FRAME_INTERVAL = 0.5  # seconds


def default_time_from_start() -> np.ndarray:
    """Return the method's horizon: 10 frames, 0.5 s apart, the first 0.5 s after the observation; (10,) seconds."""
    return FRAME_INTERVAL * np.arange(1, FRAMES + 1)


@dataclass(frozen=True)
class PredictedView:
    """The imagined future of one camera.

    rgb: (T, H, W, 3) uint8; pointmap: (T, H, W, 3) float32 metres in the frame of the prediction, NaN where unknown.
    """

    name: str
    camera: PinholeCamera
    rgb: np.ndarray
    pointmap: np.ndarray

    def __post_init__(self) -> None:
        expected = (self.camera.height, self.camera.width, 3)
        for what, video in (('rgb', self.rgb), ('pointmap', self.pointmap)):
            if video.ndim != 4 or video.shape[1:] != expected or len(video) != len(self.rgb):
                raise PredictionError(
                    f"view '{self.name}': {what} must be (T, {expected[0]}, {expected[1]}, 3), got {video.shape}"
                )


@dataclass(frozen=True)
class GripperPath:
    """Where an engine that thinks of the robot first imagines one gripper, one entry per predicted frame.

    poses: (T, 4, 4) T_frame_tcp in the frame of the prediction; opening: (T,) metres between the finger pads;
    closed: (T,) bool, whether the gripper is told to be closed.
    """

    gripper: str
    poses: np.ndarray
    opening: np.ndarray
    closed: np.ndarray


@dataclass(frozen=True)
class Prediction:
    """A predicted 4-D video; views[0] is the reference camera.

    stamp: of the observation, seconds; frame_id: optical frame of the reference camera;
    time_from_start: (T,) seconds after the stamp; paths: of every gripper, empty where the engine imagines none.

    Raises PredictionError when the views and times disagree or the times do not increase.
    """

    stamp: float
    frame_id: str
    time_from_start: np.ndarray
    views: tuple[PredictedView, ...]
    model: str
    id: UUID = field(default_factory=uuid4)
    paths: tuple[GripperPath, ...] = ()

    def __post_init__(self) -> None:
        if not self.views:
            raise PredictionError('a prediction needs at least one view')
        if (np.diff(self.time_from_start, prepend=0.0) <= 0).any():
            raise PredictionError(f'time_from_start must increase from above 0, got {self.time_from_start}')
        for view in self.views:
            if len(view.rgb) != len(self.time_from_start):
                raise PredictionError(
                    f"view '{view.name}' has {len(view.rgb)} frames for {len(self.time_from_start)} times"
                )
        for path in self.paths:
            lengths = {len(path.poses), len(path.opening), len(path.closed)}
            if lengths != {len(self.time_from_start)}:
                raise PredictionError(
                    f"the path of '{path.gripper}' has {sorted(lengths)} steps for {len(self.time_from_start)} times")
