# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""TransformListener: fills a buffer from /tf and /tf_static."""

from __future__ import annotations

from threading import Thread

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from tf2_ros.buffer import Buffer

_AUTHORITY = 'default_authority'


class TransformListener:
    """Hands every transform that is broadcast to a buffer."""

    def __init__(
        self,
        buffer: Buffer,
        node: Node,
        *,
        spin_thread: bool = False,
        qos: QoSProfile | int | None = None,
        static_qos: QoSProfile | int | None = None,
        static_only: bool = False,
    ) -> None:
        """Subscribe; `spin_thread` spins the node in a thread of its own, `static_only` leaves /tf out."""
        self.buffer = buffer
        self.node = node
        self.group = ReentrantCallbackGroup()  # so that a callback of the node can wait for a transform
        if not static_only:
            self.tf_sub = node.create_subscription(
                TFMessage,
                '/tf',
                self.callback,
                qos or _listener_qos(DurabilityPolicy.VOLATILE),
                callback_group=self.group,
            )
        self.tf_static_sub = node.create_subscription(
            TFMessage,
            '/tf_static',
            self.static_callback,
            static_qos or _listener_qos(DurabilityPolicy.TRANSIENT_LOCAL),
            callback_group=self.group,
        )
        if spin_thread:
            self.executor = SingleThreadedExecutor()
            self.dedicated_listener_thread = Thread(target=self._spin)
            self.dedicated_listener_thread.start()

    def __del__(self) -> None:
        if hasattr(self, 'dedicated_listener_thread'):
            self.executor.shutdown()
            self.dedicated_listener_thread.join()
        self.unregister()

    def unregister(self) -> None:
        """Stop listening."""
        if hasattr(self, 'tf_sub'):
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

    def _spin(self) -> None:
        self.executor.add_node(self.node)
        try:
            self.executor.spin()
        except ExternalShutdownException:
            pass
        self.executor.remove_node(self.node)


def _listener_qos(durability: DurabilityPolicy) -> QoSProfile:
    return QoSProfile(depth=100, durability=durability, history=HistoryPolicy.KEEP_LAST)
