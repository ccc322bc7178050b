# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The gripper in the observation, where its pose is known: what it looks like, or that it is not where it should be."""

from __future__ import annotations

import numpy as np

from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.observation import Observation
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.appearance import Appearance
from robot4d_core.tracker.sight import Sight

IN_VIEW = 0.05  # share of the foremost surface that must be found, or missed, to tell anything


def look_at_start(
    model: GripperModel,
    observation: Observation,
    cameras: dict[str, np.ndarray],
    pose: np.ndarray,
    opening: float,
    tolerance: float,
    may_be_out_of_view: bool = False,
) -> tuple[Appearance, str]:
    """Learn the colours where the observation shows the gripper at pose, T_frame_tcp; else say why it does not.

    cameras: T_frame_camera by view; other views are not looked at. tolerance: metres of depth. may_be_out_of_view: then
    a gripper of which nothing is in view has the colours that its description states.
    """
    surface = model.surface(opening)
    seen = []
    for view in observation.views:
        if view.name in cameras:
            T_frame_camera = cameras[view.name]
            points = transform_points(T_frame_camera, pointmap_from_depth(view.depth, view.camera))
            sight = Sight(view.name, view.camera, T_frame_camera, points, view.rgb)
            seen.append((sight, sight.compare(surface, pose, tolerance)))
    expected = sum(comparison.expected for _, comparison in seen)
    found = sum(len(comparison.agreeing) for _, comparison in seen)
    contradicting = sum(len(comparison.contradicting) for _, comparison in seen)
    appearance = Appearance.described(model)
    if found >= max(1, IN_VIEW * expected, contradicting):
        return appearance.learned(surface, seen), ''
    if may_be_out_of_view and contradicting < IN_VIEW * expected:
        return appearance, ''
    names = ', '.join(sight.name for sight, _ in seen)
    return appearance, (
        f'no gripper in view of {names}: {found} of {expected} expected surface points found where the arm reports the '
        'gripper')
