# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Motion obeys every limit and ends where the plan ends; a plan that fails a check gives no motion at all."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from robot4d_core.cell.arms import HOME
from robot4d_core.errors import PlanRejected
from robot4d_core.executor import safety
from robot4d_core.executor.motion import ArmMotion, GripperMotion
from robot4d_core.executor.motion_planner import DEADBAND, MotionPlanner
from robot4d_core.executor.safety import SafetyLimits
from robot4d_core.geometry.poses import invert_pose, look_at, make_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from shipped_robot import robot_arms

ROBOT = robot_arms()
KINEMATICS = ROBOT.arms[0].kinematics
START = KINEMATICS.fk(HOME)
CAMERA = look_at([0.5, 0.2, 0.8], [0.0, 0.0, 0.0])
LIMITS = SafetyLimits()


def plan_through(offsets, closed=None) -> GripperPlan:
    """Make a plan that visits START moved by offsets (N, 3), metres."""
    offsets = np.asarray(offsets, float)
    steps = len(offsets)
    closed = np.zeros(steps, bool) if closed is None else np.asarray(closed)
    poses = np.stack([invert_pose(CAMERA) @ make_pose(START[:3, :3], START[:3, 3] + offset) for offset in offsets])
    return GripperPlan(
        'gripper', 1.0, 'reference_color_optical_frame', uuid4(), 'test', 0.5 * np.arange(1, steps + 1), poses,
        np.where(closed, 0.0, 0.08), closed, np.ones(steps), ('reference',) * steps, poses[0],
        bool(closed[0]))


LINE = np.linspace([0.01, 0.01, 0.0], [0.1, 0.1, -0.05], 10)


def arm_motions(motion):
    return [segment for segment in motion.segments if isinstance(segment, ArmMotion)]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(*[st.floats(-0.04, 0.04)] * 3), min_size=2, max_size=10), st.sampled_from([1.0, 0.5, 0.1]))
def test_motion_obeys_limits_is_continuous_and_ends_at_rest_where_the_plan_ends(steps, speed_scaling):
    offsets = np.cumsum(steps, axis=0)
    offsets = np.clip(offsets, -0.12, 0.12)
    planner = MotionPlanner(ROBOT, LIMITS, speed_scaling)
    motion = planner.plan([plan_through(offsets)], CAMERA, HOME, [0.08])
    for segment in arm_motions(motion):
        assert segment.positions[0] == pytest.approx(HOME)
        assert (np.diff(segment.times) > 0).all()
        assert np.abs(segment.velocities[[0, -1]]).max() < 1e-6
        assert (np.abs(segment.velocities) <= speed_scaling * KINEMATICS.velocity_limits + 1e-6).all()
        assert np.abs(segment.accelerations).max() <= LIMITS.max_acceleration + 1e-6
        travelled = segment.positions[0] + np.cumsum(
            0.5 * (segment.velocities[1:] + segment.velocities[:-1]) * np.diff(segment.times)[:, None], axis=0)
        assert travelled[-1] == pytest.approx(segment.positions[-1], abs=5e-3)
        assert safety.tool_speeds(KINEMATICS, segment).max() <= LIMITS.max_tool_speed + 1e-6
        metres, _ = pose_distance(KINEMATICS.fk(segment.positions[-1]), CAMERA @ plan_through(offsets).poses[-1])
        assert metres < DEADBAND[0] + 0.001


def test_full_speed_keeps_the_times_of_the_plan():
    motion = MotionPlanner(ROBOT).plan([plan_through(LINE)], CAMERA, HOME, [0.08])
    assert motion.duration == pytest.approx(5.0, abs=0.5)
    slow = MotionPlanner(ROBOT, speed_scaling=0.1).plan([plan_through(LINE)], CAMERA, HOME, [0.08])
    assert slow.duration == pytest.approx(10 * motion.duration, rel=1e-3)


def test_arm_rests_while_the_gripper_closes_and_opens():
    closed = [False] * 3 + [True] * 4 + [False] * 3
    motion = MotionPlanner(ROBOT).plan([plan_through(LINE, closed)], CAMERA, HOME, [0.08])
    kinds = [type(segment) for segment in motion.segments]
    assert kinds == [ArmMotion, GripperMotion, ArmMotion, GripperMotion, ArmMotion]
    assert [s.openings for s in motion.segments if isinstance(s, GripperMotion)] == [(0.0,), (0.08,)]
    at_grasp = KINEMATICS.fk(motion.segments[0].positions[-1])[:3, 3]
    assert at_grasp == pytest.approx(START[:3, 3] + LINE[3], abs=2e-3)


