# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Two arms over real DDS: they set off at the same moment, and what ends the motion of one ends that of the other."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory, GripperCommand
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from sensor_msgs.msg import JointState

from nodes.bench import wait_until
from nodes.executor.robot_bench import ENDLESS, STATE_PERIOD, T_WORLD_CAMERA, Result, Robot, gliding, plan
from robot4d_core.cell.arms import HOME_BESIDE_ANOTHER
from robot4d_core.geometry.poses import invert_pose, make_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_nodes.conversions import time_from_message
from shipped_robot import ARMS, robot_arms

TOOLS_AT_HOME = [arm.kinematics.fk(HOME_BESIDE_ANOTHER) for arm in robot_arms(arms=2).arms]


class SecondArm:
    """The second arm of a robot: joint states and two controllers that record their goals."""

    def __init__(self, robot: Robot) -> None:
        robot._positions = HOME_BESIDE_ANOTHER.copy()
        self.motion_time, self.error = 0.05, ''
        self.trajectories, self.finger_goals = [], []
        self.canceled = threading.Event()
        self._robot, self._positions = robot, HOME_BESIDE_ANOTHER.copy()
        group = ReentrantCallbackGroup()
        robot.node.create_timer(STATE_PERIOD, self._publish, callback_group=group)
        robot._entities += [
            ActionServer(robot.node, FollowJointTrajectory, 'second_arm_controller/follow_joint_trajectory',
                         self._follow, callback_group=group, cancel_callback=lambda _: CancelResponse.ACCEPT),
            ActionServer(robot.node, GripperCommand, 'second_gripper_controller/gripper_cmd', self._move_fingers,
                         callback_group=group)]

    def _publish(self) -> None:
        state = JointState(name=[*ARMS[1].joints, *ARMS[1].gripper.finger_joints],
                           position=[*self._positions, 0.04, 0.04])
        state.header.stamp = self._robot.node.get_clock().now().to_msg()
        self._robot.states.publish(state)

    def _follow(self, goal_handle) -> FollowJointTrajectory.Result:
        self.trajectories.append(goal_handle.request.trajectory)
        begin = time.monotonic()
        while time.monotonic() - begin < self.motion_time:
            if goal_handle.is_cancel_requested:
                self.canceled.set()
                goal_handle.canceled()
                return FollowJointTrajectory.Result()
            time.sleep(0.01)
        if self.error:
            wait_until(self._robot.moving.is_set)
            goal_handle.abort()
            return FollowJointTrajectory.Result(error_code=-4, error_string=self.error)
        for positions in gliding(self._positions, self.trajectories[-1].points[-1].positions):
            self._positions = positions
            time.sleep(STATE_PERIOD)
        wait_until(lambda: (self._robot.heard.positions()[7:14] == self._positions).all())
        goal_handle.succeed()
        return FollowJointTrajectory.Result()

    def _move_fingers(self, goal_handle) -> GripperCommand.Result:
        self.finger_goals.append(goal_handle.request.command.position)
        goal_handle.succeed()
        return GripperCommand.Result(position=0.01, stalled=True)


@pytest.fixture
def robot(start) -> Robot:
    robot = Robot()
    robot.second = SecondArm(robot)
    start(robot, arms=['arm', 'second_arm'])
    wait_until(lambda: {ARMS[0].joints[0], ARMS[1].joints[0]} <= robot.heard._heard)
    return robot


def plans(first=(0.0, 0.02, 0.0), second=(0.0, 0.02, 0.0), steps: int = 4, close_at=(None, None)) -> list[GripperPlan]:
    """Return plans that move each tool by so many metres (x, y, z) per step, and close the grippers at a step."""
    made = []
    for number, (way, close) in enumerate(zip((first, second), close_at, strict=True)):
        poses = np.stack([invert_pose(T_WORLD_CAMERA) @ make_pose(np.eye(3), np.array(way) * k) @ TOOLS_AT_HOME[number]
                          for k in range(1, steps + 1)])
        made.append(replace(plan(steps, close_at=close), gripper=ARMS[number].gripper.name, poses=poses))
    return made


def test_both_arms_set_off_at_the_same_moment_and_arrive_together(robot):
    result = robot.execute(*plans(second=(0.02, 0.0, 0.0)))
    assert result.code == Result.SUCCEEDED, result.message
    (first,), (second,) = robot.trajectories, robot.second.trajectories
    assert (first.joint_names, second.joint_names) == (list(ARMS[0].joints), list(ARMS[1].joints))
    assert first.header.stamp == second.header.stamp and time_from_message(first.header.stamp) > 0
    assert first.points[-1].time_from_start == second.points[-1].time_from_start
    assert len(result.trajectories) == 2


def test_an_arm_whose_plan_stays_gets_no_goal_and_the_other_begins_at_once(robot):
    result = robot.execute(*plans(second=(0.0, 0.0, 0.0)))
    assert result.code == Result.SUCCEEDED, result.message
    assert len(robot.trajectories) == 1 and robot.second.trajectories == []
    assert time_from_message(robot.trajectories[0].header.stamp) == 0


def test_while_one_gripper_closes_both_arms_rest(robot):
    result = robot.execute(*plans(close_at=(None, 2)))
    assert result.code == Result.SUCCEEDED, result.message
    assert len(robot.trajectories) == len(robot.second.trajectories) == 2
    assert robot.finger_goals == [] and robot.second.finger_goals == [0.0]


def test_when_one_arm_fails_expect_the_other_cancelled_and_its_reason(robot):
    robot.arm_time, robot.second.error = ENDLESS, 'second_arm_joint2 is 0.3 rad from the path'
    result = robot.execute(*plans())
    assert result.code == Result.CONTROLLER_FAILED and 'second_arm_joint2 is 0.3 rad from the path' in result.message
    assert robot.canceled.is_set()


def test_stop_stops_both_arms(robot):
    robot.arm_time = robot.second.motion_time = ENDLESS
    handle = robot.send(*plans())
    wait_until(lambda: robot.moving.is_set() and robot.second.trajectories)
    assert robot.call('stop').success
    assert robot.result(handle)[1].code == Result.STOPPED
    assert robot.canceled.is_set() and robot.second.canceled.is_set()


def test_when_the_arms_would_come_too_close_expect_rejection_and_no_motion(robot):
    result = robot.execute(*plans(first=(0.0, 0.05, 0.0), second=(0.0, -0.05, 0.0)))
    assert result.code == Result.REJECTED and 'clearance between the arms' in result.message
    assert robot.told == [] and robot.second.trajectories == []


def test_when_the_plan_of_a_gripper_is_missing_expect_both_named(robot):
    result = robot.execute(plans()[0])
    assert result.code == Result.REJECTED
    assert 'moves gripper and second_gripper, the plan is for: gripper;' in result.message
