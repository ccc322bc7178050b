# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Gripper controllers of both types are told what they understand, and what they say is told on."""

from __future__ import annotations

import pytest
from control_msgs.action import ParallelGripperCommand

from nodes.bench import wait_until
from nodes.executor.robot_bench import FINGERS, Result, Robot, plan


@pytest.mark.parametrize(('position', 'opened', 'closed'), [
    ('pads', 0.08, 0.0), ('finger', 0.04, 0.0), ('joint', 0.04, 0.0), ('share', 1.0, 0.0), ('closure', 0.0, 1.0)])
def test_when_a_controller_has_units_of_its_own_expect_these(start, position, opened, closed):
    robot = start(Robot(), **{'arm.gripper_position': position})
    for closing, expected in ((True, closed), (False, opened)):
        robot._finger = 0.04 if closing else 0.005
        robot.finger_goals.clear()
        _heard(robot)
        result = robot.execute(plan(close_at=2 if closing else None))
        assert result.code == Result.SUCCEEDED, result.message
        assert robot.finger_goals == pytest.approx([expected], abs=1e-6)


def test_when_the_controller_is_parallel_expect_positions_of_all_finger_joints(start):
    robot = start(Robot(gripper=ParallelGripperCommand), **{'arm.gripper_type': 'ParallelGripperCommand'})
    assert robot.execute(plan(close_at=2)).code == Result.SUCCEEDED
    assert robot.finger_goals == [pytest.approx(dict.fromkeys(FINGERS, 0.0), abs=1e-6)]


def test_when_a_parallel_controller_neither_arrives_nor_stalls_expect_failure_with_its_joints(start):
    robot = start(Robot(gripper=ParallelGripperCommand), **{'arm.gripper_type': 'ParallelGripperCommand'})
    robot.grips = False
    result = robot.execute(plan(close_at=2))
    assert result.code == Result.CONTROLLER_FAILED
    assert ('it is at gripper_finger_left_joint 0.010, gripper_finger_right_joint 0.020, told to go to '
            'gripper_finger_left_joint 0.000, gripper_finger_right_joint 0.000') in result.message


def _heard(robot: Robot) -> None:
    """Wait until the executor has heard where the fingers are."""
    wait_until(lambda: robot.heard.positions()[-1] == robot._finger)
