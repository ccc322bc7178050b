# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every safety check: silent when all is well, a violation with value, limit and unit when one thing is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from published_robots import arm as published_arm
from robot4d_core.cell.arms import HOME
from robot4d_core.errors import ParameterError
from robot4d_core.executor import safety
from robot4d_core.executor.motion import ArmMotion
from robot4d_core.executor.safety import SafetyLimits, Violation
from robot4d_core.geometry.poses import make_pose
from shipped_robot import robot_arms

LIMITS = SafetyLimits()
STEPS = 5


@pytest.fixture
def plan(make_plan):
    """Return a plan that moves 5 cm per step and passes every check."""
    return make_plan(np.stack([make_pose(np.eye(3), [0.05 * k, 0.0, 0.5]) for k in range(STEPS)]))


@pytest.fixture
def motion() -> ArmMotion:
    """Return half a second around home that passes every check."""
    times = np.linspace(0, 0.5, 26)
    wave = 2 * np.pi / 0.5 * times
    amplitude = 0.002
    shape = np.ones((1, 7))
    return ArmMotion(
        times, HOME + amplitude * (1 - np.cos(wave))[:, None] * shape,
        amplitude * (wave[1] / times[1]) * np.sin(wave)[:, None] * shape,
        amplitude * (wave[1] / times[1]) ** 2 * np.cos(wave)[:, None] * shape)


def only(violations: list[Violation]) -> Violation:
    """Return the one violation."""
    assert len(violations) == 1, [str(violation) for violation in violations]
    return violations[0]


def with_pose(plan, step: int, pose: np.ndarray):
    poses = plan.poses.copy()
    poses[step] = pose
    return replace(plan, poses=poses)


def test_when_all_is_well_expect_no_violation(plan):
    assert safety.check_plan(plan, LIMITS) == []


def test_violation_says_value_limit_unit_and_where():
    assert str(Violation('jump of the tool', 0.512, 0.3, 'm', 'step 4')) == (
        'jump of the tool: 0.512 m at step 4, limit 0.3 m')
    assert str(Violation('skew', 0.5, 0.001, '')) == 'skew: 0.5, limit 0.001'


@pytest.mark.parametrize('field', ['poses', 'opening', 'confidence', 'time_from_start'])
def test_when_a_number_is_not_finite_expect_its_step(plan, field):
    values = getattr(plan, field).copy()
    values[2] = np.nan
    violation = only(safety.check_plan(replace(plan, **{field: values}), LIMITS))
    assert 'not finite' in violation.check and violation.where == 'step 3'


@pytest.mark.parametrize('field', ['poses', 'opening', 'closed', 'confidence'])
def test_when_an_array_is_too_short_expect_it_named(plan, field):
    violation = only(safety.check_plan(replace(plan, **{field: getattr(plan, field)[:3]}), LIMITS))
    assert str(violation) == f'length of {field}: 3 steps, limit 5 steps'


def test_when_a_plan_has_no_steps_expect_refusal(make_plan):
    assert only(safety.check_plan(make_plan(np.empty((0, 4, 4))), LIMITS)).check == 'steps of the plan'


def test_when_time_stands_still_expect_the_step(plan):
    violation = only(safety.check_plan(replace(plan, time_from_start=np.array([0.5, 1.0, 1.0, 1.5, 2.0])), LIMITS))
    assert violation.check == 'time since the step before' and violation.where == 'step 3'


@pytest.mark.parametrize('confidence', [0.0, 0.1])
def test_when_the_tracker_is_unsure_expect_the_weakest_step(plan, confidence):
    violation = only(safety.check_plan(replace(plan, confidence=np.array([1, 1, 1, confidence, 1.0])), LIMITS))
    assert violation == Violation('confidence of the tracker', confidence, 0.2, 'of 1', 'step 4')


