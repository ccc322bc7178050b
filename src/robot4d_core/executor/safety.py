# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Safety checks: pure functions that return every violation by name, with value, limit and unit.

They refuse; nothing is silently clamped. This is a software safety net, not a certified safety function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.executor.kinematics import ArmKinematics
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.gripper_plan import GripperPlan


@dataclass(frozen=True)
class SafetyLimits:
    """Every limit of the executor. Defaults suit the simulated cell; tighten them for a real robot.

    workspace_low, workspace_high: corners (x, y, z) of the box in the base frame that the tool centre may visit, m;
    max_step_distance, max_step_turn: between two steps of a plan, m and rad; min_confidence: of the tracker, [0, 1];
    joint_margin: kept from the joint limits, rad; velocity_share: of the velocity limits in the robot description;
    max_acceleration: rad/s^2; max_jerk: rad/s^3; max_tool_speed: m/s; max_branch_jump: largest change of a joint
    between two steps, rad; min_clearance: between parts that must not touch, m; start_tolerance: between where a
    motion begins and where the arm is, rad; max_plan_age: of the observation behind a plan, s;
    max_state_age: of joint states, s; max_clock_skew: by which a stamp may lie in the future, s.
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
    start_tolerance: float = 0.05
    max_plan_age: float = 60.0
    max_state_age: float = 0.5
    max_clock_skew: float = 0.1


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
        return f'{self.check}: {self.value:.3g} {self.unit}{place}, limit {self.limit:.3g} {self.unit}'


def check_age(what: str, stamp: float, now: float, max_age: float, limits: SafetyLimits) -> list[Violation]:
    """Check that a stamp (seconds of the ROS clock) is neither too old nor from the future."""
    age = now - stamp
    if age > max_age:
        return [Violation(f'age of the {what}', age, max_age, 's')]
    if age < -limits.max_clock_skew:
        return [Violation(f'{what} from the future (do the clocks agree?)', -age, limits.max_clock_skew, 's')]
    return []


def check_plan(plan: GripperPlan, limits: SafetyLimits) -> list[Violation]:
    """Check what a plan says of itself: lost steps, confidence, numbers, rigid poses, jumps between steps."""
    if not np.isfinite(plan.poses).all() or not np.isfinite(plan.opening).all():
        bad = int((~np.isfinite(plan.poses).all(axis=(1, 2)) | ~np.isfinite(plan.opening)).argmax())
        return [Violation('numbers that are not finite', 1, 0, 'steps or more', f'step {bad + 1}')]
    violations = []
    weakest = int(np.argmin(plan.confidence))
    if plan.confidence[weakest] < limits.min_confidence:
        violations.append(Violation(
            'confidence of the tracker', float(plan.confidence[weakest]), limits.min_confidence, 'of 1',
            f'step {weakest + 1}'))
    skew = np.abs(plan.poses[:, :3, :3] @ plan.poses[:, :3, :3].swapaxes(1, 2) - np.eye(3)).max(axis=(1, 2))
    if skew.max() > 1e-3:
        violations.append(Violation('pose that is not rigid', float(skew.max()), 1e-3, '', f'step {skew.argmax() + 1}'))
    for step, (before, after) in enumerate(zip(plan.poses, plan.poses[1:]), 2):
        violations += check_step(before, after, limits, f'step {step}')
    return violations


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


def check_joints(
    kinematics: ArmKinematics, positions: np.ndarray, velocities: np.ndarray, accelerations: np.ndarray,
    limits: SafetyLimits,
) -> list[Violation]:
    """Check sampled joint motion (N, J): position limits with margin, speed, acceleration."""
    low, high = kinematics.position_limits
    margin = limits.joint_margin
    violations = []
    for joint, name in enumerate(kinematics.joint_names):
        lowest, highest = float(positions[:, joint].min()), float(positions[:, joint].max())
        if lowest < low[joint] + margin:
            violations.append(Violation('lowest joint position', lowest, low[joint] + margin, 'rad', name))
        if highest > high[joint] - margin:
            violations.append(Violation('highest joint position', highest, high[joint] - margin, 'rad', name))
        for check, values, limit, unit in (
            ('joint speed', velocities, limits.velocity_share * kinematics.velocity_limits[joint], 'rad/s'),
            ('joint acceleration', accelerations, limits.max_acceleration, 'rad/s^2'),
        ):
            largest = float(np.abs(values[:, joint]).max())
            if largest > limit * (1 + 1e-6):
                violations.append(Violation(check, largest, limit, unit, name))
    return violations


def check_tool(kinematics: ArmKinematics, times: np.ndarray, positions: np.ndarray, limits: SafetyLimits) -> list[Violation]:
    """Check the tool along sampled motion: workspace and speed of every sample."""
    points = np.stack([kinematics.fk(q)[:3, 3] for q in positions])
    for time, point in zip(times, points, strict=True):
        if outside := check_workspace(point, limits, f'{time:.1f} s into the motion'):
            return outside
    if len(points) < 2:
        return []
    speeds = np.linalg.norm(np.diff(points, axis=0), axis=1) / np.diff(times)
    fastest = int(speeds.argmax())
    if speeds[fastest] > limits.max_tool_speed:
        return [Violation(
            'speed of the tool', float(speeds[fastest]), limits.max_tool_speed, 'm/s',
            f'{times[fastest]:.1f} s into the motion')]
    return []


def check_clearance(kinematics: ArmKinematics, positions: np.ndarray, limits: SafetyLimits) -> list[Violation]:
    """Check the distance between arm, gripper and table at joint positions (N, J); reports the closest approach."""
    distance, names = min(kinematics.nearest_contact(q) for q in positions)
    if distance < limits.min_clearance:
        return [Violation('clearance', distance, limits.min_clearance, 'm', f'{names}')]
    return []


def check_start(kinematics: ArmKinematics, planned: np.ndarray, measured: np.ndarray, limits: SafetyLimits) -> list[Violation]:
    """Check that a motion begins where the arm is; joint positions (J,), rad."""
    error = np.abs(planned - measured)
    worst = int(error.argmax())
    if error[worst] > limits.start_tolerance:
        return [Violation(
            'start of the motion away from the arm', float(error[worst]), limits.start_tolerance, 'rad',
            kinematics.joint_names[worst])]
    return []
