# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From a gripper plan to motion: inverse kinematics per step, time by Ruckig, checks before anything is returned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ruckig import InputParameter, Result, Ruckig, Trajectory

from robot4d_core.errors import InverseKinematicsError, PlanRejected
from robot4d_core.executor import safety
from robot4d_core.executor.kinematics import ArmKinematics
from robot4d_core.executor.safety import SafetyLimits, Violation
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.gripper_plan import GripperPlan

SAMPLE_PERIOD = 0.02  # seconds
CLEARANCE_EVERY = 5  # samples
DEADBAND = (0.004, np.deg2rad(1.5))  # metres and radians: the tracker's noise on a gripper at rest
CLOSED_BELOW = 0.04  # metres: a gripper that is open less than this counts as closed when a plan begins
GRIP = 0.0  # metres: to grasp is to close until the object stops the fingers


@dataclass(frozen=True)
class ArmMotion:
    """Joint motion that begins and ends at rest. times: (N,) s from 0; positions, velocities, accelerations: (N, J)."""

    times: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    accelerations: np.ndarray

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.times[-1])


@dataclass(frozen=True)
class GripperMotion:
    """Move the fingers to an opening, metres between the pads; 0 is to grasp."""

    opening: float


@dataclass(frozen=True)
class MotionPlan:
    """What to do, in order; every check has passed."""

    segments: tuple[ArmMotion | GripperMotion, ...]

    @property
    def duration(self) -> float:
        """Seconds of arm motion."""
        return sum(segment.duration for segment in self.segments if isinstance(segment, ArmMotion))


@dataclass(frozen=True)
class _Waypoint:
    time: float  # least seconds since the waypoint before
    positions: np.ndarray


