# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""StaticTransformBroadcaster: sends transforms that hold at all times."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from tf2_msgs.msg import TFMessage


class StaticTransformBroadcaster:
    """Publishes transforms on /tf_static, each time all that it has ever sent, so that late listeners get them.

    As in Jazzy, a frame's first transform is final: another for the same child is not published
    (https://github.com/ros2/geometry2/issues/704).
    """

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        if qos is None:
            qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, history=HistoryPolicy.KEEP_LAST)
        self.pub_tf = node.create_publisher(TFMessage, '/tf_static', qos)
        self.net_message = TFMessage()

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:  # noqa: N802 (upstream's)
        """Add one transform or several to what is published."""
        sent = {known.child_frame_id for known in self.net_message.transforms}
        for new in [transform] if isinstance(transform, TransformStamped) else transform:
            if new.child_frame_id not in sent:
                sent.add(new.child_frame_id)
                self.net_message.transforms.append(new)
        self.pub_tf.publish(self.net_message)
