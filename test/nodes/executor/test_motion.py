# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A fit plan over real DDS: carried out in its order and at its speed, or only computed when that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from action_msgs.msg import GoalStatus

from nodes.bench import Probe, wait_until
from nodes.executor.robot_bench import ENDLESS, HOME, KINEMATICS, TOOL_AT_HOME, Result, Robot, plan
from robot4d_nodes.conversions import duration_from_message
from robot4d_nodes.lifecycle import spinning
from shipped_robot import ARM


def test_plan_is_carried_out_in_its_order_and_the_arm_ends_where_the_plan_ends(start):
    robot, feedback = start(Robot()), []
    status, result = robot.result(robot.send(plan(close_at=2), feedback=feedback))
    assert status == GoalStatus.STATUS_SUCCEEDED and result.code == Result.SUCCEEDED, result.message
    assert robot.told == ['arm', 'gripper', 'arm'] and robot.finger_goals == [0.0]
    end = KINEMATICS.fk(np.array(robot.trajectories[-1].points[-1].positions))
    assert end[:3, 3] == pytest.approx(TOOL_AT_HOME[:3, 3] + [0, 0.08, 0], abs=1e-3)
    assert result.trajectories == robot.trajectories
    assert {'moving', 'checking'} <= {progress.phase for progress in feedback}
    assert feedback[-1].segments == 3


def test_a_trajectory_is_one_that_joint_trajectory_controller_accepts(start):
    robot = start(Robot())
    robot.execute(plan())
    trajectory, = robot.trajectories
    times = [duration_from_message(point.time_from_start) for point in trajectory.points]
    assert trajectory.joint_names == list(ARM.joints)
    assert times[0] > 0 and (np.diff(times) > 0).all()
    assert np.abs(trajectory.points[-1].velocities).max() < 1e-6
    assert np.abs(np.array(trajectory.points[0].positions) - HOME).max() < 0.01


def test_speed_scaling_stretches_the_motion(start):
    robot = start(Robot(), speed_scaling=0.5)
    half = robot.execute(plan()).trajectories[0].points[-1].time_from_start
    assert duration_from_message(half) >= 2 * 2.0


@pytest.mark.parametrize('parameter, goal', [(True, False), (False, True)])
def test_dry_run_returns_the_motion_and_moves_nothing(start, parameter, goal):
    robot = start(Robot(), dry_run=parameter)
    result = robot.execute(plan(close_at=2), dry_run=goal)
    assert result.code == Result.SUCCEEDED and 'nothing moved' in result.message
    assert len(result.trajectories) == 2 and robot.told == []


def test_when_cancelled_mid_motion_expect_controller_cancelled_and_no_further_motion(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    handle.cancel_goal_async()
    status, result = robot.result(handle)
    assert status == GoalStatus.STATUS_CANCELED and result.code == Result.CANCELED
    assert robot.canceled.is_set() and robot.told == ['arm']


def test_second_goal_while_one_runs_is_refused_as_busy(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    first = robot.send(plan())
    assert robot.moving.wait(100.0)
    assert robot.execute(plan()).code == Result.BUSY
    robot.arm_time = 0.0
    assert robot.result(first)[1].code == Result.SUCCEEDED


def test_two_robots_in_one_graph_are_told_apart(start):
    first, second = (start(Robot(namespace=name)) for name in ('robot1', 'robot2'))
    probe = Probe()
    with spinning(probe):
        assert first.execute(plan(steps=1)).code == Result.SUCCEEDED
        assert first.told == ['arm'] and second.told == []
        assert second.call('stop').success
        assert first.execute(plan(steps=2, sideways=0.01)).code == Result.SUCCEEDED
        assert second.execute(plan()).code == Result.STOPPED
        wait_until(lambda: 'robot2/executor/reset' in probe.says('robot2/executor: stop'))
        assert 'reset' not in probe.says('robot1/executor: stop')