class MotionPlanner:
    """Plans for one arm with one gripper, which it opens fully or closes until an object stops it, as the method does.

    speed_scaling: (0, 1], stretches every motion in time; open_width: of the open gripper, metres.
    """

    def __init__(
        self, kinematics: ArmKinematics, limits: SafetyLimits | None = None, speed_scaling: float = 1.0,
        open_width: float = 0.08,
    ) -> None:
        self._kinematics = kinematics
        self._limits = limits or SafetyLimits()
        self._speed_scaling = speed_scaling
        self._open_width = open_width

    def plan(
        self,
        plan: GripperPlan,
        base_from_camera: np.ndarray,
        measured_positions: np.ndarray,
        measured_opening: float,
        *,
        max_steps: int = 0,
    ) -> MotionPlan:
        """Return motion from where the arm is along the first max_steps steps of a plan (0: all).

        base_from_camera: T_base_camera (4, 4) of the plan's frame; measured_positions: (J,) rad;
        measured_opening: metres. The arm comes to rest wherever the gripper closes or opens.
        Raises PlanRejected with every violation.
        """
        if violations := safety.check_plan(plan, self._limits):
            raise PlanRejected(violations)
        poses = base_from_camera @ plan.poses[:max_steps or None]
        closed = plan.closed[:len(poses)]
        self._check_poses(poses, measured_positions)
        solutions = self._solve(poses, measured_positions)
        intervals = np.diff(plan.time_from_start[:len(poses)], prepend=0.0)

        segments: list[ArmMotion | GripperMotion] = []
        here, last_pose = np.asarray(measured_positions, float), self._kinematics.fk(measured_positions)
        is_closed = measured_opening < CLOSED_BELOW
        waypoints: list[_Waypoint] = []

        def finish_motion() -> None:
            nonlocal here
            if waypoints:
                segments.append(self._parameterise(here, waypoints))
                here = waypoints[-1].positions
                waypoints.clear()

        for k, (pose, positions) in enumerate(zip(poses, solutions, strict=True)):
            distance, turn = pose_distance(last_pose, pose)
            if distance > DEADBAND[0] or turn > DEADBAND[1]:
                waypoints.append(_Waypoint(intervals[k], positions))
                last_pose = pose
            if closed[k] != is_closed:
                finish_motion()
                is_closed = bool(closed[k])
                segments.append(GripperMotion(GRIP if is_closed else self._open_width))
        finish_motion()
        self._check_motion(segments)
        return MotionPlan(tuple(segments))

    def _check_poses(self, poses: np.ndarray, measured_positions: np.ndarray) -> None:
        violations = safety.check_step(
            self._kinematics.fk(measured_positions), poses[0], self._limits, 'the step from the measured pose')
        for step, pose in enumerate(poses, 1):
            violations += safety.check_workspace(pose[:3, 3], self._limits, f'step {step}')
        if violations:
            raise PlanRejected(violations)

    def _solve(self, poses: np.ndarray, seed: np.ndarray) -> list[np.ndarray]:
        solutions = [np.asarray(seed, float)]
        for step, pose in enumerate(poses, 1):
            try:
                solutions.append(self._kinematics.ik(pose, solutions[-1]))
            except InverseKinematicsError as error:
                raise PlanRejected([Violation(f'reach ({error})', 1, 0, 'poses out of reach', f'step {step}')]) from error
            jump = np.abs(solutions[-1] - solutions[-2])
            if jump.max() > self._limits.max_branch_jump:
                joint = self._kinematics.joint_names[int(jump.argmax())]
                raise PlanRejected([Violation(
                    'jump of a joint', float(jump.max()), self._limits.max_branch_jump, 'rad', f'{joint}, step {step}')])
        return solutions[1:]

    def _parameterise(self, start: np.ndarray, waypoints: list[_Waypoint]) -> ArmMotion:
        """Join waypoints by time-synchronised Ruckig legs, at rest at both ends, then stretch by the speed scaling."""
        positions = np.stack([start, *(waypoint.positions for waypoint in waypoints)])
        intervals = np.array([waypoint.time for waypoint in waypoints])
        velocities = _waypoint_velocities(positions, intervals)
        times, samples = [0.0], [(positions[0], velocities[0], np.zeros_like(start))]
        for leg, interval in enumerate(intervals):
            trajectory = self._leg(positions[leg:leg + 2], velocities[leg:leg + 2], interval)
            count = max(2, int(np.ceil(trajectory.duration / SAMPLE_PERIOD)) + 1)
            for elapsed in np.linspace(0.0, trajectory.duration, count)[1:]:
                samples.append(tuple(np.array(x) for x in trajectory.at_time(elapsed)))
            times += list(times[-1] + np.linspace(0.0, trajectory.duration, count)[1:])
        q, dq, ddq = (np.stack(values) for values in zip(*samples, strict=True))
        s = self._speed_scaling
        return ArmMotion(np.array(times) / s, q, dq * s, ddq * s**2)

    def _leg(self, positions: np.ndarray, velocities: np.ndarray, interval: float) -> Trajectory:
        joints = positions.shape[1]
        problem, trajectory = InputParameter(joints), Trajectory(joints)
        problem.current_position, problem.target_position = positions
        problem.current_velocity, problem.target_velocity = velocities
        problem.max_velocity = self._limits.velocity_share * self._kinematics.velocity_limits
        problem.max_acceleration = [self._limits.max_acceleration] * joints
        problem.max_jerk = [self._limits.max_jerk] * joints
        problem.minimum_duration = float(interval)
        result = Ruckig(joints).calculate(problem, trajectory)
        if result not in (Result.Working, Result.Finished):
            raise PlanRejected([Violation(f'time parameterisation ({result})', 1, 0, 'legs without a solution')])
        return trajectory

    def _check_motion(self, segments: list[ArmMotion | GripperMotion]) -> None:
        violations: list[Violation] = []
        for segment in segments:
            if isinstance(segment, ArmMotion):
                violations += safety.check_joints(
                    self._kinematics, segment.positions, segment.velocities, segment.accelerations, self._limits)
                violations += safety.check_tool(self._kinematics, segment.times, segment.positions, self._limits)
                violations += safety.check_clearance(self._kinematics, segment.positions[::CLEARANCE_EVERY], self._limits)
        if violations:
            raise PlanRejected(violations)


def _waypoint_velocities(positions: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    """Choose velocities (N, J) at waypoints (N, J): at rest at the ends and where a joint turns back.

    In between the harmonic mean of the neighbouring slopes, which keeps each joint monotone between waypoints
    (Fritsch and Butland 1984).
    """
    velocities = np.zeros_like(positions)
    slopes = np.diff(positions, axis=0) / intervals[:, None]
    before, after = slopes[:-1], slopes[1:]
    onward = before * after > 0
    with np.errstate(divide='ignore', invalid='ignore'):
        velocities[1:-1] = np.where(onward, 2 * before * after / (before + after), 0.0)
    return velocities
