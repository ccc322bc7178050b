# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From gripper plans to motion: rests and waypoints, inverse kinematics, time; checks before anything is returned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.errors import InverseKinematicsError, PlanRejected
from robot4d_core.executor import safety
from robot4d_core.executor.motion import ArmMotion, GripperMotion, MotionPlan
from robot4d_core.executor.robot_arms import RobotArms
from robot4d_core.executor.safety import SafetyLimits, Violation
from robot4d_core.executor.time_parameterisation import Waypoint, parameterise
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan

CLEARANCE_EVERY = 5  # samples
DEADBAND = (0.006, np.deg2rad(2.5))  # metres and radians: the tracker's noise on a gripper at rest
DWELL_STEPS = 3  # within the deadband: the gripper is at rest, not slow
OPEN_SHARE = 0.9  # of the way from closed to open; below that the gripper may be holding something


class MotionPlanner:
    """Plans for all arms of a robot at once, in the common time of their plans.

    Each gripper opens to its open width or closes until an object stops it, as the method does.
    speed_scaling: (0, 1], stretches every motion in time.
    """

    def __init__(self, robot: RobotArms, limits: SafetyLimits | None = None, speed_scaling: float = 1.0) -> None:
        self.robot = robot
        self._limits = limits or SafetyLimits()
        self._speed_scaling = speed_scaling

    def plan(
        self,
        plans: Sequence[GripperPlan],
        base_from_camera: np.ndarray,
        measured_positions: np.ndarray,
        measured_openings: Sequence[float],
        *,
        max_steps: int = 0,
    ) -> MotionPlan:
        """Return motion from where the arms are along the first max_steps steps of their plans (0: all).

        plans: of one prediction, in the order of the arms; base_from_camera: T_base_camera (4, 4) of their frame;
        measured_positions: (J,) rad of all arms, one after the other; measured_openings: metres, per gripper.
        All arms reach step k together; one that waits for another waits, but what they all wait for is skipped. All
        come to rest wherever a gripper closes or opens, and none follows poses that differ by less than DEADBAND.
        What comes after these steps is not looked at.
        Raises PlanRejected with the violations.
        """
        plans = [plan.until(max_steps) for plan in plans]
        self._check_plans(plans)
        times, closed = plans[0].time_from_start, np.stack([plan.closed for plan in plans])
        poses = [base_from_camera @ plan.poses for plan in plans]
        here = np.asarray(measured_positions, float)
        self._check_poses(poses, here)
        closed_now = [arm.gripper.share(opening) < OPEN_SHARE
                      for opening, arm in zip(measured_openings, self.robot.arms, strict=True)]
        segments: list[ArmMotion | GripperMotion] = []
        held = [True if now and then else None for now, then in zip(closed_now, closed[:, 0], strict=True)]
        if any(held):  # the grip on what is held may be loose, after a stop for example
            segments.append(self._gripper_motion(held))
        time = 0.0
        for stretch, changes in _stretches(closed, closed_now):
            ways = [_Way(self._waypoints(number, here[joints], poses[number][stretch], times[stretch], time,
                                         stretch.start))
                    for number, joints in enumerate(self.robot.joints)]
            if waypoints := _in_common_time(ways):
                segments.append(self._arm_motion(here, waypoints))
                here = waypoints[-1].positions
            if any(change is not None for change in changes):
                segments.append(self._gripper_motion(changes))
            time = times[stretch.stop - 1]
        self._check_motion(segments)
        return MotionPlan(tuple(segments))

    def _gripper_motion(self, closing: Sequence[bool | None]) -> GripperMotion:
        return GripperMotion(tuple(
            None if close is None else arm.gripper.range[0] if close else arm.gripper.open_width
            for close, arm in zip(closing, self.robot.arms, strict=True)))

    def _check_plans(self, plans: Sequence[GripperPlan]) -> None:
        violations = []
        for number, plan in enumerate(plans):
            violations += self._of_arm(number, safety.check_plan(plan, self._limits))
        if not violations:
            violations = safety.check_common_time(plans)
        if violations:
            raise PlanRejected(violations)

    def _check_poses(self, poses: list[np.ndarray], measured_positions: np.ndarray) -> None:
        violations = []
        for number, (arm, joints) in enumerate(zip(self.robot.arms, self.robot.joints, strict=True)):
            of_arm = safety.check_step(
                arm.kinematics.fk(measured_positions[joints]), poses[number][0], self._limits,
                'step 1, from where the tool is')
            for step, pose in enumerate(poses[number], 1):
                of_arm += safety.check_workspace(pose[:3, 3], self._limits, f'step {step}')
            violations += self._of_arm(number, of_arm)
        if violations:
            raise PlanRejected(violations)

    def _waypoints(
        self, number: int, here: np.ndarray, poses: np.ndarray, times: np.ndarray, start_time: float, first_step: int
    ) -> list[tuple[float, np.ndarray]]:
        """Return when, seconds of the plan, one arm is where, (J,) rad, on one stretch, from its beginning on.

        Steps that stay within the deadband share a waypoint, or two: a dwell.
        """
        kinematics = self.robot.arms[number].kinematics
        way = [(start_time, here)]
        rests = _rests(np.concatenate([kinematics.fk(here)[None], poses]))
        for rest in rests:
            if rest.start == 0:
                if rest.stop > 1:
                    way.append((times[rest.stop - 2], here))
                continue
            members = slice(rest.start - 1, rest.stop - 1)
            step = first_step + members.start + 1
            solution = self._solve(number, _representative(poses[members]), way[-1][1], step)
            way.append((times[members.start], solution))
            if len(poses[members]) >= DWELL_STEPS and rest is not rests[-1]:
                way.append((times[members.stop - 1], solution))
        return way

    def _solve(self, number: int, pose: np.ndarray, seed: np.ndarray, step: int) -> np.ndarray:
        kinematics = self.robot.arms[number].kinematics
        try:
            positions = kinematics.ik(pose, seed)
        except InverseKinematicsError as error:
            raise PlanRejected(self._of_arm(
                number, [Violation(f'reach: {error}', error.distance, 0, 'm', f'step {step}')])) from error
        jump = np.abs(positions - seed)
        if jump.max() > self._limits.max_branch_jump:
            joint = kinematics.joint_names[int(jump.argmax())]
            raise PlanRejected([Violation(
                'jump of a joint', float(jump.max()), self._limits.max_branch_jump, 'rad', f'{joint}, step {step}')])
        return positions

    def _arm_motion(self, here: np.ndarray, waypoints: list[Waypoint]) -> ArmMotion:
        joints = len(here)
        motion = parameterise(
            here, waypoints, self._limits.velocity_share * self.robot.velocity_limits,
            np.full(joints, self._limits.max_acceleration), np.full(joints, self._limits.max_jerk))
        fastest = max(safety.tool_speeds(arm.kinematics, motion.of(own)).max()
                      for arm, own in zip(self.robot.arms, self.robot.joints, strict=True))
        return motion.slowed(min(self._speed_scaling, self._limits.max_tool_speed / max(fastest, 1e-9)))

    def _check_motion(self, segments: list[ArmMotion | GripperMotion]) -> None:
        violations: list[Violation] = []
        for motion in segments:
            if isinstance(motion, GripperMotion):
                continue
            for number, (arm, joints) in enumerate(zip(self.robot.arms, self.robot.joints, strict=True)):
                own = motion.of(joints)
                violations += safety.check_joints(arm.kinematics, own, self._limits)
                violations += self._of_arm(number, safety.check_tool(arm.kinematics, own, self._limits))
            violations += safety.check_clearance(
                self.robot.clearance, motion.times[::CLEARANCE_EVERY], motion.positions[::CLEARANCE_EVERY],
                self._limits)
        if violations:
            raise PlanRejected(violations)

    def _of_arm(self, number: int, violations: list[Violation]) -> list[Violation]:
        """Name the gripper in violations of its plan, where there are several."""
        if len(self.robot.arms) == 1:
            return violations
        gripper = self.robot.arms[number].gripper.name
        return [replace(violation, where=f'{violation.where} of {gripper}'.strip()) for violation in violations]