def test_the_last_pose_of_a_moving_gripper_is_reached_exactly():
    motion = MotionPlanner(ROBOT).plan([plan_through(LINE)], CAMERA, HOME, [0.08])
    metres, radians = pose_distance(
        KINEMATICS.fk(motion.segments[-1].positions[-1]), make_pose(START[:3, :3], START[:3, 3] + LINE[-1]))
    assert metres < 1e-3 and radians < 5e-3


def shaken(plan: GripperPlan, seed: int) -> GripperPlan:
    """Move every pose by 5 mm and turn it by 1.5 degrees, each in a random direction."""
    rng = np.random.default_rng(seed)
    poses = plan.poses.copy()
    for pose in poses:
        shift, axis = rng.normal(size=(2, 3))
        pose[:3, 3] += 0.005 * shift / np.linalg.norm(shift)
        turn = Rotation.from_rotvec(np.deg2rad(1.5) * axis / np.linalg.norm(axis))
        pose[:3, :3] = pose[:3, :3] @ turn.as_matrix()
    return replace(plan, poses=poses)


@pytest.mark.parametrize('seed', range(5))
def test_tracker_noise_on_a_gripper_at_rest_does_not_move_the_arm(seed):
    plan = shaken(plan_through(np.zeros((10, 3))), seed)
    assert MotionPlanner(ROBOT).plan([plan], CAMERA, HOME, [0.08]).segments == ()


def test_slow_motion_is_followed_although_each_step_is_within_the_deadband():
    creep = np.linspace([0.0, 0.0, 0.003], [0.0, 0.0, 0.03], 10)
    motion = MotionPlanner(ROBOT).plan([plan_through(creep)], CAMERA, HOME, [0.08])
    assert KINEMATICS.fk(motion.segments[-1].positions[-1])[2, 3] - START[2, 3] == pytest.approx(0.03, abs=DEADBAND[0])


def test_a_dwell_between_two_motions_keeps_its_time():
    there = [0.0, 0.06, 0.0]
    stay = plan_through([[0.0, 0.03, 0.0], *[there] * 6, [0.0, 0.1, 0.0]])
    (motion,) = MotionPlanner(ROBOT).plan([stay], CAMERA, HOME, [0.08]).segments
    assert motion.duration == pytest.approx(4.0, abs=0.2)
    resting = np.abs(motion.velocities).max(axis=1) < 1e-6
    assert np.diff(motion.times)[resting[1:] & resting[:-1]].sum() == pytest.approx(2.5, abs=0.1)


def test_a_plan_that_waits_before_it_moves_begins_at_once():
    wait = plan_through([*np.zeros((6, 3)), [0.0, 0.03, 0.0], [0.0, 0.06, 0.0]])
    assert MotionPlanner(ROBOT).plan([wait], CAMERA, HOME, [0.08]).duration == pytest.approx(1.0, abs=0.2)


def test_a_fast_plan_takes_longer_instead_of_breaking_the_tools_speed_limit():
    dash = np.linspace([0.0, 0.04, 0.0], [0.0, 0.2, 0.0], 4)
    free = MotionPlanner(ROBOT, replace(LIMITS, max_tool_speed=5.0)).plan([plan_through(dash)], CAMERA, HOME, [0.08])
    (motion,) = MotionPlanner(ROBOT, replace(LIMITS, max_tool_speed=0.05)).plan(
        [plan_through(dash)], CAMERA, HOME, [0.08]).segments
    assert safety.tool_speeds(KINEMATICS, motion).max() == pytest.approx(0.05)
    assert motion.duration > 1.5 * free.duration


@pytest.mark.parametrize(('opening', 'closed', 'commands'), [
    (0.08, [False] * 3, []),  # open, and stays open
    (0.08, [True] * 3, [0.0]),
    (0.02, [True] * 3, [0.0]),  # holds something: the grip is renewed before the arm moves
    (0.02, [False] * 3, [0.08]),
    (0.05, [False] * 3, [0.08]),  # whatever it holds is let go
])
def test_gripper_commands_follow_from_its_measured_opening(opening, closed, commands):
    motion = MotionPlanner(ROBOT).plan([plan_through(LINE[:3], closed)], CAMERA, HOME, [opening])
    assert [s.openings for s in motion.segments if isinstance(s, GripperMotion)] == [(command,) for command in commands]
    if opening == 0.02 and closed[0]:
        assert isinstance(motion.segments[0], GripperMotion)


