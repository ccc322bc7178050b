# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot's state at the stamp of an observation, for engines that need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.time import Time

from robot4d_core.errors import ObservationError
from robot4d_core.observation import RobotState
from robot4d_core.robot.names import ArmNames
from robot4d_core.robot.robot import Robot
from robot4d_core.robot.robot_file import read_base_frame
from robot4d_nodes.conversions import moment, time_to_message
from robot4d_nodes.diagnostics import OK, WARN, Health
from robot4d_nodes.joint_history import JointHistory
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.parameters import parameter
from robot4d_nodes.robot_description_source import DescriptionParameters, find_robot_description
from robot4d_nodes.transform_memory import TransformMemory

_MEMORY = 30.0  # seconds of tf and joint states that are remembered; longer than an observation may be old
_HEALTH = 'pose of the reference camera'


@dataclass(frozen=True)
class RobotParameters(DescriptionParameters):
    """The robot, as robot.yaml names it for all nodes, and how long its state is waited for."""

    base_frame: str = parameter(
        read_base_frame(), 'Frame of the robot that does not move; the reference camera is calibrated to it',
        at_configure=True)
    state_timeout: float = parameter(
        1.0, "How long to wait for the robot's state at an observation before a newer one is taken, seconds of wall "
        'time', low=0.0, high=30.0)
    joint_state_tolerance: float = parameter(
        0.1, 'Largest time between the observation and the joint states that tell of it, seconds', low=0.001, high=1.0)


class RobotStateInput:
    """Listens to joint_states and tf from construction until the node's cleanup. Nothing of the second camera.

    robot: whose state it is.
    """

    def __init__(
        self, node: Robot4dNode, settings: RobotParameters, arms: Sequence[ArmNames], max_silence: float
    ) -> None:
        """Read the robot description, whose joints are told of; raises RobotDescriptionError when it lacks one.

        max_silence: wall-clock seconds after which joint_states count as stale in /diagnostics.
        """
        description = find_robot_description(node, settings, arms=len(arms))
        self.robot = Robot(description, tuple(arms), settings.base_frame)
        needed = [joint for arm in arms for joint in arm.all_joints]
        self._node, self._base, self._frame = node, settings.base_frame, ''
        self._joints = JointHistory(node, needed, _MEMORY, max_silence, others=description.joints)
        self._transforms = TransformMemory(node, _MEMORY)
        node.diagnostics.add(_HEALTH, self._health)
        node.configured.callback(node.diagnostics.remove, _HEALTH)

    def state_at(self, stamp: float, frame_id: str, tolerance: float, timeout: float) -> RobotState:
        """Return the robot at a stamp, seconds of the ROS clock; frame_id: optical frame of the reference camera.

        tolerance: see JointHistory. Joint states and tf that are not there yet are waited for, each up to timeout
        seconds of wall time. Raises ObservationError that says what is missing.
        """
        self._frame = frame_id
        joints = self._joints.positions_at(stamp, tolerance, timeout)
        time = moment(time_to_message(stamp))
        try:
            return RobotState(joints, self._transforms.pose_at(self._base, frame_id, time, timeout))
        except ObservationError as error:
            raise ObservationError(
                f"{error}; publish the reference camera's extrinsic (tf2_ros static_transform_publisher), and see that "
                f"base_frame '{self._base}' is a frame of tf") from error

    def _health(self) -> Health:
        if not self._frame:
            return Health(WARN, 'no observation yet')
        known, reason = self._transforms.can_transform(self._base, self._frame, Time(), return_debug_tuple=True)
        return Health(OK, f"'{self._frame}' is known in '{self._base}'") if known else Health(WARN, reason)
