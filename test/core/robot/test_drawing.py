# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot drawn by ray casting, against boxes whose depth is computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.box_world import CAMERA, GRIPPER, GRIPPER_URDF, camera_pose, gripper, render
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.poses import make_pose
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.drawing import NOTHING, RobotDrawing

DESCRIPTION = RobotDescription(GRIPPER_URDF)
DRAWING = RobotDrawing(DESCRIPTION)
T_HAND_TCP = make_pose(np.eye(3), (0, 0, 0.1))


def at_opening(opening: float) -> dict[str, float]:
    return dict.fromkeys(GRIPPER.finger_joints, opening / 2)


@pytest.mark.parametrize('opening', [0.0, 0.03, 0.08])
@pytest.mark.parametrize('yaw', [0.0, 70.0, 160.0])
def test_depth_and_links_are_those_of_the_boxes(opening, yaw):
    T_world_camera = camera_pose(yaw, distance=0.5, height=0.2)
    boxes = gripper(T_HAND_TCP, opening)
    drawn = DRAWING.posed(at_opening(opening)).draw(CameraPlacement('camera', T_world_camera, CAMERA))
    _, truth = render(boxes, T_world_camera)
    edge = np.isfinite(drawn.depth) != np.isfinite(truth)
    assert np.isfinite(truth).sum() > 1000 and edge.mean() < 1e-4
    np.testing.assert_allclose(drawn.depth[~edge], truth[~edge], atol=1e-5)
    assert (drawn.link == NOTHING)[np.isnan(drawn.depth)].all()
    alone = [render([box], T_world_camera)[1] for box in boxes]
    for link, depth in zip((GRIPPER.hand, *GRIPPER.fingers), alone, strict=True):
        nearest = np.isclose(depth, truth, atol=1e-6) & ~edge
        seen = drawn.link == DESCRIPTION.links.index(link)
        assert (seen != nearest).sum() <= 0.02 * nearest.sum() + 3  # edges where two boxes touch


def test_what_was_measured_elsewhere_is_not_the_robot():
    placement = CameraPlacement('camera', camera_pose(20.0, distance=0.5, height=0.2), CAMERA)
    drawn = DRAWING.posed(at_opening(0.05)).draw(placement)
    robot = np.isfinite(drawn.depth)
    np.testing.assert_array_equal(drawn.seen(drawn.depth), robot)
    np.testing.assert_array_equal(drawn.seen(drawn.depth + 0.02), robot)
    assert not drawn.seen(drawn.depth - 0.05).any()
    assert not drawn.seen(np.full(robot.shape, np.nan)).any()