def test_every_motion_begins_where_the_one_before_ended():
    closed = [False] * 3 + [True] * 4 + [False] * 3
    motions = arm_motions(MotionPlanner(ROBOT).plan([plan_through(LINE, closed)], CAMERA, HOME, [0.08]))
    for before, after in zip(motions, motions[1:], strict=False):
        np.testing.assert_allclose(before.positions[-1], after.positions[0], atol=1e-12)


def test_only_the_first_steps_are_planned_when_asked():
    motion = MotionPlanner(ROBOT).plan([plan_through(LINE)], CAMERA, HOME, [0.08], max_steps=4)
    assert KINEMATICS.fk(motion.segments[-1].positions[-1])[:3, 3] == pytest.approx(START[:3, 3] + LINE[3], abs=2e-3)


def _with_pose(step, change):
    def apply(plan):
        poses = plan.poses.copy()
        poses[step] = change(poses[step])
        return replace(plan, poses=poses)
    return apply


def _moved(offset):
    return lambda pose: invert_pose(CAMERA) @ make_pose(np.eye(3), offset) @ CAMERA @ pose


@pytest.mark.parametrize(('change', 'message'), [
    (lambda p: replace(p, confidence=np.where(np.arange(10) == 4, 0.0, 1.0)),
     'confidence of the tracker: 0 of 1 at step 5'),
    (_with_pose(2, lambda pose: np.full((4, 4), np.nan)), 'not finite'),
    (_with_pose(3, lambda pose: pose @ np.diag([1.1, 1, 1, 1])), 'skew of a rigid pose: .* at step 4'),
    (_with_pose(6, _moved([0.0, 0.4, 0.0])), r'jump of the tool: .* m at step 7, limit 0.3 m'),
    (lambda p: replace(p, poses=_moved([0.0, 0.0, -0.31])(p.poses)), r'workspace, lowest z'),
    (lambda p: replace(p, poses=_moved([0.5, 0.0, 0.0])(p.poses)),
     r'jump of the tool: .* m at step 1, from where the tool is'),
])
def test_when_plan_is_bad_expect_rejection_that_names_check_value_and_limit(change, message):
    with pytest.raises(PlanRejected, match=message):
        MotionPlanner(ROBOT).plan([change(plan_through(LINE))], CAMERA, HOME, [0.08])


@pytest.mark.parametrize(('limits', 'message'), [
    ({'workspace_high': (0.45, -0.08, 0.8)}, 'workspace, highest y'),
    ({'min_clearance': 0.5}, 'clearance: .* m at .* and .*, limit 0.5 m'),
    ({'joint_margin': 1.0}, 'joint position'),
    ({'max_branch_jump': 0.001}, 'jump of a joint'),
])
def test_when_limit_is_tight_expect_rejection_by_that_limit(limits, message):
    with pytest.raises(PlanRejected, match=message):
        MotionPlanner(ROBOT, replace(LIMITS, **limits)).plan([plan_through(LINE)], CAMERA, HOME, [0.08])


def test_when_a_step_is_out_of_reach_expect_the_miss_and_the_step():
    far = replace(LIMITS, workspace_high=(2.0, 2.0, 2.0), max_tool_speed=5.0)
    offsets = np.linspace([0.1, 0.0, 0.0], [1.0, 0.0, 0.3], 10)
    with pytest.raises(PlanRejected, match=r'reach: the arm cannot bring gripper_tcp .* m at step \d+, limit 0 m'):
        MotionPlanner(ROBOT, far).plan([plan_through(offsets)], CAMERA, HOME, [0.08])


def test_every_violation_is_named_not_only_the_first():
    plan = plan_through(LINE)
    poses = plan.poses.copy()
    poses[6] = _moved([0.0, 0.4, 0.0])(poses[6])
    with pytest.raises(PlanRejected) as caught:
        MotionPlanner(ROBOT).plan(
            [replace(plan, poses=poses, confidence=np.full(10, 0.1))], CAMERA, HOME, [0.08])
    assert [violation.check for violation in caught.value.violations] == [
        'confidence of the tracker', 'jump of the tool', 'jump of the tool']
