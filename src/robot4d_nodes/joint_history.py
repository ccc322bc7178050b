# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where joints were at a moment in the past."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import JointState

from robot4d_core.errors import ObservationError
from robot4d_nodes import qos
from robot4d_nodes.conversions import time_from_message
from robot4d_nodes.lifecycle import Robot4dNode

_TICK = 0.05  # seconds


class JointHistory:
    """Remembers the sum of the positions of some joints (the opening of a gripper) from construction until cleanup.

    duration: seconds of the ROS clock that are remembered; max_silence: wall-clock seconds after which joint_states
    count as stale in /diagnostics, where they are called what input_name says.
    """

    def __init__(
        self, node: Robot4dNode, joints: Sequence[str], duration: float, max_silence: float,
        input_name: str = 'joint_states',
    ) -> None:
        """Listen to joint_states; messages without the joints (of another part of the robot) are passed over."""
        self._node, self._joints, self._duration = node, tuple(joints), duration
        self._past: deque[tuple[float, float]] = deque()
        self._monitor = node.diagnostics.watch_input(input_name, max_silence)
        subscription = node.create_subscription(
            JointState, 'joint_states', self._receive, qos.STATE, callback_group=MutuallyExclusiveCallbackGroup())
        node.configured.callback(node.destroy_subscription, subscription)

    def total_at(self, stamp: float, tolerance: float, timeout: float) -> float:
        """Return the sum of the joint positions at stamp, or as near to it as tolerance, seconds of the ROS clock.

        Waits up to timeout seconds of wall time; raises ObservationError that says what is missing.
        """
        deadline = time.monotonic() + timeout
        while True:
            nearest, total = min(self._past.copy(), key=lambda past: abs(past[0] - stamp), default=(math.inf, 0.0))
            distance = abs(nearest - stamp)
            if distance <= tolerance:
                return total
            if time.monotonic() > deadline or self._node.stopping.wait(_TICK):
                raise ObservationError(
                    f"no joint_states with {' and '.join(self._joints)}; the gripper's opening is unknown"
                    if math.isinf(distance) else
                    f'the nearest joint_states are {distance:.2f} s from the observation, limit {tolerance:.2f} s; '
                    'is the joint state publisher alive?')

    def forget(self) -> None:
        """Start afresh after time jumped back."""
        self._past.clear()

    def _receive(self, message: JointState) -> None:
        if not set(self._joints) <= set(message.name):
            return
        if len(message.position) != len(message.name):
            self._monitor.dropped(f'{len(message.position)} positions for {len(message.name)} joint names')
            return
        positions = dict(zip(message.name, message.position, strict=True))
        total = sum(positions[joint] for joint in self._joints)
        if not math.isfinite(total):
            self._monitor.dropped(f'the position of {" or ".join(self._joints)} is not a number')
            return
        self._monitor.received()
        stamp = time_from_message(message.header.stamp)
        self._past.append((stamp, total))
        while self._past[0][0] < stamp - self._duration:
            self._past.popleft()
