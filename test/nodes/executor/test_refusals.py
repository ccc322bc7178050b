# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A plan that is unfit, or a robot that is not known well enough, over real DDS: a reason is given, nothing moves."""

from __future__ import annotations

import threading
from dataclasses import fields, replace

import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from rclpy.time import Time
from sensor_msgs.msg import JointState
from tf2_ros import StaticTransformBroadcaster

from nodes.bench import overrides, wait_until
from nodes.executor.robot_bench import ENDLESS, FRAME, HOME, TOOL_AT_HOME, Result, Robot, plan
from robot4d_core.executor.safety import SafetyLimits
from robot4d_core.geometry.poses import make_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_nodes import qos
from robot4d_nodes.conversions import transform_to_message
from robot4d_nodes.executor_parameters import LimitParameters
from robot4d_nodes.lifecycle import spinning
from shipped_robot import ARM


def test_every_safety_limit_is_a_parameter_with_the_librarys_default():
    assert [field.name for field in fields(LimitParameters)] == [field.name for field in fields(SafetyLimits)]
    assert LimitParameters().to_limits() == SafetyLimits()


def test_a_limit_that_is_set_while_the_node_runs_holds_for_the_next_plan(start):
    robot = start(Robot())
    robot.executor.set_parameters(overrides(limits__min_confidence=0.95))
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'limit 0.95' in result.message and robot.told == []


def with_lost_step(good: GripperPlan) -> GripperPlan:
    return replace(good, confidence=np.array([0.9, 0.9, 0.0, 0.9]), message='hidden behind the box')


@pytest.mark.parametrize('spoil, expected', [
    (with_lost_step, 'lost the gripper: hidden behind the box'),
    (lambda good: replace(good, stamp=good.stamp - 100), 'age of the plan: 1'),
    (lambda good: replace(good, stamp=good.stamp + 30), 'plan from the future'),
    (lambda good: replace(good, frame_id='world'), f"in frame 'world', only '{FRAME}' is calibrated"),
    (lambda good: replace(good, frame_id='second_color_optical_frame'), "in frame 'second_color_optical_frame'"),
    (lambda good: replace(good, gripper='left'), 'moves gripper, the plan is for: left'),
    (lambda good: replace(good, confidence=np.full(4, 0.1)), 'confidence of the tracker'),
    (lambda good: replace(good, opening=good.opening[:2]), 'length of opening: 2 steps, limit 4 steps'),
    (lambda good: plan(sideways=0.25), 'workspace, highest y'),
])
def test_when_plan_is_unfit_expect_refusal_that_says_why_and_no_motion(start, spoil, expected):
    robot = start(Robot())
    status, result = robot.result(robot.send(spoil(plan())))
    assert status == GoalStatus.STATUS_ABORTED and result.code == Result.REJECTED
    assert expected in result.message and any(expected in violation for violation in result.violations)
    assert robot.told == [] and result.trajectories == []


def test_when_a_plan_moves_another_gripper_too_expect_refusal(start):
    robot = start(Robot())
    result = robot.execute(plan(), replace(plan(), gripper='left'))
    assert result.code == Result.REJECTED and 'the plan is for: gripper, left' in result.message and robot.told == []


def test_when_the_reference_camera_is_not_in_tf_expect_it_named_and_what_to_publish(start):
    robot = start(Robot(frame='elsewhere'), tf_timeout=0.3)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and robot.told == []
    assert f"from the plan's frame '{FRAME}' to 'world'" in result.message
    assert 'static_transform_publisher' in result.message


def test_when_the_clock_lags_behind_joint_states_for_a_moment_expect_motion_all_the_same(start):
    robot = start(Robot())
    robot.stamp_ahead(1.0)
    threading.Timer(0.3, setattr, (robot, 'stamps_ahead', 0.0)).start()
    assert robot.execute(plan()).code == Result.SUCCEEDED


