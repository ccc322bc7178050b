# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the tool of an arm is, and how its joints get it there (Pinocchio)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pinocchio as pin

from robot4d_core.errors import InverseKinematicsError
from robot4d_core.robot.description import RobotDescription

_ITERATIONS = 200
_DAMPING = 1e-3
_POSTURE_GAIN = 0.05  # per iteration
_LARGEST_STEP = 0.3  # rad per iteration
_POSITION_TOLERANCE = 5e-4  # metres
_ROTATION_TOLERANCE = 2e-3  # rad


class ArmKinematics:
    """One arm of a robot description; joints that are not its own are held at 0.

    joint_names: from the base to the tip. Poses are T_base_tip (4, 4); base_frame must not move.
    Raises RobotDescriptionError when a frame or joint is missing.
    """

    def __init__(
        self,
        description: RobotDescription,
        joint_names: Sequence[str],
        tip_frame: str,
        base_frame: str = 'world',
    ) -> None:
        self.joint_names = tuple(joint_names)
        free = {description.require_joint(name) for name in self.joint_names}
        for frame in (base_frame, tip_frame):
            description.require_link(frame)
        full = description.model
        locked = [number for number in range(1, full.njoints) if number not in free]
        self._model = pin.buildReducedModel(full, locked, description.configuration({}))
        self._base = self._model.getFrameId(base_frame)
        self._tip = self._model.getFrameId(tip_frame)
        self._data = self._model.createData()

    @property
    def position_limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper joint limits (J,), rad."""
        return self._model.lowerPositionLimit.copy(), self._model.upperPositionLimit.copy()

    @property
    def velocity_limits(self) -> np.ndarray:
        """Joint speed limits (J,), rad/s."""
        return self._model.velocityLimit.copy()

    def fk(self, positions: np.ndarray) -> np.ndarray:
        """Return T_base_tip (4, 4) at joint positions (J,), rad."""
        pin.framesForwardKinematics(self._model, self._data, np.asarray(positions, float))
        return self._data.oMf[self._base].actInv(self._data.oMf[self._tip]).homogeneous

    def jacobian(self, positions: np.ndarray) -> np.ndarray:
        """Return (6, J) at joint positions (J,): what joint speeds make the tip's speed and turn rate in base_frame."""
        positions = np.asarray(positions, float)
        world = pin.computeFrameJacobian(self._model, self._data, positions, self._tip, pin.LOCAL_WORLD_ALIGNED)
        pin.updateFramePlacements(self._model, self._data)
        turn = self._data.oMf[self._base].rotation.T
        return np.concatenate([turn @ world[:3], turn @ world[3:]])

    def ik(self, pose: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Return joint positions (J,) that bring the tip to pose, near seed and within the joint limits.

        Damped least squares (Nakamura and Hanafusa 1986); what the goal leaves free goes to the middle of the joint
        ranges (Liegeois 1977), so that the arm does not drift into postures from which it cannot go on.
        Raises InverseKinematicsError when the pose is out of reach.
        """
        goal = self._base_placement() * pin.SE3(pose)
        for gain in (_POSTURE_GAIN, 0.0):
            positions, error = self._descend(goal, np.asarray(seed, float), gain)
            if self._close(error):
                return positions
        distance, angle = float(np.linalg.norm(error[:3])), float(np.linalg.norm(error[3:]))
        raise InverseKinematicsError(
            f'the arm cannot bring {self._model.frames[self._tip].name} to {np.round(pose[:3, 3], 3)} m: '
            f'it misses by {1e3 * distance:.0f} mm and {np.degrees(angle):.1f} degrees; '
            'is the goal within reach, and is the extrinsic of the reference camera right?', distance, angle)

    def _descend(self, goal: pin.SE3, positions: np.ndarray, gain: float) -> tuple[np.ndarray, np.ndarray]:
        """Iterate from positions (J,) towards goal; gain: of the way to the middle. Returns what is missing, too."""
        low, high = self.position_limits
        for _ in range(_ITERATIONS):
            error = self._error(positions, goal)
            if self._close(error):
                break
            jacobian = pin.computeFrameJacobian(self._model, self._data, positions, self._tip, pin.LOCAL)
            inverse = jacobian.T @ np.linalg.inv(jacobian @ jacobian.T + _DAMPING**2 * np.eye(6))
            to_middle = gain * ((low + high) / 2 - positions)
            step = inverse @ (error - jacobian @ to_middle) + to_middle
            step *= min(1.0, _LARGEST_STEP / max(np.abs(step).max(), 1e-12))
            positions = np.clip(positions + step, low, high)
        return positions, error

    def _base_placement(self) -> pin.SE3:
        pin.framesForwardKinematics(self._model, self._data, pin.neutral(self._model))
        return pin.SE3(self._data.oMf[self._base])

    def _error(self, positions: np.ndarray, goal: pin.SE3) -> np.ndarray:
        pin.framesForwardKinematics(self._model, self._data, positions)
        return pin.log(self._data.oMf[self._tip].actInv(goal)).vector

    @staticmethod
    def _close(error: np.ndarray) -> bool:
        return np.linalg.norm(error[:3]) < _POSITION_TOLERANCE and np.linalg.norm(error[3:]) < _ROTATION_TOLERANCE
