# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the arms of the executor are: by their joint states, which tf must not contradict."""

from __future__ import annotations

import time

import numpy as np
from rclpy.time import Time
from tf2_ros import TransformException

from robot4d_core.errors import ObservationError, PlanRejected
from robot4d_core.executor import safety
from robot4d_core.executor.robot_arms import RobotArms
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.joint_range import joint_ranges
from robot4d_nodes.conversions import moment, time_to_message, transform_from_message
from robot4d_nodes.executor_parameters import ExecutorParameters
from robot4d_nodes.joint_state_input import JointStateInput
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.transform_memory import TransformMemory

_TICK = 0.02  # seconds
_SAME_PLACE, _SAME_TURN = 0.02, 0.1  # metres, rad: of a tool by tf and by kinematics


class MeasuredArms:
    """Listens to joint states and tf until the node's cleanup."""

    def __init__(
        self, node: Robot4dNode, robot: RobotArms, description: RobotDescription, limits: safety.SafetyLimits
    ) -> None:
        """Listen for the arms of a robot."""
        self._node, self._robot = node, robot
        self._fingers = [joint for arm in robot.arms for joint in arm.gripper.names.finger_joints]
        joints = [joint for arm in robot.arms for joint in arm.kinematics.joint_names]
        speeds = dict(zip(joints, robot.velocity_limits, strict=True))
        self.joint_states = JointStateInput(
            node, joint_ranges(description, [*joints, *self._fingers], speeds), self._settings.max_silence)
        self.transforms = TransformMemory(node, limits.max_plan_age + self._settings.tf_timeout)

    @property
    def _settings(self) -> ExecutorParameters:
        return self._node.parameters

    def positions(self) -> tuple[np.ndarray, list[float]]:
        """Return the positions (J,), rad, of all arms, and the grippers' openings, metres; raises ObservationError."""
        positions = self.joint_states.positions()
        arms, fingers = np.split(positions, [self._robot.joints[-1].stop])
        fingers = dict(zip(self._fingers, fingers.tolist(), strict=True))
        return arms, [arm.gripper.opening(fingers) for arm in self._robot.arms]

    def fresh_positions(self, limits: safety.SafetyLimits) -> tuple[np.ndarray, list[float]]:
        """Return positions(); waits a moment for stamps that agree with the clock, then raises PlanRejected.

        Raises ObservationError, too, when tf contradicts them.
        """
        deadline = time.monotonic() + self._settings.state_timeout
        while True:
            measured = self.positions()
            oldest, now = self.joint_states.oldest_stamp(), self._node.seconds_now()
            stale = safety.check_age('joint_states', oldest, now, limits.max_state_age, limits)
            if not stale:
                self._require_kinematics(measured[0])
                return measured
            if time.monotonic() > deadline or self._node.stopping.wait(_TICK):
                raise PlanRejected(stale)

    def base_from_camera(self, frame: str, stamp: float) -> np.ndarray:
        """Return T_base_camera (4, 4) at a stamp; raises ObservationError that names the missing transform."""
        try:
            return self.transforms.pose_at(
                self._settings.base_frame, frame, moment(time_to_message(stamp)), self._settings.tf_timeout)
        except ObservationError as error:
            raise ObservationError(
                f"no transform from the plan's frame '{frame}' to '{self._settings.base_frame}': {error}; "
                "publish the reference camera's extrinsic (tf2_ros static_transform_publisher)") from error

    def _require_kinematics(self, positions: np.ndarray) -> None:
        """Raise ObservationError where tf knows a tool elsewhere than joint states and description put it."""
        for arm, joints in zip(self._robot.arms, self._robot.joints, strict=True):
            tcp = arm.gripper.names.tcp
            try:
                in_tf = transform_from_message(
                    self.transforms.lookup_transform(self._settings.base_frame, tcp, Time()))
            except TransformException:
                continue
            distance, turn = pose_distance(in_tf, arm.kinematics.fk(positions[joints]))
            if distance > _SAME_PLACE or turn > _SAME_TURN:
                raise ObservationError(
                    f"tf has '{tcp}' {1e3 * distance:.0f} mm and {np.degrees(turn):.0f} degrees from where joint "
                    'states and robot description put it; give executor and robot_state_publisher one description, '
                    'and one source of joint states')
