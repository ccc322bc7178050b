# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Whether the gripper that is seen in a predicted video is where the engine first imagined it to be.

An engine that thinks of the robot first gives its paths beside the video. The tracker reads the video as ever; where
both agree the path is followed, where they disagree the step is lost, and where the gripper is out of every view the
path alone carries it, if that is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from robot4d_core.geometry.poses import pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.prediction import GripperPath, Prediction
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.sight import Sight
from robot4d_core.tracker.view_registration import place_cameras

IN_SIGHT = 0.1  # share of the gripper's foremost surface that must be seen, in all views together, to be in view
PATH_ALONE = 'path'  # source_view of a step that rests on the path


@dataclass(frozen=True)
class AgreementSettings:
    """max_distance, max_turn: between path and track, metres and radians; beyond, the step is lost.

    path_alone: whether the path may carry steps in which no view shows the gripper, or too little of it to be found;
    path_confidence: of these steps.
    """

    max_distance: float = 0.04
    max_turn: float = 0.44
    path_alone: bool = True
    path_confidence: float = 0.5


def compare_with_paths(
    plans: Sequence[GripperPlan], models: Sequence[GripperModel], prediction: Prediction, settings: AgreementSettings,
) -> list[GripperPlan]:
    """Return the plans of grippers along the paths of a prediction, where what is seen of them agrees.

    plans: as tracked; models: of their grippers. Plans of grippers without a path are returned as they are.
    """
    cameras, paths = place_cameras(prediction), {path.gripper: path for path in prediction.paths}
    sights = [[Sight(view.name, view.camera, cameras[view.name], view.pointmap[step], view.rgb[step])
               for view in prediction.views if view.name in cameras]
              for step in range(len(prediction.time_from_start))]
    return [_compare(plan, model, paths[plan.gripper], sights, settings) if plan.gripper in paths else plan
            for plan, model in zip(plans, models, strict=True)]


def _compare(
    plan: GripperPlan, model: GripperModel, path: GripperPath, sights: list[list[Sight]], settings: AgreementSettings,
) -> GripperPlan:
    distance, turn = np.array([
        pose_distance(tracked, imagined) for tracked, imagined in zip(plan.poses, path.poses, strict=True)]).T
    tracked = plan.confidence > 0
    in_sight = np.array([
        _in_sight(model, pose, opening, views) for pose, opening, views in zip(path.poses, path.opening, sights)])
    disagreeing = tracked & in_sight & ((distance > settings.max_distance) | (turn > settings.max_turn))
    agreeing, alone = tracked & in_sight & ~disagreeing, ~in_sight & settings.path_alone
    confidence = np.where(agreeing, plan.confidence, np.where(alone, settings.path_confidence, 0.0))
    views = [view if agrees else PATH_ALONE if rests else ''
             for view, agrees, rests in zip(plan.source_view, agreeing, alone, strict=True)]
    closed = settled(path.closed, plan.observed_closed)
    changes = np.flatnonzero(closed[1:] != closed[:-1]) + 1
    poses = path.poses.copy()
    poses[changes] = poses[changes - 1]
    return replace(
        plan, poses=poses, opening=path.opening, closed=closed, confidence=confidence,
        source_view=tuple(views), path_distance=np.where(tracked & in_sight, distance, np.nan),
        message=_describe(plan, distance, turn, disagreeing, in_sight, confidence))


def farthest_from_path(plans: Sequence[GripperPlan]) -> float | None:
    """Return the largest path_distance of any gripper, metres; None where none was seen beside a path."""
    distances = [plan.path_distance for plan in plans if plan.path_distance is not None]
    seen = [float(distance) for row in distances for distance in row if np.isfinite(distance)]
    return max(seen, default=None)


def settled(closed: np.ndarray, before: bool) -> np.ndarray:
    """Return closed (T,) with each change where it has been imagined for two steps in a row; before: the first step.

    What is imagined for a single step does not happen. An arm rests while its gripper moves: where it stood when the
    change was first imagined.
    """
    result = closed.copy()
    for step, (last, now) in enumerate(zip([before, *closed[:-1]], closed)):
        result[step] = now if now == last else (before if step == 0 else result[step - 1])
    return result


def _in_sight(model: GripperModel, pose: np.ndarray, opening: float, views: Sequence[Sight]) -> bool:
    """Whether a gripper at a pose would be in view: enough of it lies in an image and nothing is seen before it."""
    comparisons = [view.compare(model.surface(opening), pose, tolerance=0.03) for view in views]
    seen = sum(len(comparison.agreeing) + len(comparison.contradicting) for comparison in comparisons)
    return seen > IN_SIGHT * sum(comparison.expected for comparison in comparisons)


def _describe(
    plan: GripperPlan, distance: np.ndarray, turn: np.ndarray, disagreeing: np.ndarray, in_sight: np.ndarray,
    confidence: np.ndarray,
) -> str:
    lost = np.flatnonzero(confidence <= 0)
    if not len(lost):
        return ''
    first = lost[0]
    if disagreeing[first]:
        why = (f'the imagined path and the gripper in the video are {1e3 * distance[first]:.0f} mm and '
               f'{np.degrees(turn[first]):.0f} degrees apart')
    elif in_sight[first]:
        why = f'the video does not show the gripper where the imagined path has it ({plan.message or "not found"})'
    else:
        why = 'the gripper is out of every view, or almost, and the path alone must not carry it (parameter path_alone)'
    return f"'{plan.gripper}' is lost in {len(lost)} of {len(confidence)} frames, first in frame {first + 1}: {why}"
