# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A scripted expert that carries out the cell's task with all its arms.

It keeps no plan of the whole task: whenever one stage ends, the task decides the next one from the present state of
the cell. So an expert can take over at any moment, from anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from robot4d_core.cell.cell_arm import CellArm
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.tasks.task import Stage
from robot4d_core.errors import ExpertError
from robot4d_core.geometry.poses import make_pose, pose_distance

TICK = 0.02  # seconds between two commands
PEAK_SPEED = 0.25  # metres per second of the tool
PEAK_TURN = 0.9  # radians per second of the tool
PEAK_JOINT_SPEED = 1.2  # radians per second, in joint space
FASTEST_JOINT = 2.0  # radians per second; a straight line that needs more is slowed down
MINIMUM_JERK_PEAK = 1.875  # peak over mean speed of a minimum-jerk motion
SHORTEST_MOTION = 0.4  # seconds
IK_STEP = 0.05  # seconds of motion between two solutions
IK_TOLERANCE = 0.008  # metres and radians


@dataclass(frozen=True)
class _Motion:
    """Joint positions (N, 7) and velocities (N, 7) at times (N,) since the start of the stage."""

    times: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray

    @classmethod
    def through(cls, times: np.ndarray, positions: np.ndarray) -> _Motion:
        velocities = np.gradient(positions, times, axis=0)
        velocities[[0, -1]] = 0.0
        return cls(times, positions, velocities)

    @property
    def duration(self) -> float:
        return float(self.times[-1])

    def at(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        columns = np.concatenate([self.positions, self.velocities], axis=1).T
        both = np.array([np.interp(time, self.times, column) for column in columns])
        return both[:7], both[7:]


class Expert:
    """Drives a cell.

    perturbation: standard deviation, metres, by which it misses waypoints in free space; needs rng.
    """

    def __init__(
        self, cell: RobotCell, *, perturbation: float = 0.0, rng: np.random.Generator | None = None
    ) -> None:
        self.cell = cell
        self._drivers = [_ArmDriver(cell, arm, perturbation, rng) for arm in cell.arms]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stage under way of each arm."""
        return tuple(driver.stage for driver in self._drivers)

    @property
    def done(self) -> bool:
        """Whether every arm has done its part."""
        return all(stage.name == 'hold' for stage in self.stages)

    def advance(self, seconds: float) -> None:
        """Command and simulate the cell for a while; raises ExpertError when a stage is out of an arm's reach."""
        for _ in range(round(seconds / TICK)):
            for driver in self._drivers:
                driver.command()
            self.cell.advance(TICK)


class _ArmDriver:
    """Takes one arm from stage to stage."""

    def __init__(self, cell: RobotCell, arm: CellArm, perturbation: float, rng: np.random.Generator | None) -> None:
        self._cell, self._arm = cell, arm
        self._perturbation, self._rng = perturbation, rng
        self._kinematics = ToolKinematics(cell.model, arm)
        self._begin()

    def command(self) -> None:
        elapsed = self._cell.time - self._started
        if elapsed >= self._motion.duration + self.stage.rest - TICK / 2:
            self._begin()
            elapsed = 0.0
        arrived = elapsed >= self._motion.duration - TICK / 2
        self._arm.command(*self._motion.at(min(elapsed + TICK, self._motion.duration)))
        if arrived and self.stage.opening is not None:
            self._arm.command_gripper(self.stage.opening)

    def _begin(self) -> None:
        self.stage: Stage = self._cell.task.next_stage(self._cell, self._arm)
        self._motion = self._plan(self.stage)
        self._started = self._cell.time

    def _plan(self, stage: Stage) -> _Motion:
        start = self._arm.commands
        if stage.positions is not None:
            duration = _duration(np.abs(stage.positions - start).max() / PEAK_JOINT_SPEED)
            times = np.linspace(0, duration, int(np.ceil(duration / IK_STEP)) + 1)
            return _Motion.through(times, start + minimum_jerk(times / duration)[:, None] * (stage.positions - start))
        if stage.pose is None:
            return _Motion(np.zeros(1), start[None], np.zeros((1, 7)))
        return self._plan_straight_line(start, self._perturbed(stage))

    def _plan_straight_line(self, start: np.ndarray, goal: np.ndarray) -> _Motion:
        begin = self._kinematics.tcp(start)
        distance, angle = pose_distance(begin, goal)
        duration = _duration(max(distance / PEAK_SPEED, angle / PEAK_TURN))
        times = np.linspace(0, duration, int(np.ceil(duration / IK_STEP)) + 1)
        fractions = minimum_jerk(times / duration)
        rotations = Slerp([0, 1], Rotation.from_matrix(np.stack([begin[:3, :3], goal[:3, :3]])))(fractions)
        positions = [start]
        for fraction, rotation in zip(fractions[1:], rotations[1:], strict=True):
            target = make_pose(rotation, begin[:3, 3] + fraction * (goal - begin)[:3, 3])
            positions.append(self._kinematics.solve(target, positions[-1]))
        motion = _Motion.through(times, np.array(positions))
        fastest = np.abs(motion.velocities).max()
        if fastest <= FASTEST_JOINT:
            return motion
        return _Motion.through(times * fastest / FASTEST_JOINT, motion.positions)

    def _perturbed(self, stage: Stage) -> np.ndarray:
        if stage.precise or not self._perturbation:
            return stage.pose
        return make_pose(stage.pose[:3, :3], stage.pose[:3, 3] + self._rng.normal(0, self._perturbation, 3))


def _duration(time_at_peak_speed: float) -> float:
    return max(MINIMUM_JERK_PEAK * time_at_peak_speed, SHORTEST_MOTION)


def minimum_jerk(fraction: np.ndarray) -> np.ndarray:
    """Map time in [0, 1] to progress in [0, 1], at rest at both ends (Flash and Hogan 1985)."""
    return fraction**3 * (10 - 15 * fraction + 6 * fraction**2)


class ToolKinematics:
    """Where an arm's tool is, and how it gets elsewhere.

    Damped least-squares inverse kinematics; the free seventh degree of freedom stays close to home.
    """

    def __init__(self, model: mujoco.MjModel, arm: CellArm) -> None:
        self._model, self._home = model, arm.home
        self._data = mujoco.MjData(model)
        self._tcp = model.body(arm.names.gripper.tcp).id
        joints = [model.joint(name) for name in arm.names.joints]
        self._positions = np.array([joint.qposadr[0] for joint in joints])
        self._dofs = np.array([joint.dofadr[0] for joint in joints])
        self._low, self._high = np.array([joint.range for joint in joints]).T

    def tcp(self, positions: np.ndarray) -> np.ndarray:
        """Return T_world_tcp (4, 4) at joint positions (7,)."""
        self._data.qpos[self._positions] = positions
        mujoco.mj_kinematics(self._model, self._data)
        return make_pose(self._data.xmat[self._tcp].reshape(3, 3), self._data.xpos[self._tcp])

    def solve(self, target: np.ndarray, guess: np.ndarray) -> np.ndarray:
        """Return joint positions (7,) that bring the tool to target, near guess (7,); raises ExpertError."""
        positions = guess.copy()
        jacobian = np.zeros((6, self._model.nv))
        for _ in range(30):
            current = self.tcp(positions)
            error = np.concatenate([
                target[:3, 3] - current[:3, 3],
                Rotation.from_matrix(target[:3, :3] @ current[:3, :3].T).as_rotvec(),
            ])
            if np.abs(error).max() < 0.1 * IK_TOLERANCE:
                break
            mujoco.mj_comPos(self._model, self._data)
            mujoco.mj_jacBody(self._model, self._data, jacobian[:3], jacobian[3:], self._tcp)
            j = jacobian[:, self._dofs]
            inverse = j.T @ np.linalg.inv(j @ j.T + 1e-5 * np.eye(6))
            towards_home = 0.1 * (self._home - positions)
            step = inverse @ error + towards_home - inverse @ (j @ towards_home)
            positions = np.clip(positions + step, self._low, self._high)
        if np.abs(error).max() > IK_TOLERANCE:
            raise ExpertError(
                f'the arm cannot reach {np.round(target[:3, 3], 3)} m with this orientation '
                f'(misses it by {np.abs(error).max():.3f} m or rad); reset the cell')
        return positions
