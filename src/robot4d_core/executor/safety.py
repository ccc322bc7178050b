# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Safety checks: pure functions that return every violation by name, with value, limit and unit.

They refuse; nothing is silently clamped. This is a software safety net, not a certified safety function.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot4d_core.errors import ParameterError
from robot4d_core.executor.motion import ArmMotion
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.robot.clearance import Clearance
from robot4d_core.robot.kinematics import ArmKinematics

_RIGID = 1e-3  # largest deviation of R R^T from the identity, and of det R from 1
_ROUNDING = 1e-6  # share of a limit
_SAME_TIME = 1e-3  # seconds


@dataclass(frozen=True)
class SafetyLimits:
    """Every limit of the executor. Defaults suit the simulated cell; tighten them for a real robot.

    workspace_low, workspace_high: corners (x, y, z) of the box in the base frame that the tool centre may visit, m;
    max_step_distance, max_step_turn: between two steps of a plan, m and rad; min_confidence: of the tracker, [0, 1];
    joint_margin: kept from the joint limits, rad; velocity_share: of the velocity limits in the robot description;
    max_acceleration: rad/s^2; max_jerk: rad/s^3; max_tool_speed: m/s; max_branch_jump: largest change of a joint
    between two steps, rad; min_clearance: between parts that must not touch, m; min_arm_clearance: between two arms, m;
    start_tolerance: between where a motion begins and where the arm is, rad; max_plan_duration: from the observation to
    the last step of a plan, s; max_plan_age: of the observation behind a plan, s; max_state_age: of joint states, s;
    max_clock_skew: by which a stamp may lie in the future, s.
    Speed, acceleration, jerk and tool speed slow a motion down; every other limit refuses it.
    Raises ParameterError when the workspace is not a box.
    """

    workspace_low: tuple[float, float, float] = (-0.45, -0.55, 0.005)
    workspace_high: tuple[float, float, float] = (0.45, 0.55, 0.80)
    max_step_distance: float = 0.30
    max_step_turn: float = 1.2
    min_confidence: float = 0.2
    joint_margin: float = 0.01
    velocity_share: float = 0.8
    max_acceleration: float = 6.0
    max_jerk: float = 60.0
    max_tool_speed: float = 0.6
    max_branch_jump: float = 1.2
    min_clearance: float = 0.002
    min_arm_clearance: float = 0.02
    start_tolerance: float = 0.05
    max_plan_duration: float = 60.0
    max_plan_age: float = 60.0
    max_state_age: float = 0.5
    max_clock_skew: float = 0.1

    def __post_init__(self) -> None:
        low, high = self.workspace_low, self.workspace_high
        if len(low) != 3 or len(high) != 3 or not all(a < b for a, b in zip(low, high, strict=True)):
            raise ParameterError(
                f'the workspace must be a box, x, y, z of workspace_low below those of workspace_high; got {low} and '
                f'{high}')


@dataclass(frozen=True)
class Violation:
    """One failed check. value and limit in unit; where: the step, joint or link it concerns."""

    check: str
    value: float
    limit: float
    unit: str
    where: str = ''

    def __str__(self) -> str:
        place = f' at {self.where}' if self.where else ''
        value, limit = (f'{number:.3g} {self.unit}'.strip() for number in (self.value, self.limit))
        return f'{self.check}: {value}{place}, limit {limit}'


def check_age(what: str, stamp: float, now: float, max_age: float, limits: SafetyLimits) -> list[Violation]:
    """Check that a stamp (seconds of the ROS clock) is neither too old nor from the future."""
    age = now - stamp
    if age > max_age:
        return [Violation(f'age of the {what}', age, max_age, 's')]
    if age < -limits.max_clock_skew:
        return [Violation(f'{what} from the future (do the clocks agree?)', -age, limits.max_clock_skew, 's')]
    return []


