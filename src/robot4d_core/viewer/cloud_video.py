# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What can be watched: the coloured clouds of both views over time, in one frame, with the path of the gripper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.episodes.recorded_look import RecordedLook
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.errors import ViewerError
from robot4d_core.geometry.pointmaps import valid_points
from robot4d_core.prediction import FRAME_INTERVAL


@dataclass(frozen=True)
class CloudVideo:
    """times: (T,) seconds after the observation. views: by camera name, points (T, H, W, 3) metres in frame n and
    colours (T, H, W, 3) uint8. gripper_path: (P, 4, 4) poses in frame n, from the observation on; None when unknown.
    Raises ViewerError when no point is known at the first moment.
    """

    title: str
    times: np.ndarray
    views: dict[str, tuple[np.ndarray, np.ndarray]]
    gripper_path: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not len(self.first_points):
            raise ViewerError(
                f'{self.title}: no point is known at the first moment, so there is no cloud to show; of a model that '
                'predicts colours only, watch the film')

    @property
    def first_points(self) -> np.ndarray:
        """The known points (N, 3) of all views at the first moment."""
        return np.concatenate([self.cloud(name, 0)[0] for name in self.views])

    def cloud(self, name: str, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the known points (N, 3) of a view at a step and their colours (N, 3)."""
        points, colours = self.views[name]
        known = valid_points(points[step])
        return points[step][known], colours[step][known]


def predicted_clouds(saved: SavedPrediction, gripper_path: np.ndarray | None = None) -> CloudVideo:
    """Return what was predicted."""
    prediction = saved.prediction
    return CloudVideo(
        f'predicted by {prediction.model}', prediction.time_from_start,
        {view.name: (view.pointmap, view.rgb) for view in prediction.views}, gripper_path)


def recorded_clouds(look: RecordedLook, title: str, with_observation: bool = True) -> CloudVideo:
    """Return what was recorded; view m is left out where the recording does not know where its camera stands."""
    first = 0 if with_observation else 1
    views = {
        view.name: (points[first:], view.rgb[first:])
        for view, points in zip(look.views, look.pointmaps(), strict=True) if points is not None
    }
    return CloudVideo(title, FRAME_INTERVAL * np.arange(first, 1 + look.future), views, look.gripper_poses)


def track_gripper(saved: SavedPrediction) -> tuple[np.ndarray | None, str]:
    """Read the gripper's path (P, 4, 4) out of a prediction, from the observation to where it is lost.

    The second value says why there is none, or why it ends early. The tracker needs to know where the gripper was at
    the observation, and knows the gripper of robot4d's robot.
    """
    from robot4d_core.robot.description import RobotDescription
    from robot4d_core.robot.gripper_model import GripperModel
    from robot4d_core.robot.names import read_arm_names
    from robot4d_core.tracker.gripper_tracker import GripperTracker

    look = saved.look
    if look.gripper_poses is None or look.openings is None:
        return None, 'the recording does not tell where the gripper was at the observation'
    tracker = GripperTracker(GripperModel.from_description(RobotDescription.shipped(), read_arm_names()[0].gripper))
    plan = tracker.track(saved.prediction, look.gripper_poses[0], float(look.openings[0]), look.observation)
    lost = np.flatnonzero(plan.confidence <= 0)
    found = plan.poses[:lost[0]] if len(lost) else plan.poses
    return np.concatenate([look.gripper_poses[:1], found]), plan.message
