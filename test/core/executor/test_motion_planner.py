# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Motion obeys every limit and ends where the plan ends; a plan that fails a check gives no motion at all."""

from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot4d_core.errors import PlanRejected
from robot4d_core.executor import ArmKinematics, ArmMotion, GripperMotion, MotionPlanner, SafetyLimits
from robot4d_core.geometry.poses import invert_pose, look_at, make_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.robot_description import load_robot_description

KINEMATICS = ArmKinematics(load_robot_description())
HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])
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
        np.where(closed, 0.0, 0.08), closed, np.ones(steps), ('reference',) * steps)


LINE = np.linspace([0.01, 0.01, 0.0], [0.1, 0.1, -0.05], 10)


def arm_motions(motion):
    return [segment for segment in motion.segments if isinstance(segment, ArmMotion)]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(*[st.floats(-0.04, 0.04)] * 3), min_size=2, max_size=10), st.sampled_from([1.0, 0.5, 0.1]))
def test_motion_obeys_limits_is_continuous_and_ends_at_rest_where_the_plan_ends(steps, speed_scaling):
    offsets = np.cumsum(steps, axis=0)
    offsets = np.clip(offsets, -0.12, 0.12)
    planner = MotionPlanner(KINEMATICS, LIMITS, speed_scaling)
    motion = planner.plan(plan_through(offsets), CAMERA, HOME, 0.08)
    for segment in arm_motions(motion):
        assert segment.positions[0] == pytest.approx(HOME)
        assert (np.diff(segment.times) > 0).all()
        assert np.abs(segment.velocities[[0, -1]]).max() < 1e-6
        assert (np.abs(segment.velocities) <= speed_scaling * KINEMATICS.velocity_limits + 1e-6).all()
        assert np.abs(segment.accelerations).max() <= LIMITS.max_acceleration + 1e-6
        travelled = segment.positions[0] + np.cumsum(
            0.5 * (segment.velocities[1:] + segment.velocities[:-1]) * np.diff(segment.times)[:, None], axis=0)
        assert travelled[-1] == pytest.approx(segment.positions[-1], abs=5e-3)
        metres, _ = pose_distance(KINEMATICS.fk(segment.positions[-1]), CAMERA @ plan_through(offsets).poses[-1])
        assert metres < 0.005


def test_full_speed_keeps_the_times_of_the_plan():
    motion = MotionPlanner(KINEMATICS).plan(plan_through(LINE), CAMERA, HOME, 0.08)
    assert motion.duration == pytest.approx(5.0, abs=0.5)
    slow = MotionPlanner(KINEMATICS, speed_scaling=0.1).plan(plan_through(LINE), CAMERA, HOME, 0.08)
    assert slow.duration == pytest.approx(10 * motion.duration, rel=1e-3)


def test_arm_rests_while_the_gripper_closes_and_opens():
    closed = [False] * 3 + [True] * 4 + [False] * 3
    motion = MotionPlanner(KINEMATICS).plan(plan_through(LINE, closed), CAMERA, HOME, 0.08)
    kinds = [type(segment) for segment in motion.segments]
    assert kinds == [ArmMotion, GripperMotion, ArmMotion, GripperMotion, ArmMotion]
    assert [s.opening for s in motion.segments if isinstance(s, GripperMotion)] == [0.0, 0.08]
    at_grasp = KINEMATICS.fk(motion.segments[0].positions[-1])[:3, 3]
    assert at_grasp == pytest.approx(START[:3, 3] + LINE[3], abs=2e-3)


def test_tracker_noise_on_a_gripper_at_rest_does_not_move_the_arm():
    noise = np.random.default_rng(0).uniform(-0.002, 0.002, (10, 3))
    assert MotionPlanner(KINEMATICS).plan(plan_through(noise), CAMERA, HOME, 0.08).segments == ()


def test_only_the_first_steps_are_planned_when_asked():
    motion = MotionPlanner(KINEMATICS).plan(plan_through(LINE), CAMERA, HOME, 0.08, max_steps=4)
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
    (lambda p: replace(p, confidence=np.where(np.arange(10) == 4, 0.0, 1.0)), 'confidence of the tracker: 0 of 1 at step 5'),
    (_with_pose(2, lambda pose: np.full((4, 4), np.nan)), 'not finite'),
    (_with_pose(3, lambda pose: pose @ np.diag([1.1, 1, 1, 1])), 'not rigid'),
    (_with_pose(6, _moved([0.0, 0.4, 0.0])), r'jump of the tool: .* m at step 7, limit 0.3 m'),
    (lambda p: replace(p, poses=_moved([0.0, 0.0, -0.31])(p.poses)), r'workspace, lowest z'),
    (lambda p: replace(p, poses=_moved([0.5, 0.0, 0.0])(p.poses)), r'step from the measured pose'),
])
def test_when_plan_is_bad_expect_rejection_that_names_check_value_and_limit(change, message):
    with pytest.raises(PlanRejected, match=message):
        MotionPlanner(KINEMATICS).plan(change(plan_through(LINE)), CAMERA, HOME, 0.08)


@pytest.mark.parametrize(('limits', 'message'), [
    ({'max_tool_speed': 0.01}, 'speed of the tool'),
    ({'workspace_high': (0.45, -0.08, 0.8)}, 'workspace, highest y'),
    ({'min_clearance': 0.5}, 'clearance: .* m at .* and .*, limit 0.5 m'),
    ({'joint_margin': 1.0}, 'joint position'),
    ({'max_branch_jump': 0.001}, 'jump of a joint'),
])
def test_when_limit_is_tight_expect_rejection_by_that_limit(limits, message):
    with pytest.raises(PlanRejected, match=message):
        MotionPlanner(KINEMATICS, replace(LIMITS, **limits)).plan(plan_through(LINE), CAMERA, HOME, 0.08)