def check_plan(plan: GripperPlan, limits: SafetyLimits) -> list[Violation]:
    """Check what a plan says of itself: its arrays, times, lost steps, confidence, rigid poses, jumps between steps.

    Violations that make the rest unreadable are returned alone.
    """
    steps = len(plan.time_from_start)
    if not steps:
        return [Violation('steps of the plan', 0, 1, 'steps at least')]
    for name in ('poses', 'opening', 'closed', 'confidence'):
        if len(getattr(plan, name)) != steps:
            return [Violation(f'length of {name}', len(getattr(plan, name)), steps, 'steps')]
    finite = np.isfinite(plan.poses).all(axis=(1, 2))
    for values in (plan.opening, plan.confidence, plan.time_from_start):
        finite &= np.isfinite(values)
    if not finite.all():
        return [Violation('steps with numbers that are not finite', int((~finite).sum()), 0, 'steps', _step(~finite))]
    intervals = np.diff(plan.time_from_start, prepend=0.0)
    if intervals.min() <= 0:
        return [Violation('time since the step before', float(intervals.min()), 0, 's', _step(intervals <= 0))]
    last = float(plan.time_from_start[-1])
    if last > limits.max_plan_duration:
        return [Violation('duration of the plan', last, limits.max_plan_duration, 's')]
    violations = []
    weakest = float(plan.confidence.min())
    if weakest < limits.min_confidence:
        violations.append(Violation(
            'confidence of the tracker', weakest, limits.min_confidence, 'of 1', _step(plan.confidence == weakest)))
    rotations = plan.poses[:, :3, :3]
    skew = np.abs(rotations @ rotations.swapaxes(1, 2) - np.eye(3)).max(axis=(1, 2))
    skew = np.maximum(skew, np.abs(np.linalg.det(rotations) - 1))
    if skew.max() > _RIGID:
        violations.append(Violation('skew of a rigid pose', float(skew.max()), _RIGID, '', _step(skew > _RIGID)))
        return violations
    for step, (before, after) in enumerate(itertools.pairwise(plan.poses), 2):
        violations += check_step(before, after, limits, f'step {step}')
    return violations


def check_common_time(plans: Sequence[GripperPlan]) -> list[Violation]:
    """Check that all grippers' plans, each with steps, have the same steps at the same times."""
    first = plans[0].time_from_start
    violations = []
    for plan in plans[1:]:
        if len(plan.time_from_start) != len(first):
            violations.append(Violation(
                'steps of a plan beside another', len(plan.time_from_start), len(first), 'steps', plan.gripper))
        elif (apart := np.abs(plan.time_from_start - first)).max() > _SAME_TIME:
            violations.append(Violation(
                'time between the same step of two plans', float(apart.max()), _SAME_TIME, 's', plan.gripper))
    return violations


def _step(bad: np.ndarray) -> str:
    return f'step {int(np.argmax(bad)) + 1}'


def check_step(before: np.ndarray, after: np.ndarray, limits: SafetyLimits, where: str) -> list[Violation]:
    """Check the jump of the tool between two poses (4, 4)."""
    distance, turn = pose_distance(before, after)
    violations = []
    if distance > limits.max_step_distance:
        violations.append(Violation('jump of the tool', distance, limits.max_step_distance, 'm', where))
    if turn > limits.max_step_turn:
        violations.append(Violation('turn of the tool', turn, limits.max_step_turn, 'rad', where))
    return violations


def check_workspace(position: np.ndarray, limits: SafetyLimits, where: str) -> list[Violation]:
    """Check that the tool centre (3,), base frame, is inside the workspace box."""
    violations = []
    for axis, value, low, high in zip('xyz', position, limits.workspace_low, limits.workspace_high, strict=True):
        if value < low:
            violations.append(Violation(f'workspace, lowest {axis}', float(value), low, 'm', where))
        elif value > high:
            violations.append(Violation(f'workspace, highest {axis}', float(value), high, 'm', where))
    return violations