class _Way:
    """Where one arm is when: it moves evenly, in joint space, from one waypoint to the next, and rests after the last.

    waypoints: seconds of the plan and positions (J,) rad.
    """

    def __init__(self, waypoints: list[tuple[float, np.ndarray]]) -> None:
        times, positions = zip(*waypoints, strict=True)
        self.times, self.positions = np.array(times), np.stack(positions)

    def at(self, times: np.ndarray) -> np.ndarray:
        """Return positions (N, J) at times (N,)."""
        return np.stack([np.interp(times, self.times, joint) for joint in self.positions.T], axis=1)


def _in_common_time(ways: list[_Way]) -> list[Waypoint]:
    """Return waypoints of all arms wherever one of them has one, from when the first of them moves."""
    times = np.unique(np.concatenate([way.times for way in ways]))
    positions = np.concatenate([way.at(times) for way in ways], axis=1)
    moves = np.flatnonzero((positions != positions[0]).any(axis=1))
    if not len(moves):
        return []
    intervals = np.diff(times)
    return [Waypoint(intervals[k - 1], positions[k]) for k in range(moves[0], len(times))]


def _stretches(closed: np.ndarray, state: Sequence[bool]) -> Iterator[tuple[slice, tuple[bool | None, ...]]]:
    """Yield the steps up to each change of a gripper, and to what each changes then (None: it does not).

    closed: (G, T) bool; state: whether each gripper is closed before the first step.
    """
    begin, before = 0, np.array(state)
    for step, now in enumerate(closed.T):
        if (now != before).any():
            yield slice(begin, step + 1), tuple(
                new if new != old else None for new, old in zip(now.tolist(), before.tolist(), strict=True))
            begin, before = step + 1, now
    if begin < closed.shape[1]:
        yield slice(begin, closed.shape[1]), (None,) * len(closed)


def _rests(poses: np.ndarray) -> list[slice]:
    """Split poses (N, 4, 4) where they leave the deadband around the first of their group."""
    starts = [0]
    for k in range(1, len(poses)):
        distance, turn = pose_distance(poses[starts[-1]], poses[k])
        if distance > DEADBAND[0] or turn > DEADBAND[1]:
            starts.append(k)
    return [slice(begin, end) for begin, end in zip(starts, [*starts[1:], len(poses)], strict=True)]


def _representative(poses: np.ndarray) -> np.ndarray:
    """Return the pose (4, 4) to go to for poses (N, 4, 4) of one group: the last, or the average of a dwell."""
    if len(poses) < DWELL_STEPS:
        return poses[-1]
    return make_pose(Rotation.from_matrix(poses[:, :3, :3]).mean(), np.median(poses[:, :3, 3], axis=0))
