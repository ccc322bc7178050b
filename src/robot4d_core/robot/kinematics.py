# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the tool of an arm is, and how its joints get it there (Pinocchio)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import pinocchio as pin

from robot4d_core.errors import InverseKinematicsError, RobotDescriptionError
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.joint_map import JointMap

_ITERATIONS = 200
_RESTARTS, _RESTART_ITERATIONS = 60, 40
_STALLED = 1e-4  # rad, a step from which no progress comes: joints at their limits hold the arm
_DAMPING = 1e-3
_POSTURE_GAIN = 0.05  # per iteration
_LARGEST_STEP = 0.3  # rad per iteration
_POSITION_TOLERANCE = 5e-4  # metres
_ROTATION_TOLERANCE = 2e-3  # rad


class ArmKinematics:
    """One arm of a robot description; joints that are not its own are held at 0, mimic joints follow theirs.

    joint_names: in any order, which is that of positions (J,), rad, or metres of prismatic joints; all joints that
    move the tip. Poses are T_base_tip (4, 4); base_frame must not move. velocity_limits: of joints whose limit is to be
    another one than in the description, rad/s or m/s.
    Raises RobotDescriptionError that names what is missing, moves or does not fit.
    """

    def __init__(
        self,
        description: RobotDescription,
        joint_names: Sequence[str],
        tip_frame: str,
        base_frame: str = 'world',
        velocity_limits: Mapping[str, float] | None = None,
    ) -> None:
        self.joint_names, self.tip_frame = tuple(joint_names), tip_frame
        self._joints = JointMap(description, self.joint_names)
        self._base, self._tip = description.require_still(base_frame), description.require_link(tip_frame)
        _check_chain(description, self.joint_names, tip_frame)
        self._description, self._velocity_limits = description, velocity_limits or {}
        self._model, self._data = description.model, description.model.createData()
        self._low, self._high = np.array([description.position_limits(name) for name in self.joint_names]).T
        pin.framesForwardKinematics(self._model, self._data, pin.neutral(self._model))
        self._T_root_base = self._data.oMf[self._base].copy()

    @property
    def position_limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper joint limits (J,), rad; infinite for continuous joints."""
        return self._low.copy(), self._high.copy()

    @cached_property
    def middle(self) -> np.ndarray:
        """The middle (J,) of the joint limits, rad; 0 for continuous joints."""
        return np.where(self.continuous, 0.0, (self._low, self._high)).mean(axis=0)

    @property
    def velocity_limits(self) -> np.ndarray:
        """Joint speed limits (J,), rad/s; raises RobotDescriptionError that names a joint without one."""
        return np.array([self.velocity_limit(name) for name in self.joint_names])

    def velocity_limit(self, joint: str) -> float:
        """Return the speed limit of one joint, rad/s; raises RobotDescriptionError when it has none."""
        return self._velocity_limits.get(joint) or self._description.velocity_limit(joint)

    @property
    def continuous(self) -> np.ndarray:
        """Which joints (J,) turn without limits: a whole turn brings them to where they were."""
        return np.isinf(self._low)

    def fk(self, positions: np.ndarray) -> np.ndarray:
        """Return T_base_tip (4, 4) at joint positions (J,)."""
        pin.forwardKinematics(self._model, self._data, self._joints.configuration(positions))
        return self._T_root_base.actInv(pin.updateFramePlacement(self._model, self._data, self._tip)).homogeneous

    def jacobian(self, positions: np.ndarray) -> np.ndarray:
        """Return (6, J) at joint positions (J,): what joint speeds make the tip's speed and turn rate in base_frame."""
        world = self._jacobian(positions, pin.LOCAL_WORLD_ALIGNED)
        turn = self._T_root_base.rotation.T
        return np.concatenate([turn @ world[:3], turn @ world[3:]])

    def ik(self, pose: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Return joint positions (J,) that bring the tip to pose, within the joint limits and if possible near seed.

        Damped least squares (Nakamura and Hanafusa 1986); what the goal leaves free goes to the middle of the joint
        ranges (Liegeois 1977), so that the arm does not drift into postures from which it cannot go on. Where that
        ends beside the goal it begins again from positions drawn at random, the same for every call (as TRAC-IK does,
        Beeson and Ames 2015). Raises InverseKinematicsError when the pose is out of reach.
        """
        goal, seed = self._T_root_base * pin.SE3(pose), np.asarray(seed, float)
        nearest = np.full(6, np.inf)
        for start, gain, iterations in self._starts(seed):
            positions, error = self._descend(goal, start, gain, iterations)
            if self._close(error):
                return self._near(positions, seed)
            nearest = min(nearest, error, key=np.linalg.norm)
        distance, angle = float(np.linalg.norm(nearest[:3])), float(np.linalg.norm(nearest[3:]))
        few = '' if len(seed) > 5 else f'; with {len(seed)} joints not every orientation is within reach'
        raise InverseKinematicsError(
            f'the arm cannot bring {self.tip_frame} to {np.round(pose[:3, 3], 3)} m: '
            f'it misses by {1e3 * distance:.0f} mm and {np.degrees(angle):.1f} degrees; '
            f'is the goal within reach, and is the extrinsic of the reference camera right?{few}', distance, angle)

    def _starts(self, seed: np.ndarray) -> Iterator[tuple[np.ndarray, float, int]]:
        """Yield where to descend from, the gain towards the middle, and iterations: the seed, then random positions."""
        yield seed, _POSTURE_GAIN, _ITERATIONS
        yield seed, 0.0, _ITERATIONS
        rng = np.random.default_rng(0)
        low, high = np.where(self.continuous, -np.pi, self._low), np.where(self.continuous, np.pi, self._high)
        for _ in range(_RESTARTS):
            yield rng.uniform(low, high), 0.0, _RESTART_ITERATIONS

    def _descend(
        self, goal: pin.SE3, positions: np.ndarray, gain: float, iterations: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Iterate from positions (J,) towards goal; gain: of the way to the middle. Returns what is missing, too."""
        gains = np.where(self.continuous, 0.0, gain)
        for _ in range(iterations):
            error, jacobian = self._linearised(goal, positions)
            if self._close(error):
                break
            inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + _DAMPING**2 * np.eye(6))
            to_middle = gains * (self.middle - positions)
            step = inverse @ (error - jacobian @ to_middle) + to_middle
            step *= min(1.0, _LARGEST_STEP / max(np.abs(step).max(), 1e-12))
            before, positions = positions, np.clip(positions + step, self._low, self._high)
            if np.abs(positions - before).max() < _STALLED:
                break
        return positions, error

    def _linearised(self, goal: pin.SE3, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how the tip misses the goal (6,), in its own frame, and the derivative (6, J) of its placement."""
        jacobian = self._jacobian(positions, pin.LOCAL)
        tip = pin.updateFramePlacement(self._model, self._data, self._tip)
        return pin.log(tip.actInv(goal)).vector, jacobian

    def _jacobian(self, positions: np.ndarray, frame: pin.ReferenceFrame) -> np.ndarray:
        pin.computeJointJacobians(self._model, self._data, self._joints.configuration(positions))
        return pin.getFrameJacobian(self._model, self._data, self._tip, frame) @ self._joints.matrix

    def _near(self, positions: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Return positions with continuous joints less than half a turn away from seed."""
        turns = np.where(self.continuous, np.round((seed - positions) / (2 * np.pi)), 0.0)
        return positions + 2 * np.pi * turns

    @staticmethod
    def _close(error: np.ndarray) -> bool:
        return np.linalg.norm(error[:3]) < _POSITION_TOLERANCE and np.linalg.norm(error[3:]) < _ROTATION_TOLERANCE


def _check_chain(description: RobotDescription, joints: Sequence[str], tip: str) -> None:
    """Raise RobotDescriptionError unless the joints are those that move the tip, and each can move."""
    moved_by = [description.mimicked_by(name) or name for name in description.joints_above(tip)]
    for name in joints:
        if name not in moved_by:
            raise RobotDescriptionError(
                f"joint '{name}' does not move '{tip}', what does is: {', '.join(moved_by) or 'nothing'}; correct "
                'joint_names or tcp_frame')
        if not np.less(*description.position_limits(name)):
            raise RobotDescriptionError(
                f"joint '{name}' cannot move: its limits are {description.position_limits(name)}; correct its <limit>")
    if others := [name for name in moved_by if name not in joints]:
        raise RobotDescriptionError(
            f"joint '{others[0]}' moves '{tip}', but is not in joint_names; add it, or use a description in which it "
            'is fixed')
