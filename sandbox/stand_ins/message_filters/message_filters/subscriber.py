# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The filter at the head of a chain: a ROS subscription."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

from message_filters.simple_filter import SimpleFilter


class Subscriber(SimpleFilter):
    """Passes on every message of one topic."""

    def __init__(
        self, node: Node, msg_type: type, topic: str, qos_profile: QoSProfile | int = 10, **kwargs: Any
    ) -> None:
        """Subscribe; `kwargs` go to `Node.create_subscription`."""
        super().__init__()
        self.node = node
        self.topic = topic
        self.sub = node.create_subscription(msg_type, topic, self.callback, qos_profile, **kwargs)

    def callback(self, msg: Any) -> None:
        """Receive one message from the topic."""
        self.signalMessage(msg)

    def getTopic(self) -> str:  # noqa: N802 (upstream's name)
        """Return the topic's name as it was given."""
        return self.topic

    def __getattr__(self, key: str) -> Any:
        """Everything else is the subscription's."""
        return getattr(self.sub, key)
