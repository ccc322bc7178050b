# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From a gripper plan to motion: rests and waypoints, inverse kinematics, time; checks before anything is returned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.errors import InverseKinematicsError, PlanRejected
from robot4d_core.executor import safety
from robot4d_core.executor.motion import ArmMotion, GripperMotion, MotionPlan
from robot4d_core.executor.safety import SafetyLimits, Violation
from robot4d_core.executor.time_parameterisation import Waypoint, parameterise
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.robot.kinematics import ArmKinematics

CLEARANCE_EVERY = 5  # samples
DEADBAND = (0.006, np.deg2rad(2.5))  # metres and radians: the tracker's noise on a gripper at rest
DWELL_STEPS = 3  # within the deadband: the gripper is at rest, not slow
OPEN_SHARE = 0.9  # of the open width; less than that between the pads, and the gripper may be holding something
GRIP = 0.0  # metres: to grasp is to close until the object stops the fingers


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
        measured_opening: metres. The arm comes to rest wherever the gripper closes or opens, and does not follow poses
        that differ by less than DEADBAND. Raises PlanRejected with the violations.
        """
        if violations := safety.check_plan(plan, self._limits):
            raise PlanRejected(violations)
        poses = base_from_camera @ plan.poses[:max_steps or None]
        self._check_poses(poses, measured_positions)
        segments: list[ArmMotion | GripperMotion] = []
        here, time = np.asarray(measured_positions, float), 0.0
        closed_now = measured_opening < OPEN_SHARE * self._open_width
        if closed_now and plan.closed[0]:  # the grip on what it holds may be loose, after a stop for example
            segments.append(GripperMotion(GRIP))
        for steps, closed in _stretches(plan.closed[:len(poses)], closed_now):
            waypoints = self._waypoints(here, poses[steps], plan.time_from_start[steps], time, steps.start)
            if waypoints:
                segments.append(self._arm_motion(here, waypoints))
                here = waypoints[-1].positions
            if closed is not None:
                segments.append(GripperMotion(GRIP if closed else self._open_width))
            time = plan.time_from_start[steps.stop - 1]
        self._check_motion(segments)
        return MotionPlan(tuple(segments))

    def _check_poses(self, poses: np.ndarray, measured_positions: np.ndarray) -> None:
        violations = safety.check_step(
            self._kinematics.fk(measured_positions), poses[0], self._limits, 'step 1, from where the tool is')
        for step, pose in enumerate(poses, 1):
            violations += safety.check_workspace(pose[:3, 3], self._limits, f'step {step}')
        if violations:
            raise PlanRejected(violations)

    def _waypoints(
        self, here: np.ndarray, poses: np.ndarray, times: np.ndarray, start_time: float, first_step: int
    ) -> list[Waypoint]:
        """Solve the joints of one stretch; steps that stay within the deadband share a waypoint, or two: a dwell."""
        waypoints: list[Waypoint] = []
        solution, time = here, start_time
        rests = _rests(np.concatenate([self._kinematics.fk(here)[None], poses]))
        for rest in rests:
            if rest.start == 0:  # still where the stretch begins: there is nothing to wait for
                time = times[rest.stop - 2] if rest.stop > 1 else start_time
                continue
            members = slice(rest.start - 1, rest.stop - 1)
            solution = self._solve(_representative(poses[members]), solution, first_step + members.start + 1)
            waypoints.append(Waypoint(times[members.start] - time, solution))
            time = times[members.start]
            if len(poses[members]) >= DWELL_STEPS and rest is not rests[-1]:
                waypoints.append(Waypoint(times[members.stop - 1] - time, solution))
                time = times[members.stop - 1]
        return waypoints

    def _solve(self, pose: np.ndarray, seed: np.ndarray, step: int) -> np.ndarray:
        try:
            positions = self._kinematics.ik(pose, seed)
        except InverseKinematicsError as error:
            raise PlanRejected([Violation(f'reach: {error}', error.distance, 0, 'm', f'step {step}')]) from error
        jump = np.abs(positions - seed)
        if jump.max() > self._limits.max_branch_jump:
            joint = self._kinematics.joint_names[int(jump.argmax())]
            raise PlanRejected([Violation(
                'jump of a joint', float(jump.max()), self._limits.max_branch_jump, 'rad', f'{joint}, step {step}')])
        return positions

    def _arm_motion(self, here: np.ndarray, waypoints: list[Waypoint]) -> ArmMotion:
        joints = len(here)
        motion = parameterise(
            here, waypoints, self._limits.velocity_share * self._kinematics.velocity_limits,
            np.full(joints, self._limits.max_acceleration), np.full(joints, self._limits.max_jerk))
        fastest = safety.tool_speeds(self._kinematics, motion).max()
        return motion.slowed(min(self._speed_scaling, self._limits.max_tool_speed / max(fastest, 1e-9)))

    def _check_motion(self, segments: list[ArmMotion | GripperMotion]) -> None:
        violations: list[Violation] = []
        for segment in segments:
            if isinstance(segment, ArmMotion):
                violations += safety.check_joints(self._kinematics, segment, self._limits)
                violations += safety.check_tool(self._kinematics, segment, self._limits)
                violations += safety.check_clearance(
                    self._kinematics, segment.positions[::CLEARANCE_EVERY], self._limits)
        if violations:
            raise PlanRejected(violations)


def _stretches(closed: np.ndarray, state: bool) -> Iterator[tuple[slice, bool | None]]:
    """Yield the steps up to each change of the gripper, and to what it changes then; None for the steps after the last.

    closed: (T,) bool; state: whether the gripper is closed before the first step.
    """
    begin = 0
    for step, value in enumerate(closed.tolist()):
        if value != state:
            yield slice(begin, step + 1), value
            begin, state = step + 1, value
    if begin < len(closed):
        yield slice(begin, len(closed)), None


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
