# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What sends and receives transforms on /tf and /tf_static."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from tf2_ros.buffer import Buffer
from tf2_ros.errors import not_offered

_AUTHORITY = 'default_authority'


class TransformBroadcaster:
    """Publishes transforms of moving frames on /tf."""

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        self.pub_tf = node.create_publisher(TFMessage, '/tf', qos or QoSProfile(depth=100))

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:  # noqa: N802 (upstream's)
        """Publish one transform or several."""
        self.pub_tf.publish(TFMessage(transforms=_listed(transform)))


class StaticTransformBroadcaster:
    """Publishes transforms on /tf_static, each time all that it has ever sent, so that late listeners get them.

    As in Jazzy, a frame's first transform is final: another for the same child is not published
    (https://github.com/ros2/geometry2/issues/704).
    """

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        self.pub_tf = node.create_publisher(TFMessage, '/tf_static', qos or _latched(depth=1))
        self.net_message = TFMessage()

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:  # noqa: N802 (upstream's)
        """Add one transform or several to what is published."""
        sent = {known.child_frame_id for known in self.net_message.transforms}
        for new in _listed(transform):
            if new.child_frame_id not in sent:
                sent.add(new.child_frame_id)
                self.net_message.transforms.append(new)
        self.pub_tf.publish(self.net_message)


class TransformListener:
    """Hands every transform that is broadcast to a buffer."""

    def __init__(
        self, buffer: Buffer, node: Node, *, spin_thread: bool = False, qos: QoSProfile | int | None = None,
        static_qos: QoSProfile | int | None = None, static_only: bool = False,
    ) -> None:
        """Subscribe; the node must be spun."""
        if spin_thread or static_only:
            option = 'spin_thread' if spin_thread else 'static_only'
            raise not_offered(f'TransformListener({option}=True)', 'leave it out and let an executor spin the node')
        self.buffer, self.node = buffer, node
        self.group = ReentrantCallbackGroup()  # so that a callback of the node can wait for a transform
        self.tf_sub, self.tf_static_sub = (
            node.create_subscription(TFMessage, topic, callback, profile, callback_group=self.group)
            for topic, callback, profile in (
                ('/tf', self.callback, qos or QoSProfile(depth=100)),
                ('/tf_static', self.static_callback, static_qos or _latched(depth=100))))

    def __del__(self) -> None:
        if hasattr(self, 'tf_sub'):
            self.unregister()

    def unregister(self) -> None:
        """Stop listening."""
        self.node.destroy_subscription(self.tf_sub)
        self.node.destroy_subscription(self.tf_static_sub)

    def callback(self, data: TFMessage) -> None:
        """Receive transforms of moving frames."""
        for transform in data.transforms:
            self.buffer.set_transform(transform, _AUTHORITY)

    def static_callback(self, data: TFMessage) -> None:
        """Receive transforms that hold at all times."""
        for transform in data.transforms:
            self.buffer.set_transform_static(transform, _AUTHORITY)


def _latched(depth: int) -> QoSProfile:
    return QoSProfile(depth=depth, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def _listed(transform: TransformStamped | Iterable[TransformStamped]) -> list[TransformStamped]:
    return [transform] if isinstance(transform, TransformStamped) else list(transform)
