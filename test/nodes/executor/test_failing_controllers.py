# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Controllers that are absent, refuse, abort or do not get there: named over real DDS, and nothing moves after."""

from __future__ import annotations

from action_msgs.srv import CancelGoal
from control_msgs.action import FollowJointTrajectory
from rclpy.action import GoalResponse

from nodes.bench import wait_until
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


def test_when_controller_aborts_without_a_code_expect_failure(start):
    robot = Robot()
    robot.arm_error = (FollowJointTrajectory.Result.SUCCESSFUL, '')
    result = start(robot).execute(plan(close_at=2))
    assert result.code == Result.CONTROLLER_FAILED and 'was aborted by its server' in result.message
    assert robot.told == ['arm']


def test_when_somebody_else_cancels_the_motion_expect_failure_that_says_so(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    cancel = robot.node.create_client(CancelGoal, 'arm_controller/follow_joint_trajectory/_action/cancel_goal')
    assert cancel.wait_for_service(100.0)
    cancel.call_async(CancelGoal.Request())  # no goal's id: all of them
    _, result = robot.result(handle)
    assert result.code == Result.CONTROLLER_FAILED and 'was cancelled, by somebody else' in result.message
    assert robot.told == ['arm']


def test_a_gripper_that_stalls_while_it_closes_has_gripped_even_if_its_controller_aborts(start):
    robot = start(Robot())
    robot.gripper_aborts = True
    assert robot.execute(plan(close_at=2)).code == Result.SUCCEEDED
    robot.grips = False
    result = robot.execute(plan(close_at=2))
    assert result.code == Result.CONTROLLER_FAILED
    assert "'gripper_controller/gripper_cmd' was aborted by its server; it is at 0.010, told" in result.message


def test_a_gripper_whose_opening_is_aborted_has_failed(start):
    robot = start(Robot())
    robot.gripper_aborts, robot._finger = True, 0.005
    wait_until(lambda: robot.heard.positions()[-1] == robot._finger)
    result = robot.execute(plan())
    assert result.code == Result.CONTROLLER_FAILED and 'was aborted by its server' in result.message


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
