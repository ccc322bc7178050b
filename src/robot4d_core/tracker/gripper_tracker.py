# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The gripper's path, read out of a predicted 4-D video.

The gripper's pose at the observation is known from the arm's joints, so nothing has to be detected. From frame to
frame the points that look like the gripper are aligned with its surface from several starts, that of the engine's own
path among them if there is one; what the cameras would have seen of the result gives the confidence. Either each view
is followed for itself and the more confident one is taken per step, as in the method (arXiv 2507.01099, section 3.4),
or all views are fitted at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import Observation
from robot4d_core.prediction import PredictedView, Prediction
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.appearance import Appearance
from robot4d_core.tracker.frame_fit import FrameFit, most_confident
from robot4d_core.tracker.gripper_at_start import look_at_start
from robot4d_core.tracker.gripper_follower import GripperFollower, follow
from robot4d_core.tracker.held_object import object_travels
from robot4d_core.tracker.opening_over_time import close_out_of_sight, closed_over_time, settle_openings
from robot4d_core.tracker.view_registration import place_cameras

MODES = ('best_view', 'fused')


@dataclass(frozen=True)
class TrackerSettings:
    """mode: 'best_view' follows each view alone and takes the most confident one per step, 'fused' fits all at once.

    tolerance: metres between predicted points and the surface that count as agreement; search_radius: metres about
    the last pose in which the gripper is looked for; lost_below: confidence under which it is lost; gripper: its name
    in the plan. Raises ValueError for an unknown mode.
    """

    mode: str = 'fused'
    tolerance: float = 0.02
    search_radius: float = 0.35
    lost_below: float = 0.25
    gripper: str = 'gripper'

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"tracker mode must be one of {', '.join(MODES)}, got '{self.mode}'")


class GripperTracker:
    """Reads the path of one gripper out of predictions; keeps nothing between calls."""

    def __init__(self, model: GripperModel, settings: TrackerSettings | None = None) -> None:
        self._model = model
        self.settings = settings or TrackerSettings()

    def track(
        self,
        prediction: Prediction,
        initial_pose: np.ndarray,
        initial_opening: float,
        observation: Observation | None = None,
    ) -> GripperPlan:
        """Follow the gripper from initial_pose, T_frame_tcp (4, 4) at the observation, through the prediction.

        initial_opening: metres. The observation, if given, teaches the gripper's colours and must show the gripper at
        initial_pose. Where the gripper is lost, its last pose is repeated with confidence 0 and the plan's message
        says why.
        """
        return track_grippers([self], prediction, [initial_pose], [initial_opening], observation)[0]

    def begin(
        self, observation: Observation | None, cameras: dict[str, np.ndarray], start: FrameFit, has_path: bool
    ) -> tuple[GripperFollower, str]:
        """Return what follows the gripper, taught by the observation, and why it cannot be followed, if so.

        A gripper with a path may be out of view at the start, and come into view along it.
        """
        settings = self.settings
        appearance, problem = Appearance.described(self._model), ''
        if observation is not None:
            appearance, problem = look_at_start(
                self._model, observation, cameras, start.pose, start.opening, settings.tolerance, has_path)
        return GripperFollower(
            self._model, appearance, settings.tolerance, settings.search_radius, settings.lost_below), problem

    def plan(self, prediction: Prediction, start: FrameFit, fits: list[FrameFit], message: str) -> GripperPlan:
        """Return the plan of a gripper that was found so in every frame; message: why it was lost, '' otherwise."""
        poses = np.stack([fit.pose for fit in fits])
        opening = settle_openings(start, fits)
        if not message:
            opening = close_out_of_sight(self._model, start, fits, opening, object_travels(prediction, poses))
        return GripperPlan(
            gripper=self.settings.gripper,
            stamp=prediction.stamp,
            frame_id=prediction.frame_id,
            prediction_id=prediction.id,
            model=prediction.model,
            time_from_start=prediction.time_from_start,
            poses=poses,
            opening=opening,
            closed=closed_over_time(self._model, start.opening, opening),
            confidence=np.array([fit.confidence for fit in fits]),
            source_view=tuple(fit.view for fit in fits),
            observed_pose=start.pose,
            observed_closed=self._model.closed(start.opening, before=False),
            message=message,
        )


def track_grippers(
    trackers: Sequence[GripperTracker], prediction: Prediction, initial_poses: Sequence[np.ndarray],
    initial_openings: Sequence[float], observation: Observation | None = None,
) -> list[GripperPlan]:
    """Follow the grippers of a robot together, so that none is taken for another; see GripperTracker.track.

    All trackers have the mode of the first.
    """
    cameras = place_cameras(prediction)
    starts = [FrameFit(pose, opening, 0.0, '', 0, 0)
              for pose, opening in zip(initial_poses, initial_openings, strict=True)]
    imagined = {path.gripper: path for path in prediction.paths}
    followers, problems = zip(*(
        tracker.begin(observation, cameras, start, tracker.settings.gripper in imagined)
        for tracker, start in zip(trackers, starts, strict=True)), strict=True)
    views = [view for view in prediction.views if view.name in cameras]
    groups = [views] if trackers[0].settings.mode == 'fused' else [[view] for view in views]
    seen = [number for number, problem in enumerate(problems) if not problem]
    paths = [imagined.get(trackers[number].settings.gripper) for number in seen]
    tracks = [follow([followers[number] for number in seen], group, cameras, [starts[number] for number in seen], paths)
              for group in groups]
    plans = []
    for number, (tracker, start, problem) in enumerate(zip(trackers, starts, problems, strict=True)):
        if problem:
            plans.append(tracker.plan(prediction, start, [start] * len(prediction.time_from_start), problem))
            continue
        chosen = [most_confident(fits) for fits in zip(*(track[seen.index(number)] for track in tracks), strict=True)]
        plans.append(tracker.plan(prediction, start, chosen, _describe_loss(chosen, views)))
    return plans


def _describe_loss(fits: list[FrameFit], views: list[PredictedView]) -> str:
    lost = [index for index, fit in enumerate(fits) if fit.confidence <= 0]
    if not lost:
        return ''
    first, names = fits[lost[0]], ', '.join(view.name for view in views)
    found = f'{first.found} of {first.expected} expected surface points found'
    if len(lost) == len(fits):
        return f'no gripper in view of {names}: {found} where the arm reports the gripper'
    return (
        f'gripper lost in {len(lost)} of {len(fits)} predicted frames, first in frame {lost[0] + 1}: '
        f'{found} in {names}'
    )
