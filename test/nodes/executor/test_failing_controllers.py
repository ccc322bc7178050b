# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Controllers that are absent, refuse, abort or do not get there: named over real DDS, and nothing moves after."""

from __future__ import annotations

from control_msgs.action import FollowJointTrajectory
from rclpy.action import GoalResponse

from nodes.executor.robot_bench import ENDLESS, Result, Robot, plan


def test_when_arm_controller_is_absent_expect_its_action_named(start):
    robot = start(Robot(arm=False), server_timeout=1.0)
    result = robot.execute(plan(close_at=0))
    assert result.code == Result.CONTROLLER_UNAVAILABLE and robot.told == []
    assert "'arm_controller/follow_joint_trajectory'" in result.message


def test_when_controller_refuses_the_goal_expect_failure(start):
    robot = Robot()
    robot.arm_response = GoalResponse.REJECT
    result = start(robot).execute(plan(close_at=2))
    assert result.code == Result.CONTROLLER_FAILED and 'refused the goal' in result.message and robot.told == []


def test_when_controller_aborts_expect_its_reason_and_no_further_motion(start):
    robot = Robot()
    robot.arm_error = (FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED, 'arm_joint2 is 0.3 rad from the path')
    result = start(robot).execute(plan(close_at=2))
    assert result.code == Result.CONTROLLER_FAILED and 'arm_joint2 is 0.3 rad from the path' in result.message
    assert robot.told == ['arm']


def test_when_arm_does_not_arrive_expect_failure_before_the_gripper_closes(start):
    robot = Robot()
    robot.stops_short = True
    result = start(robot).execute(plan(sideways=0.05, close_at=2))
    assert result.code == Result.CONTROLLER_FAILED and 'rad at arm_joint' in result.message
    assert robot.told == ['arm']


def test_when_controller_never_ends_expect_its_motion_cancelled(start):
    robot = start(Robot(), duration_scaling=1.0, duration_margin=0.1)
    robot.arm_time = ENDLESS
    result = robot.execute(plan(steps=1))
    assert result.code == Result.CONTROLLER_FAILED and 'did not finish within' in result.message
    assert robot.canceled.is_set()
