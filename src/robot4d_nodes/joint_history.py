# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where joints were at a moment in the past."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import JointState

from robot4d_core.errors import ObservationError
from robot4d_core.robot.joint_record import JointRecord
from robot4d_nodes import qos
from robot4d_nodes.clocks import clock_advice, when_time_jumps_back
from robot4d_nodes.conversions import time_from_message
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.publishers import names_of_publishers, why_unheard

_TICK = 0.02  # seconds


class JointHistory:
    """Remembers where joints were, told by one or several publishers, from construction until cleanup.

    joints: those that must be known; others: those that are told too where they are known; duration: seconds of the ROS
    clock that are remembered; max_silence: wall-clock seconds after which joint_states count as stale in /diagnostics,
    where they are called what input_name says.
    """

    def __init__(
        self, node: Robot4dNode, joints: Sequence[str], duration: float, max_silence: float,
        input_name: str = 'joint_states', others: Collection[str] = (),
    ) -> None:
        """Listen to joint_states; messages without the joints (of another part of the robot) are passed over."""
        self._node, self._joints, self._duration = node, tuple(joints), duration
        self._record = JointRecord({*joints, *others}, duration)
        self._monitor = node.diagnostics.watch_input(input_name, max_silence)
        node.configured.callback(node.diagnostics.remove, input_name)
        subscription = node.create_subscription(
            JointState, 'joint_states', self._receive, qos.JOINT_STATES,
            callback_group=MutuallyExclusiveCallbackGroup())
        node.configured.callback(node.destroy_subscription, subscription)
        when_time_jumps_back(node, self._record.forget)

    def positions_at(self, stamp: float, tolerance: float, timeout: float) -> dict[str, float]:
        """Return the joint positions at stamp by name, rad or metres; tolerance: seconds of the ROS clock.

        Waits up to timeout seconds of wall time for messages as new as the stamp. Raises ObservationError that says
        what is missing.
        """
        deadline = time.monotonic() + timeout
        while not self._record.reaches(self._joints, stamp) and time.monotonic() < deadline:
            if self._node.stopping.wait(_TICK):
                break
        try:
            return self._record.at(self._joints, stamp, tolerance)
        except ObservationError as error:
            raise ObservationError(f'{error}; {self._advice(stamp)}') from None

    def _advice(self, stamp: float) -> str:
        if not self._record.names:
            return why_unheard(self._node, 'joint_states', JointState, qos.JOINT_STATES)
        if len(publishers := names_of_publishers(self._node, 'joint_states')) > 1:
            return f'published by {", ".join(publishers)}'
        return clock_advice(self._node, stamp)

    def _receive(self, message: JointState) -> None:
        expected = set(self._joints).intersection(message.name)
        stamp = time_from_message(message.header.stamp)
        if expected and stamp > self._node.seconds_now() + self._duration:  # of before a jump, or of another clock
            self._monitor.dropped(f"stamped {stamp - self._node.seconds_now():.0f} s ahead of this node's clock; "
                                  f'{clock_advice(self._node, stamp)}')
            return
        try:
            told = self._record.add(stamp, message.name, message.position)
        except ObservationError as error:
            if expected:
                self._monitor.dropped(str(error))
            return
        if broken := expected - told:
            self._monitor.dropped(f'the position of {" and ".join(sorted(broken))} is not a number')
        elif expected:
            self._monitor.received()
