# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Two arms move in the common time of their plans, and a plan that brings them too close gives no motion at all."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest

from robot4d_core.cell.arms import HOME_BESIDE_ANOTHER
from robot4d_core.errors import PlanRejected
from robot4d_core.executor import safety
from robot4d_core.executor.motion import ArmMotion, GripperMotion
from robot4d_core.executor.motion_planner import MotionPlanner
from robot4d_core.executor.safety import SafetyLimits
from robot4d_core.geometry.poses import invert_pose, look_at, make_pose
from robot4d_core.gripper_plan import GripperPlan
from shipped_robot import robot_arms

ROBOT = robot_arms(arms=2)
FIRST, SECOND = ROBOT.arms
HOME = np.concatenate([HOME_BESIDE_ANOTHER] * 2)
CAMERA = look_at([0.5, 0.2, 0.8], [0.0, 0.0, 0.0])
STEPS = 8
STAY = np.zeros((STEPS, 3))
FORWARD = np.linspace([0.02, 0.0, 0.0], [0.12, 0.0, -0.04], STEPS)
OPEN = [0.08, 0.08]


def plan_of(arm, offsets, closed=None) -> GripperPlan:
    """Make a plan of an arm that visits its home moved by offsets (STEPS, 3), metres."""
    start = arm.kinematics.fk(HOME_BESIDE_ANOTHER)
    poses = np.stack([invert_pose(CAMERA) @ make_pose(start[:3, :3], start[:3, 3] + offset) for offset in offsets])
    closed = np.zeros(STEPS, bool) if closed is None else np.asarray(closed)
    return GripperPlan(
        arm.gripper, 1.0, 'reference_color_optical_frame', uuid4(), 'test', 0.5 * np.arange(1, STEPS + 1), poses,
        np.where(closed, 0.0, 0.08), closed, np.ones(STEPS), ('reference',) * STEPS, poses[0], bool(closed[0]))


def plan_both(first: GripperPlan, second: GripperPlan, limits: SafetyLimits | None = None, openings=OPEN):
    return MotionPlanner(ROBOT, limits).plan([first, second], CAMERA, HOME, openings)


def tool_at(arm: int, motion: ArmMotion, time: float) -> np.ndarray:
    """Return where the tool of an arm is (3,) at a moment of a motion."""
    positions = motion.positions[np.argmin(np.abs(motion.times - time)), ROBOT.joints[arm]]
    return ROBOT.arms[arm].kinematics.fk(positions)[:3, 3]


def test_both_arms_reach_every_step_together():
    backward = FORWARD * [-0.3, 0.0, 1.0]
    (motion,) = plan_both(plan_of(FIRST, FORWARD), plan_of(SECOND, backward)).segments
    for arm, offsets in enumerate((FORWARD, backward)):
        start = ROBOT.arms[arm].kinematics.fk(HOME_BESIDE_ANOTHER)[:3, 3]
        for step in range(1, STEPS, 2):  # some steps of the shorter way share a waypoint
            share = motion.duration / (0.5 * STEPS)
            assert tool_at(arm, motion, share * 0.5 * (step + 1)) == pytest.approx(start + offsets[step], abs=6e-3)


def test_each_arm_moves_as_it_would_alone_while_the_other_stays():
    for number in (0, 1):
        plans = [plan_of(arm, FORWARD if k == number else STAY) for k, arm in enumerate(ROBOT.arms)]
        (motion,) = plan_both(*plans).segments
        assert motion.of(ROBOT.joints[1 - number]).still
        assert not motion.of(ROBOT.joints[number]).still
        assert tool_at(number, motion, motion.duration) == pytest.approx(
            ROBOT.arms[number].kinematics.fk(HOME_BESIDE_ANOTHER)[:3, 3] + FORWARD[-1], abs=1e-3)


def test_an_arm_that_waits_for_the_other_waits():
    late = np.concatenate([np.zeros((5, 3)), FORWARD[:3]])
    (motion,) = plan_both(plan_of(FIRST, FORWARD), plan_of(SECOND, late)).segments
    begins = motion.times[np.abs(motion.velocities[:, ROBOT.joints[1]]).max(axis=1) > 1e-3][0]
    assert begins == pytest.approx(2.5 * motion.duration / 4.0, abs=0.3)


def test_what_both_arms_wait_for_is_skipped():
    late = np.concatenate([np.zeros((5, 3)), FORWARD[:3]])
    (motion,) = plan_both(plan_of(FIRST, late), plan_of(SECOND, late)).segments
    assert motion.duration < 2.0


