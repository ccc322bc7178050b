# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What can be watched: the coloured clouds of both views over time, in one frame, with the ways of the grippers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot4d_core.episodes.recorded_look import RecordedLook
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.errors import ViewerError
from robot4d_core.geometry.pointmaps import valid_points
from robot4d_core.prediction import FRAME_INTERVAL
from robot4d_core.viewer.gripper_line import GripperLine, imagined_lines, planned_lines


@dataclass(frozen=True)
class CloudVideo:
    """times: (T,) seconds after the observation. views: by camera name, points (T, H, W, 3) metres in frame n and
    colours (T, H, W, 3) uint8. lines: the ways of grippers, in frame n.
    Raises ViewerError when no point is known at the first moment.
    """

    title: str
    times: np.ndarray
    views: dict[str, tuple[np.ndarray, np.ndarray]]
    lines: Sequence[GripperLine] = ()

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


def predicted_clouds(saved: SavedPrediction, followed: Sequence[GripperLine] = ()) -> CloudVideo:
    """Return what was predicted; followed: what follow_grippers read out of its video."""
    prediction = saved.prediction
    return CloudVideo(
        f'predicted by {prediction.model}', prediction.time_from_start,
        {view.name: (view.pointmap, view.rgb) for view in prediction.views},
        [*followed, *imagined_lines(prediction)])


def recorded_clouds(look: RecordedLook, title: str, with_observation: bool = True) -> CloudVideo:
    """Return what was recorded; view m is left out where the recording does not know where its camera stands."""
    first = 0 if with_observation else 1
    views = {
        view.name: (points[first:], view.rgb[first:])
        for view, points in zip(look.views, look.pointmaps(), strict=True) if points is not None
    }
    poses = np.empty((0, 0, 4, 4)) if look.gripper_poses is None else look.gripper_poses
    lines = [GripperLine(of_gripper) for of_gripper in np.swapaxes(poses, 0, 1)]
    return CloudVideo(title, FRAME_INTERVAL * np.arange(first, 1 + look.future), views, lines)


def follow_grippers(saved: SavedPrediction) -> tuple[list[GripperLine], list[str]]:
    """Read the ways of all grippers out of the video of a prediction, each from the observation to where it is lost.

    The second value says why there are none, where they end early, and how far they are from imagined paths. The
    tracker needs to know where the grippers were at the observation, and what the robot is.
    """
    from robot4d_core.robot.gripper_model import GripperModel
    from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings, track_grippers
    from robot4d_core.tracker.path_agreement import AgreementSettings, compare_with_paths, farthest_from_path

    look, prediction = saved.look, saved.prediction
    if look.gripper_poses is None or look.openings is None:
        return [], ['the recording does not tell where the grippers were at the observation']
    robot = look.described_robot
    if robot is None:
        return [], [look.robot_unknown]
    models = [GripperModel.from_description(robot.description, arm.gripper) for arm in robot.arms]
    trackers = [GripperTracker(model, TrackerSettings(gripper=arm.gripper.name))
                for model, arm in zip(models, robot.arms, strict=True)]
    plans = track_grippers(trackers, prediction, look.gripper_poses[0], look.openings[0].tolist(), look.observation)
    compared = compare_with_paths(plans, models, prediction, AgreementSettings())
    said = [plan.message for plan in compared if plan.message]
    if (farthest := farthest_from_path(compared)) is not None:
        said.append(f'in the video at most {1e3 * farthest:.0f} mm from the imagined path')
    return planned_lines(plans), said