@pytest.mark.parametrize('matrix', [1.1 * np.eye(3), np.diag([1.0, 1.0, -1.0]), np.zeros((3, 3))])
def test_when_a_pose_is_not_rigid_expect_its_step(plan, matrix):
    violation = only(safety.check_plan(with_pose(plan, 1, make_pose(matrix, plan.poses[1, :3, 3])), LIMITS))
    assert violation.check == 'skew of a rigid pose' and violation.where == 'step 2'


def test_when_the_tool_jumps_expect_the_step(plan):
    poses = plan.poses.copy()
    poses[3:, 1, 3] += 0.4
    violation = only(safety.check_plan(replace(plan, poses=poses), LIMITS))
    assert violation.check == 'jump of the tool' and violation.where == 'step 4'
    assert violation.value == pytest.approx(np.hypot(0.05, 0.4))


def test_when_the_tool_turns_too_far_expect_the_step(plan):
    poses = plan.poses.copy()
    poses[3:, :3, :3] = Rotation.from_euler('x', 1.5).as_matrix()
    violation = only(safety.check_plan(replace(plan, poses=poses), LIMITS))
    assert (violation.check, violation.where) == ('turn of the tool', 'step 4')
    assert violation.value == pytest.approx(1.5)


def test_when_a_stamp_is_old_expect_its_age():
    assert safety.check_age('plan', 10.0, 12.0, 3.0, LIMITS) == []
    assert str(only(safety.check_age('plan', 10.0, 14.0, 3.0, LIMITS))) == 'age of the plan: 4 s, limit 3 s'


def test_when_a_stamp_is_from_the_future_expect_a_hint_at_the_clocks():
    assert safety.check_age('plan', 10.05, 10.0, 3.0, LIMITS) == []
    violation = only(safety.check_age('plan', 11.0, 10.0, 3.0, LIMITS))
    assert 'do the clocks agree' in violation.check and violation.value == pytest.approx(1.0)


@pytest.mark.parametrize('axis', range(3))
def test_when_the_tool_leaves_the_workspace_expect_the_side(axis):
    inside = (np.array(LIMITS.workspace_low) + LIMITS.workspace_high) / 2
    assert safety.check_workspace(inside, LIMITS, 'step 1') == []
    for side, bound, sign in (('lowest', LIMITS.workspace_low, -1), ('highest', LIMITS.workspace_high, 1)):
        outside = inside.copy()
        outside[axis] = bound[axis] + sign * 0.01
        violation = only(safety.check_workspace(outside, LIMITS, 'step 1'))
        assert violation.check == f'workspace, {side} {"xyz"[axis]}'
        assert (violation.value, violation.limit) == pytest.approx((outside[axis], bound[axis]))


def test_when_all_samples_are_within_limits_expect_no_violation(arm, motion):
    assert safety.check_joints(arm, motion, LIMITS) == []
    assert safety.check_tool(arm, motion, LIMITS) == []


@pytest.mark.parametrize('check, change, unit', [
    ('joint speed', {'velocities': 3.0}, 'rad/s'),
    ('joint acceleration', {'accelerations': 6.5}, 'rad/s^2'),
    ('joint jerk', {'accelerations': 3.0}, 'rad/s^3'),
])
def test_when_one_sample_breaks_a_limit_expect_joint_and_value(arm, motion, check, change, unit):
    (field, value), = change.items()
    values = getattr(motion, field).copy()
    values[10, 4] = value
    found = {violation.check: violation for violation in safety.check_joints(
        arm, replace(motion, **{field: values}), LIMITS)}
    assert found[check].where == 'arm_joint5' and found[check].unit == unit
    if check != 'joint jerk':
        assert found[check].value == value


@pytest.mark.parametrize('side, sign', [('lowest', -1), ('highest', 1)])
def test_when_a_joint_comes_near_its_limit_expect_the_margin_kept(arm, motion, side, sign):
    low, high = arm.position_limits
    positions = motion.positions.copy()
    positions[7, 2] = (low if sign < 0 else high)[2] - sign * 0.005
    violation = only(safety.check_joints(arm, replace(motion, positions=positions), LIMITS))
    assert violation.check == f'{side} joint position' and violation.where == 'arm_joint3'
    assert safety.check_joints(arm, replace(motion, positions=positions), replace(LIMITS, joint_margin=0.001)) == []


