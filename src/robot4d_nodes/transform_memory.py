# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a node remembers of tf, also when time jumps back."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.time import Time
from tf2_msgs.msg import TFMessage
from tf2_ros import Buffer, TransformException, TransformListener

from robot4d_core.errors import ObservationError
from robot4d_core.sensors.stamps import StampOrder
from robot4d_nodes import qos
from robot4d_nodes.clocks import clock_advice, when_time_jumps_back
from robot4d_nodes.conversions import time_from_message, transform_from_message
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.publishers import misfit

_DISORDER = 1.0  # seconds that the stamps of one frame may go back: a marker that several cameras see
_REMEDY = 'publish it transient local, as tf2_ros does, so that who comes later hears it'


class TransformMemory(Buffer):
    """A tf2 buffer that listens from construction until the node's cleanup and forgets when time jumps back.

    Time is the node's clock, and that of the stamps of each moving frame: what was told before is of another time.
    duration: seconds before the newest transform that are remembered. A transform further ahead of the node's clock
    than that was sent before the jump and heard after it; it is passed over, since all that follows would count as too
    old to be remembered.
    """

    def __init__(self, node: Robot4dNode, duration: float) -> None:
        """Subscribe to /tf and /tf_static, whatever the quality of service of their publishers."""
        super().__init__(cache_time=Duration(seconds=duration))
        self._robot4d_node, self._duration = node, duration
        self._orders: defaultdict[str, StampOrder] = defaultdict(lambda: StampOrder(_DISORDER))
        self._event = ''
        listener = TransformListener(self, node, spin_thread=False, qos=qos.TRANSFORMS)
        node.configured.callback(listener.unregister)
        volatile = node.create_subscription(
            TFMessage, '/tf_static', listener.static_callback, qos.TRANSFORMS,
            callback_group=MutuallyExclusiveCallbackGroup(),
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False))
        node.configured.callback(node.destroy_subscription, volatile)
        when_time_jumps_back(node, self._start_afresh)

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Remember a transform of a moving frame."""
        stamp, child = time_from_message(transform.header.stamp), transform.child_frame_id
        ahead = stamp - self._robot4d_node.seconds_now()
        if ahead > self._duration:
            self._event = (f"'{child}' is stamped {ahead:.0f} s ahead of this node's clock; "
                           f'{clock_advice(self._robot4d_node, stamp)}')
            return
        if back := self._orders[child].jump(stamp):
            self._event = f"the stamps of '{child}' jumped back by {back:.2f} s: two publishers, or a clock was set"
            self._start_afresh()
        super().set_transform(transform, authority)

    def pose_at(self, target: str, source: str, stamp: Time, timeout: float) -> np.ndarray:
        """Return T_target_source (4, 4) at a stamp, waited for up to timeout seconds of wall time.

        Raises ObservationError that says why it is not known.
        """
        try:
            return transform_from_message(self.lookup_transform(
                target, source, stamp, timeout=Duration(seconds=timeout)))
        except TransformException as error:
            known = [misfit(self._robot4d_node, topic, TFMessage, profile, _REMEDY if topic == '/tf_static' else '')
                     for topic, profile in (('/tf', qos.TRANSFORMS), ('/tf_static', qos.LATCHED))]
            reasons = '; '.join(filter(None, [str(error), *known, self._event]))
            raise ObservationError(
                f"no transform from '{source}' to '{target}' at the observation: {reasons}") from error

    def _start_afresh(self) -> None:
        self.clear()
        self._orders.clear()
