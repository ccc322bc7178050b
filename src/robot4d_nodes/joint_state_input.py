# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where named joints are now, from one or several publishers of joint_states."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import JointState

from robot4d_core.errors import ObservationError
from robot4d_core.robot.joint_range import JointRange
from robot4d_nodes import qos
from robot4d_nodes.conversions import time_from_message
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.publishers import names_of_publishers

_TICK = 0.005  # seconds


@dataclass(frozen=True)
class _Reading:
    position: float
    stamp: float  # seconds of the ROS clock
    arrival: float  # seconds of the steady clock


class JointStateInput:
    """Listens from construction until the node's cleanup; arm and gripper may come in separate messages.

    What cannot be true of a joint (see JointRange) is not believed, and nothing else of the robot for a while: values
    in other units, a publisher that contradicts another one.
    """

    def __init__(self, node: Robot4dNode, ranges: Mapping[str, JointRange], max_silence: float) -> None:
        """Listen for joints, by name, which count as silent after max_silence seconds of wall time."""
        self._node, self._ranges, self._joints = node, ranges, tuple(ranges)
        self._max_silence = max_silence
        self._readings: dict[str, _Reading] = {}
        self._implausible, self._implausible_at = '', float('-inf')
        self._heard: set[str] = set()
        self._monitor = node.diagnostics.watch_input('joint_states', max_silence)
        subscription = node.create_subscription(
            JointState, 'joint_states', self._receive, qos.JOINT_STATES,
            callback_group=MutuallyExclusiveCallbackGroup())
        node.configured.callback(node.destroy_subscription, subscription)

    def positions(self) -> np.ndarray:
        """Return where the joints are (J,), in their order.

        Raises ObservationError when one is missing or silent, or what is said of one cannot be true.
        """
        readings = self._readings
        if doubt := self._doubt():
            raise ObservationError(doubt)
        if missing := [joint for joint in self._joints if joint not in readings]:
            heard = ', '.join(sorted(self._heard)) or 'nothing'
            raise ObservationError(
                f'joint_states: nothing of {", ".join(missing)}; heard: {heard}; is the joint_state_broadcaster '
                'running, and are the joint names in robot.yaml and controllers.yaml right?')
        if problem := self.problem():
            raise ObservationError(problem)
        return np.array([readings[joint].position for joint in self._joints])

    def wait_for_newer(self, timeout: float) -> None:
        """Wait until every joint has been told of anew. Raises ObservationError after timeout seconds of wall time."""
        begin = time.monotonic()
        while not all(joint in self._readings and self._readings[joint].arrival > begin for joint in self._joints):
            if time.monotonic() > begin + timeout or self._node.stopping.wait(_TICK):
                raise ObservationError(f'joint_states: nothing new of all joints within {timeout:.2f} s')

    def oldest_stamp(self) -> float:
        """Return the oldest stamp among the joints, once all have been heard; seconds of the ROS clock."""
        return min(reading.stamp for reading in self._readings.values())

    def problem(self) -> str:
        """Return a sentence when a joint, once all have been heard, is silent or cannot be as said, '' otherwise."""
        if doubt := self._doubt():
            return doubt
        age = time.monotonic() - min(reading.arrival for reading in self._readings.values())
        if age <= self._max_silence:
            return ''
        return f'joint_states: silent for {age:.2f} s, limit {self._max_silence:.2f} s'

    def _doubt(self) -> str:
        if time.monotonic() - self._implausible_at > self._max_silence:
            return ''
        names = names_of_publishers(self._node, 'joint_states')
        return f"joint_states: {self._implausible}; published by: {', '.join(names) or 'nobody any more'}"

    def _judge(self, ours: Mapping[str, _Reading]) -> str:
        """Return what cannot be true of readings by joint, '' otherwise."""
        for name, reading in ours.items():
            before, known = self._readings.get(name), self._ranges[name]
            if outside := known.outside(reading.position):
                return outside
            if before and (jump := known.jump(before.position, reading.position, reading.stamp - before.stamp)):
                return jump
        return ''

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
        if implausible := self._judge(ours):
            self._implausible, self._implausible_at = implausible, now
            self._monitor.dropped(implausible)
            return
        self._readings = {**self._readings, **ours}
        self._monitor.received()