def test_when_the_tool_leaves_the_workspace_between_steps_expect_the_moment(arm, motion):
    height = arm.fk(HOME)[2, 3]
    limits = replace(LIMITS, workspace_high=(0.45, 0.55, height + 0.0005))
    motion = replace(motion, positions=motion.positions.copy())
    motion.positions[13:] = arm.ik(make_pose(arm.fk(HOME)[:3, :3], arm.fk(HOME)[:3, 3] + [0, 0, 0.01]), HOME)
    assert any('workspace, highest z' in violation.check and 'into the motion' in violation.where
               for violation in safety.check_tool(arm, motion, limits))


def test_when_the_tool_is_too_fast_expect_its_speed(arm, motion):
    fastest = safety.tool_speeds(arm, motion).max()
    limits = replace(LIMITS, max_tool_speed=0.9 * fastest)
    violation = only(safety.check_tool(arm, motion, limits))
    assert violation.check == 'speed of the tool' and violation.value == pytest.approx(fastest)
    assert safety.check_tool(arm, motion.slowed(0.9), limits) == []


def test_tool_speed_is_the_path_over_the_time(arm, motion):
    points = np.array([arm.fk(q)[:3, 3] for q in motion.positions])
    measured = np.linalg.norm(np.gradient(points, motion.times, axis=0), axis=1)
    np.testing.assert_allclose(safety.tool_speeds(arm, motion)[2:-2], measured[2:-2], rtol=0.1, atol=2e-3)


def test_when_the_gripper_touches_the_table_expect_both_named_and_the_moment(arm):
    clearance = robot_arms().clearance
    touching = arm.ik(make_pose(np.diag([1.0, -1.0, -1.0]), [-0.1, 0.0, 0.0]), HOME)
    times = np.array([0.0, 0.5])
    assert safety.check_clearance(clearance, times, np.stack([HOME, HOME]), LIMITS) == []
    violation = only(safety.check_clearance(clearance, times, np.stack([HOME, touching]), LIMITS))
    assert violation.check == 'clearance' and 'table' in violation.where and 'gripper' in violation.where
    assert '0.5 s into the motion' in violation.where


def test_when_a_motion_begins_elsewhere_expect_the_joint(arm):
    assert safety.check_start(arm, HOME, HOME + 0.01, LIMITS) == []
    elsewhere = HOME + np.array([0, 0, 0, 0.2, 0, 0, 0])
    violation = only(safety.check_start(arm, HOME, elsewhere, LIMITS))
    assert violation.where == 'arm_joint4' and violation.value == pytest.approx(0.2)


def test_a_continuous_joint_may_be_told_whole_turns_away():
    kinova = published_arm('kinova')
    turned = np.where(kinova.continuous, 2 * np.pi, 0.0)
    assert kinova.continuous.any() and safety.check_start(kinova, np.ones(6), 1.01 + turned, LIMITS) == []
    assert only(safety.check_start(kinova, np.ones(6), 1.2 + turned, LIMITS)).value == pytest.approx(0.2)
    limited = np.where(kinova.continuous, 0.0, 2 * np.pi)
    assert len(safety.check_start(kinova, np.ones(6), 1.0 + limited, LIMITS)) == 1


@pytest.mark.parametrize('corners', [
    {'workspace_low': (0.0, 0.0)}, {'workspace_low': (0.5, 0.0, 0.0)}, {'workspace_high': (0.4, 0.4, float('nan'))}])
def test_when_the_workspace_is_no_box_expect_refusal(corners):
    with pytest.raises(ParameterError, match='must be a box'):
        SafetyLimits(**corners)