def test_while_one_gripper_closes_both_arms_rest_and_neither_loses_its_place():
    closed = [False] * 3 + [True] * 5
    before, grasp, after = plan_both(plan_of(FIRST, FORWARD, closed), plan_of(SECOND, FORWARD)).segments
    assert grasp == GripperMotion((0.0, None))
    for arm in (0, 1):
        start = ROBOT.arms[arm].kinematics.fk(HOME_BESIDE_ANOTHER)[:3, 3]
        assert tool_at(arm, before, before.duration) == pytest.approx(start + FORWARD[3], abs=2e-3)
        assert tool_at(arm, after, after.duration) == pytest.approx(start + FORWARD[-1], abs=2e-3)
    np.testing.assert_allclose(before.positions[-1], after.positions[0], atol=1e-12)


def test_grippers_that_change_at_the_same_step_change_together():
    closing, opening = [False] * 3 + [True] * 5, [True] * 3 + [False] * 5
    motion = plan_both(plan_of(FIRST, FORWARD, closing), plan_of(SECOND, FORWARD, opening), openings=[0.08, 0.03])
    grips = [segment for segment in motion.segments if isinstance(segment, GripperMotion)]
    assert grips == [GripperMotion((None, 0.0)), GripperMotion((0.0, 0.08))]  # first what is held is held firmly


def test_a_fast_arm_slows_both_down():
    dash = np.linspace([0.06, 0.0, 0.0], [0.3, 0.0, 0.05], STEPS)
    limits = SafetyLimits(max_tool_speed=0.05)
    (motion,) = plan_both(plan_of(FIRST, dash), plan_of(SECOND, FORWARD), limits).segments
    speeds = [safety.tool_speeds(arm.kinematics, motion.of(joints)).max()
              for arm, joints in zip(ROBOT.arms, ROBOT.joints, strict=True)]
    assert max(speeds) == pytest.approx(0.05)
    assert motion.duration > 4.0


def towards_each_other(reach: float) -> list[GripperPlan]:
    return [plan_of(arm, np.linspace([0.0, 0.0, 0.0], [0.1, side * reach, 0.0], STEPS + 1)[1:])
            for arm, side in ((FIRST, 1), (SECOND, -1))]


def test_when_the_arms_come_too_close_expect_rejection_that_names_links_moment_and_limit():
    assert plan_both(*towards_each_other(0.12)).segments
    with pytest.raises(PlanRejected, match=(
            r'clearance between the arms: .* m at .*gripper.* and second_.*, \d\.\d s into the motion, limit 0.02 m')):
        plan_both(*towards_each_other(0.17))


def test_when_one_arm_leaves_before_the_other_comes_expect_motion():
    """The hand-over: each arm crosses the middle, but never while the other is there."""
    there = np.linspace([0.0, 0.0, 0.0], [0.1, 0.2, 0.0], 4)
    passing = np.concatenate([there[1:], there[-2::-1], np.zeros((2, 3))])
    coming = np.concatenate([np.zeros((5, 3)), there[1:] * [1, -1, 1]])
    assert plan_both(plan_of(FIRST, passing), plan_of(SECOND, coming)).segments
    with pytest.raises(PlanRejected, match='clearance between the arms'):
        plan_both(plan_of(FIRST, passing), plan_of(SECOND, passing * [1, -1, 1]))


def test_when_a_plan_is_bad_expect_its_gripper_named():
    weak = replace(plan_of(SECOND, FORWARD), confidence=np.full(STEPS, 0.1))
    with pytest.raises(PlanRejected, match='confidence of the tracker: .* of second_gripper, limit'):
        plan_both(plan_of(FIRST, FORWARD), weak)
    below = plan_of(SECOND, FORWARD + [0.0, 0.0, -0.28])
    with pytest.raises(PlanRejected, match='workspace, lowest z: .* of second_gripper, limit'):
        plan_both(plan_of(FIRST, FORWARD), below)


@pytest.mark.parametrize(('change', 'message'), [
    (lambda plan: replace(plan, time_from_start=2 * plan.time_from_start), 'time between the same step of two plans'),
    (lambda plan: replace(
        plan, time_from_start=plan.time_from_start[:4], poses=plan.poses[:4], opening=plan.opening[:4],
        closed=plan.closed[:4], confidence=plan.confidence[:4]), 'steps of a plan beside another: 4 steps'),
])
def test_when_plans_do_not_belong_together_expect_rejection(change, message):
    with pytest.raises(PlanRejected, match=message):
        plan_both(plan_of(FIRST, FORWARD), change(plan_of(SECOND, FORWARD)))
