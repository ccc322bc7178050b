# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a node remembers of tf, also when time jumps back."""

from __future__ import annotations

from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from tf2_ros import Buffer, TransformListener

from robot4d_nodes.conversions import time_from_message
from robot4d_nodes.lifecycle import Robot4dNode


class TransformMemory(Buffer):
    """A tf2 buffer that listens from construction until the node's cleanup and forgets when time jumps back.

    duration: seconds before the newest transform that are remembered. A transform further ahead of the node's clock
    than that was sent before the jump and heard after it; it is passed over, since all that follows would count as too
    old to be remembered.
    """

    def __init__(self, node: Robot4dNode, duration: float) -> None:
        """Subscribe to /tf and /tf_static."""
        super().__init__(cache_time=Duration(seconds=duration))
        self._robot4d_node, self._duration = node, duration
        listener = TransformListener(self, node, spin_thread=False)
        node.configured.callback(listener.unregister)
        jump = node.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True),
            post_callback=lambda _: self.clear())
        node.configured.callback(jump.unregister)

    def set_transform(self, transform, authority: str) -> None:
        """Remember a transform of a moving frame."""
        if time_from_message(transform.header.stamp) <= self._robot4d_node.seconds_now() + self._duration:
            super().set_transform(transform, authority)
