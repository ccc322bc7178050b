# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One arm of the simulated cell with its gripper."""

from __future__ import annotations

import mujoco
import numpy as np

from robot4d_core.cell.model import ARM_DAMPING, ARM_STIFFNESS, COMMAND_SMOOTHING
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.names import ArmNames

SERVO_LAG = ARM_DAMPING / ARM_STIFFNESS + COMMAND_SMOOTHING  # seconds, of each joint behind its command


class CellArm:
    """Reads and commands one arm of a cell.

    The arm follows position commands with velocity feed-forward, gravity compensated, within the effort limits of the
    robot description. home: the joint angles (7,) at which it rests before and after a task; home_pose: T_world_tcp
    (4, 4) there.
    """

    def __init__(
        self, names: ArmNames, gripper: Gripper, home: np.ndarray, model: mujoco.MjModel, data: mujoco.MjData,
    ) -> None:
        self.names, self.gripper, self.home = names, gripper, home
        self._model, self._data = model, data
        joints = [model.joint(name) for name in names.joints]
        servos = [model.actuator(name) for name in names.joints]
        self._positions = np.array([joint.qposadr[0] for joint in joints])
        self._velocities = np.array([joint.dofadr[0] for joint in joints])
        self._commands = np.array([servo.id for servo in servos])
        self._smoothed = np.array([servo.actadr[0] for servo in servos])
        self._fingers = np.array([model.joint(name).qposadr[0] for name in gripper.moving_joints])
        self._finger_commands = np.array([model.actuator(name).id for name in gripper.moving_joints])
        self.home_pose = self._tcp_at_home()

    @property
    def positions(self) -> np.ndarray:
        """Joint angles (7,) in radians."""
        return self._data.qpos[self._positions]

    @property
    def velocities(self) -> np.ndarray:
        """Joint velocities (7,) in radians per second."""
        return self._data.qvel[self._velocities]

    @property
    def commands(self) -> np.ndarray:
        """The joint angles (7,) in radians that the servos follow."""
        return self._data.ctrl[self._commands]

    @property
    def finger_positions(self) -> np.ndarray:
        """The positions of the driven finger joints, by name in names.gripper.finger_joints, rad or metres."""
        return self._data.qpos[self._fingers[:len(self.names.gripper.finger_joints)]]

    @property
    def gripper_opening(self) -> float:
        """Metres between the finger pads."""
        return self._opening(self.finger_positions)

    @property
    def gripper_command(self) -> float:
        """The distance between the finger pads that the gripper was told to reach, in metres."""
        return self._opening(self._data.ctrl[self._finger_commands])

    @property
    def is_open(self) -> bool:
        """Whether the gripper is open, as far as the tasks' experts care."""
        return self.gripper_opening >= 0.9 * self.gripper.open_width

    @property
    def is_home(self) -> bool:
        """Whether the tool is where it rests before and after a task, to 5 cm and 0.2 rad."""
        distance, turn = pose_distance(self.home_pose, self.gripper_pose())
        return distance < 0.05 and turn < 0.2

    def command(self, positions: np.ndarray, velocities: np.ndarray | None = None) -> None:
        """Set what the servos follow: positions (7,) rad, and velocities (7,) rad/s unless at rest."""
        feed_forward = 0.0 if velocities is None else SERVO_LAG * velocities
        self._data.ctrl[self._commands] = positions + feed_forward

    def command_gripper(self, opening: float) -> None:
        """Set the distance between the finger pads to reach, in metres; raises GripperError out of its range."""
        self._data.ctrl[self._finger_commands] = self.gripper.moving_positions(opening)

    def gripper_pose(self) -> np.ndarray:
        """Return T_world_tcp (4, 4)."""
        tcp = self._data.body(self.names.gripper.tcp)
        return make_pose(tcp.xmat.reshape(3, 3), tcp.xpos)

    def fingers_touching(self, name: str) -> int:
        """Return how many of the two fingers touch an object."""
        body = self._model.body(name).id
        pairs = self._model.geom_bodyid[self._data.contact.geom]
        return sum(
            bool(((pairs == body).any(axis=1) & (pairs == self._model.body(finger).id).any(axis=1)).any())
            for finger in self.names.gripper.fingers
        )

    def put(self, positions: np.ndarray) -> None:
        """Set the joint angles (7,) at once, at rest, with the gripper open."""
        self._data.qpos[self._positions] = positions
        self._data.qpos[self._fingers] = self.gripper.moving_positions(self.gripper.open_width)
        self.command(positions)
        self._data.act[self._smoothed] = positions
        self.command_gripper(self.gripper.open_width)

    def _opening(self, positions: np.ndarray) -> float:
        return self.gripper.opening(dict(zip(self.names.gripper.finger_joints, positions)))

    def _tcp_at_home(self) -> np.ndarray:
        data = mujoco.MjData(self._model)
        data.qpos[self._positions] = self.home
        mujoco.mj_kinematics(self._model, data)
        tcp = data.body(self.names.gripper.tcp)
        return make_pose(tcp.xmat.reshape(3, 3), tcp.xpos)
