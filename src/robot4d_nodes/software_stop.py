# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A stop that stays until someone resets it. It is software: it does not replace the robot's emergency stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.event_handler import SubscriptionEventCallbacks
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from robot4d_nodes import qos
from robot4d_nodes.diagnostics import ERROR, OK, WARN, Health
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.publishers import type_name

BOOL = type_name(Bool)
_CONFIRMATION_TIMEOUT = 3.0  # seconds that `~/stop` waits for the motion to end


class SoftwareStop:
    """Serves `~/stop` and `~/reset`, and obeys `e_stop`: true stops, and so does silence when a heartbeat is required.

    Every publisher of std_msgs/Bool on `e_stop` is heard, whatever its quality of service, and so is what a latched one
    said before this node was there. Whoever moves the robot asks `reason()` before and during every motion and ends it
    when there is one.
    """

    def __init__(self, node: Robot4dNode, wait_until_idle: Callable[[float], bool]) -> None:
        """Serve and listen; wait_until_idle(timeout) tells whether the motion has ended."""
        self._node = node
        self._wait_until_idle = wait_until_idle
        self._lock = threading.Lock()
        self._reason = ''
        self._pressed: bool | None = None  # not heard yet
        self._last_heartbeat = float('-inf')
        group = ReentrantCallbackGroup()
        node.create_service(Trigger, '~/stop', self._serve_stop, callback_group=group)
        node.create_service(Trigger, '~/reset', self._serve_reset, callback_group=group)
        self._heard = node.create_subscription(Bool, 'e_stop', self._on_e_stop, qos.HEARTBEAT, callback_group=group)
        unheard_here = SubscriptionEventCallbacks(use_default_callbacks=False)  # the first subscription hears them
        node.create_subscription(
            Bool, 'e_stop', self._on_e_stop, qos.LATCHED, callback_group=group, event_callbacks=unheard_here)
        node.diagnostics.add('stop', self._health)
        node.get_logger().info(f'listens for an emergency stop on {self._heard.topic_name}')

    def reason(self) -> str:
        """Return why nothing may move, '' when it may; a heartbeat that is missing now stops."""
        if lost := self._lost_heartbeat():
            self.stop(lost)
        return self._reason

    def stop(self, reason: str) -> None:
        """Stop until `~/reset`; the first reason stands."""
        with self._lock:
            if self._reason:
                return
            self._reason = reason
        self._node.get_logger().error(f'stopped: {reason}; nothing moves until {self._reset_service}')

    @property
    def _reset_service(self) -> str:
        return f'`ros2 service call {self._node.get_fully_qualified_name()}/reset std_srvs/srv/Trigger`'

    def _lost_heartbeat(self) -> str:
        settings = self._node.parameters
        if not settings.require_e_stop_heartbeat:
            return ''
        age = time.monotonic() - self._last_heartbeat
        if age == float('inf'):
            return 'no e_stop heartbeat was ever heard'
        if age > settings.e_stop_timeout:
            return f'e_stop heartbeat: silent for {age:.2f} s, limit {settings.e_stop_timeout:.2f} s'
        return ''

    def _on_e_stop(self, message: Bool) -> None:
        self._last_heartbeat = time.monotonic()
        self._pressed = message.data
        if message.data:
            self.stop('e_stop is pressed')

    def _serve_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.stop('the stop service was called')
        response.success = self._wait_until_idle(_CONFIRMATION_TIMEOUT)
        if response.success:
            response.message = f'nothing moves until {self._reset_service}'
        else:
            response.message = (f'the controllers have not confirmed the end of the motion within '
                                f'{_CONFIRMATION_TIMEOUT:.0f} s; use the emergency stop of the robot')
        return response

    def _serve_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        obstacle = 'e_stop is still pressed' if self._pressed else self._lost_heartbeat()
        if not obstacle and self._reason and not self._wait_until_idle(0.0):
            obstacle = 'the stopped motion has not ended yet'
        if not obstacle:
            with self._lock:
                self._reason = ''
        response.success = not obstacle
        response.message = f'cannot reset: {obstacle}' if obstacle else 'ready; the next plan begins where the arm is'
        return response

    def _health(self) -> Health:
        values = {'topic': self._heard.topic_name, 'publishers': self._heard.get_publisher_count()}
        if self._reason:
            return Health(ERROR, f'{self._reason}; nothing moves until {self._reset_service}', values)
        if not values['publishers']:
            return Health(WARN, f'no source: {self._why_no_source()}', values)
        if self._pressed is None:
            return Health(WARN, 'no source: its publishers have not said anything yet', values)
        return Health(OK, 'released', values)

    def _why_no_source(self) -> str:
        topic, topics = self._heard.topic_name, dict(self._node.get_topic_names_and_types())
        if others := {info.topic_type for info in self._node.get_publishers_info_by_topic(topic)} - {BOOL}:
            return f'{topic} is published as {", ".join(sorted(others))}, not as {BOOL}'
        elsewhere = [name for name, types in topics.items() if name.endswith('/e_stop') and name != topic
                     and BOOL in types and self._node.count_publishers(name)]
        if elsewhere:
            return (f'nobody publishes {topic}, but {elsewhere[0]} is published; start the executor with '
                    f'--ros-args -r e_stop:={elsewhere[0]} to obey it')
        return f'nobody publishes {BOOL} on {topic}'