def check_joints(kinematics: ArmKinematics, motion: ArmMotion, limits: SafetyLimits) -> list[Violation]:
    """Check sampled joint motion: position limits with margin, speed, acceleration, jerk."""
    low, high = kinematics.position_limits
    low, high = low + limits.joint_margin, high - limits.joint_margin
    speed = limits.velocity_share * kinematics.velocity_limits
    jerks = np.diff(motion.accelerations, axis=0) / np.diff(motion.times)[:, None]
    violations = []
    for joint, name in enumerate(kinematics.joint_names):
        lowest, highest = float(motion.positions[:, joint].min()), float(motion.positions[:, joint].max())
        if lowest < low[joint]:
            violations.append(Violation('lowest joint position', lowest, low[joint], 'rad', name))
        if highest > high[joint]:
            violations.append(Violation('highest joint position', highest, high[joint], 'rad', name))
        for check, values, limit, unit in (
            ('joint speed', motion.velocities, speed[joint], 'rad/s'),
            ('joint acceleration', motion.accelerations, limits.max_acceleration, 'rad/s^2'),
            ('joint jerk', jerks, limits.max_jerk, 'rad/s^3'),
        ):
            largest = float(np.abs(values[:, joint]).max(initial=0.0))
            if largest > limit * (1 + _ROUNDING):
                violations.append(Violation(check, largest, limit, unit, name))
    return violations


def check_tool(kinematics: ArmKinematics, motion: ArmMotion, limits: SafetyLimits) -> list[Violation]:
    """Check the tool centre at every sample of a motion: workspace and speed; reports the first and the fastest."""
    violations = []
    for time, positions in zip(motion.times, motion.positions, strict=True):
        violations = check_workspace(kinematics.fk(positions)[:3, 3], limits, f'{time:.1f} s into the motion')
        if violations:
            break
    speeds = tool_speeds(kinematics, motion)
    fastest = int(speeds.argmax())
    if speeds[fastest] > limits.max_tool_speed * (1 + _ROUNDING):
        violations.append(Violation(
            'speed of the tool', float(speeds[fastest]), limits.max_tool_speed, 'm/s',
            f'{motion.times[fastest]:.1f} s into the motion'))
    return violations


def tool_speeds(kinematics: ArmKinematics, motion: ArmMotion) -> np.ndarray:
    """Return the speed of the tool centre at every sample of a motion (N,), m/s."""
    return np.array([
        np.linalg.norm(kinematics.jacobian(q)[:3] @ dq)
        for q, dq in zip(motion.positions, motion.velocities, strict=True)])


def check_clearance(
    clearance: Clearance, times: np.ndarray, positions: np.ndarray, limits: SafetyLimits
) -> list[Violation]:
    """Check the distance of every arm to itself, to the table and to the other arms; reports the closest approaches.

    positions: (N, J) rad, of all arms at the same moments, times (N,) s.
    """
    violations = []
    apart, between = zip(*(clearance.nearest(q) for q in positions), strict=True)
    for check, gaps, limit in (
        ('clearance', apart, limits.min_clearance), ('clearance between the arms', between, limits.min_arm_clearance),
    ):
        if None not in gaps:
            gap, time = min(zip(gaps, times, strict=True), key=lambda pair: pair[0].distance)
            if gap.distance < limit:
                violations.append(
                    Violation(check, gap.distance, limit, 'm', f'{gap.links}, {time:.1f} s into the motion'))
    return violations


def check_start(
    kinematics: ArmKinematics, planned: np.ndarray, measured: np.ndarray, limits: SafetyLimits
) -> list[Violation]:
    """Check that a motion begins where the arm is; joint positions (J,), rad.

    A continuous joint may be said to be whole turns away.
    """
    error = planned - measured
    error = np.abs(np.where(kinematics.continuous, np.remainder(error + np.pi, 2 * np.pi) - np.pi, error))
    worst = int(error.argmax())
    if error[worst] > limits.start_tolerance:
        return [Violation(
            'start of the motion away from the arm', float(error[worst]), limits.start_tolerance, 'rad',
            kinematics.joint_names[worst])]
    return []