def test_when_joint_states_come_from_the_future_expect_refusal_that_doubts_the_clocks(start):
    robot = start(Robot(), state_timeout=0.3)
    robot.stamp_ahead(5.0)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'joint_states from the future' in result.message and robot.told == []


def test_when_joint_states_are_stamped_long_ago_expect_their_age(start):
    robot = start(Robot(), state_timeout=0.3)
    robot.stamp_ahead(-50.0)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'age of the joint_states: 5' in result.message and robot.told == []


def test_when_joint_names_are_wrong_expect_the_missing_and_the_heard_named(start):
    result = start(Robot(joints=tuple(f'panda_joint{i}' for i in range(1, 8)))).execute(plan())
    assert result.code == Result.REJECTED
    assert 'nothing of arm_joint1' in result.message and 'panda_joint7' in result.message


def test_when_joint_states_are_silent_expect_refusal(start):
    robot = start(Robot(), max_silence=3.0)
    assert robot.execute(plan(), dry_run=True).code == Result.SUCCEEDED
    robot.publishing = False
    wait_until(robot.heard.problem)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'joint_states: silent' in result.message and robot.told == []


def test_when_another_publisher_contradicts_the_joint_states_expect_both_named_and_no_motion(start):
    robot = start(Robot())
    liar = rclpy.create_node('liar')
    publisher = liar.create_publisher(JointState, 'joint_states', qos.STATE)

    def lie() -> None:
        state = JointState(name=list(ARM.joints), position=(HOME + 0.2).tolist())
        state.header.stamp = liar.get_clock().now().to_msg()
        publisher.publish(state)

    liar.create_timer(0.005, lie)
    with spinning(liar):
        wait_until(lambda: robot.heard.problem())
        for _ in range(5):
            result = robot.execute(plan())
            assert result.code == Result.REJECTED and 'as if several publishers told of it' in result.message
            assert 'published by: /liar, /robot' in result.message
        assert robot.told == []


def test_when_joint_states_are_contradicted_mid_motion_expect_the_motion_stopped(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    robot._positions = robot._positions + 0.2
    _, result = robot.result(handle)
    assert result.code == Result.STOPPED and 'its speed limit is' in result.message and robot.canceled.is_set()


@pytest.mark.parametrize('unit', [np.degrees, lambda positions: 1000 * positions], ids=['degrees', 'milliradians'])
def test_joint_states_in_other_units_are_refused_by_name(start, unit):
    robot = start(Robot())
    robot._positions = unit(HOME)
    wait_until(robot.heard.problem)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'joint states are in rad and metres' in result.message
    assert robot.told == []


def test_best_effort_joint_states_are_heard(start):
    robot = Robot()
    robot.states = robot.node.create_publisher(JointState, 'joint_states', qos.JOINT_STATES)
    assert start(robot).execute(plan()).code == Result.SUCCEEDED


@pytest.mark.parametrize(('away', 'code'), [(0.0, Result.SUCCEEDED), (0.05, Result.REJECTED)])
def test_when_tf_contradicts_the_kinematics_expect_refusal(start, away, code):
    robot = Robot()
    in_tf = make_pose(np.eye(3), [0.0, away, 0.0]) @ TOOL_AT_HOME
    StaticTransformBroadcaster(robot.node).sendTransform(transform_to_message(in_tf, 'world', 'gripper_tcp', 0.0))
    start(robot)
    wait_until(lambda: robot.executor._measured.transforms.can_transform('world', 'gripper_tcp', Time()))
    result = robot.execute(plan())
    assert result.code == code
    assert away == 0.0 or "tf has 'gripper_tcp' 50 mm and 0 degrees from where joint states" in result.message


def test_a_motion_begins_only_after_joint_states_that_are_newer_than_the_decision(start):
    robot = start(Robot(), state_timeout=0.5, max_silence=60.0, **{'limits.max_state_age': 60.0})
    robot.execute(plan(), dry_run=True)
    robot.publishing = False
    result = robot.execute(plan())
    assert result.code == Result.STOPPED and 'nothing new of all joints within 0.50 s' in result.message
    assert robot.told == []
