# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where named joints are now, from one or several publishers of joint_states."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import JointState

from robot4d_core.errors import ObservationError
from robot4d_nodes import qos
from robot4d_nodes.conversions import time_from_message
from robot4d_nodes.lifecycle import Robot4dNode


@dataclass(frozen=True)
class _Reading:
    position: float
    stamp: float  # seconds of the ROS clock
    arrival: float  # seconds of the steady clock


class JointStateInput:
    """Listens from construction until the node's cleanup; arm and gripper may come in separate messages."""

    def __init__(self, node: Robot4dNode, joints: Sequence[str], max_silence: float) -> None:
        """Listen for joints, which count as silent after max_silence seconds of wall time."""
        self._joints = tuple(joints)
        self._max_silence = max_silence
        self._readings: dict[str, _Reading] = {}
        self._heard: set[str] = set()
        self._monitor = node.diagnostics.watch_input('joint_states', max_silence)
        subscription = node.create_subscription(
            JointState, 'joint_states', self._receive, qos.JOINT_STATES,
            callback_group=MutuallyExclusiveCallbackGroup())
        node.configured.callback(node.destroy_subscription, subscription)

    def positions(self) -> np.ndarray:
        """Return where the joints are (J,), in their order; raises ObservationError when one is missing or silent."""
        readings = self._readings
        if missing := [joint for joint in self._joints if joint not in readings]:
            heard = ', '.join(sorted(self._heard)) or 'nothing'
            raise ObservationError(
                f'joint_states: nothing of {", ".join(missing)}; heard: {heard}; is the joint_state_broadcaster '
                'running, and are the joint names in robot.yaml and controllers.yaml right?')
        if silent := self.silence():
            raise ObservationError(silent)
        return np.array([readings[joint].position for joint in self._joints])

    def oldest_stamp(self) -> float:
        """Return the oldest stamp among the joints, once all have been heard; seconds of the ROS clock."""
        return min(reading.stamp for reading in self._readings.values())

    def silence(self) -> str:
        """Return '' unless a joint, once all have been heard, has been silent for too long: then a sentence."""
        age = time.monotonic() - min(reading.arrival for reading in self._readings.values())
        if age <= self._max_silence:
            return ''
        return f'joint_states: silent for {age:.2f} s, limit {self._max_silence:.2f} s'

    def _receive(self, message: JointState) -> None:
        if len(message.position) != len(message.name):
            self._monitor.dropped(f'{len(message.position)} positions for {len(message.name)} joint names')
            return
        self._heard.update(message.name)
        stamp, now = time_from_message(message.header.stamp), time.monotonic()
        ours = {name: _Reading(position, stamp, now)
                for name, position in zip(message.name, message.position, strict=True) if name in self._joints}
        if not ours:
            return  # of another part of the robot
        if broken := [name for name, reading in ours.items() if not math.isfinite(reading.position)]:
            self._monitor.dropped(f'the position of {", ".join(broken)} is not a number')
            return
        self._readings = {**self._readings, **ours}
        self._monitor.received()
