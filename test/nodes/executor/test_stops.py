# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Whatever ends a motion from outside, over real DDS: the arm is still, and stays so until reset."""

from __future__ import annotations

import signal
import threading

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Bool, String

from nodes.bench import NODES, Probe, node_process, overrides, wait_until
from nodes.executor.robot_bench import ENDLESS, Result, Robot, plan
from robot4d_nodes import qos
from robot4d_nodes.lifecycle import spinning


def test_stop_ends_the_motion_and_stays_until_reset(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    answer = robot.call('stop')
    assert answer.success and robot.canceled.is_set(), 'success means that the motion has ended'
    assert robot.result(handle)[1].code == Result.STOPPED
    refused = robot.execute(plan())
    assert refused.code == Result.STOPPED and robot.told == ['arm']
    assert robot.call('reset').success
    robot.arm_time = 0.05
    assert robot.execute(plan()).code == Result.SUCCEEDED


def test_when_joint_states_fall_silent_mid_motion_expect_latched_stop(start):
    robot = start(Robot(), max_silence=3.0)
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    robot.publishing = False
    _, result = robot.result(handle)
    assert result.code == Result.STOPPED and 'joint_states: silent' in result.message and robot.canceled.is_set()
    robot.publishing = True
    assert robot.execute(plan()).code == Result.STOPPED and robot.told == ['arm']


def test_pressed_e_stop_stops_and_cannot_be_reset_while_pressed(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan())
    assert robot.moving.wait(100.0)
    robot.e_stop.publish(Bool(data=True))
    _, result = robot.result(handle)
    assert result.code == Result.STOPPED and 'e_stop is pressed' in result.message and robot.canceled.is_set()
    answer = robot.call('reset')
    assert not answer.success and 'still pressed' in answer.message
    robot.e_stop.publish(Bool(data=False))
    wait_until(lambda: robot.call('reset').success)


LATCHED_BEST_EFFORT = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.BEST_EFFORT, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.mark.parametrize('profile', [
    qos.HEARTBEAT, qos.STATE, qos.LATCHED, LATCHED_BEST_EFFORT], ids=['best effort', 'reliable', 'latched', 'odd'])
def test_an_e_stop_of_any_quality_of_service_stops(start, profile):
    robot = Robot()
    e_stop = robot.node.create_publisher(Bool, 'e_stop', profile)
    start(robot)
    robot.node.create_timer(0.1, lambda: e_stop.publish(Bool(data=True)))
    wait_until(lambda: 'e_stop is pressed' in robot.executor._stop.reason())
    assert robot.execute(plan()).code == Result.STOPPED and robot.told == []


def test_an_e_stop_that_was_latched_before_the_executor_started_stops(start):
    robot = Robot()
    robot.node.create_publisher(Bool, 'e_stop', qos.LATCHED).publish(Bool(data=True))
    start(robot)
    wait_until(lambda: 'e_stop is pressed' in robot.executor._stop.reason())
    assert robot.execute(plan()).code == Result.STOPPED and robot.told == []


def test_diagnostics_say_released_only_when_somebody_said_so(start):
    robot, probe = start(Robot()), Probe()
    cell_wide = robot.node.create_publisher(Bool, '/cell/e_stop', qos.STATE)
    with spinning(probe):
        wait_until(lambda: 'have not said anything yet' in probe.says('executor: stop'))
        robot.e_stop.publish(Bool(data=False))
        wait_until(lambda: probe.says('executor: stop') == 'released')
        robot.node.destroy_publisher(robot.e_stop)
        wait_until(lambda: 'no source: nobody publishes /e_stop, but /cell/e_stop' in probe.says('executor: stop'))
        robot.node.destroy_publisher(cell_wide)
        wait_until(lambda: 'nobody publishes std_msgs/msg/Bool on /e_stop' in probe.says('executor: stop'))
        context = rclpy.Context()
        rclpy.init(context=context)  # one DDS participant has one type per topic
        other = rclpy.create_node('other', context=context)
        other.create_publisher(String, 'e_stop', 1)
        wait_until(lambda: '/e_stop is published as std_msgs/msg/String' in probe.says('executor: stop'))
        assert probe.health['executor: stop'].level == DiagnosticStatus.WARN
        other.destroy_node()
        rclpy.shutdown(context=context)


def test_when_required_heartbeat_is_lost_mid_motion_expect_stop(start):
    robot = start(Robot(), require_e_stop_heartbeat=True, e_stop_timeout=10.0)
    silent = threading.Event()
    robot.node.create_timer(0.05, lambda: silent.is_set() or robot.e_stop.publish(Bool(data=False)))
    robot.arm_time = ENDLESS
    wait_until(lambda: robot.call('reset').success)
    handle = robot.send(plan())
    assert robot.moving.wait(100.0)
    silent.set()
    robot.executor.set_parameters(overrides(e_stop_timeout=0.4))
    _, result = robot.result(handle)
    assert result.code == Result.STOPPED and 'e_stop heartbeat: silent' in result.message and robot.canceled.is_set()
    answer = robot.call('reset')
    assert not answer.success and 'heartbeat' in answer.message


def test_when_required_heartbeat_was_never_heard_expect_no_motion(start):
    robot = start(Robot(), require_e_stop_heartbeat=True)
    result = robot.execute(plan())
    assert result.code == Result.STOPPED and 'no e_stop heartbeat was ever heard' in result.message and robot.told == []


def test_deactivating_mid_motion_stops_the_arm(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    robot.executor.trigger_deactivate()
    _, result = robot.result(handle)
    assert result.code == Result.NOT_ACTIVE and robot.canceled.is_set() and robot.told == ['arm']


def test_ending_the_node_mid_motion_stops_the_arm(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    assert robot.executor.end().wait(100.0)
    assert robot.canceled.is_set() and robot.told == ['arm']


def test_sigint_mid_motion_stops_the_arm_and_ends_the_process_in_order(ros):
    robot = Robot()
    robot.arm_time = ENDLESS
    with spinning(robot.node), node_process(NODES / 'executor.py', 'dry_run:=false', 'speed_scaling:=1.0') as process:
        wait_until(robot.states.get_subscription_count)
        wait_until(lambda: robot.send(plan(close_at=2)) and robot.moving.wait(0.5))
        process.send_signal(signal.SIGINT)
        assert robot.canceled.wait(100.0)
        assert process.wait(100.0) == 0
        assert robot.told == ['arm']
        robot.close()


def test_diagnostics_show_the_last_refusal_and_the_stop(start):
    robot, probe = start(Robot()), Probe()
    with spinning(probe):
        robot.execute(plan(sideways=0.25))
        wait_until(lambda: 'workspace' in probe.says('executor: motion'))
        robot.call('stop')
        wait_until(lambda: 'executor/reset' in probe.says('executor: stop'))
        assert probe.health['executor: stop'].level == DiagnosticStatus.ERROR
