# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's message_filters (4.11, https://github.com/ros2/message_filters): join topics by time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time

__all__ = ['ApproximateTimeSynchronizer', 'SimpleFilter', 'Subscriber']

_UPSTREAM_NAMES = (
    'Cache Chain ComparisonFilter DeltaCompare DeltaFilter InputAligner PathDeltaFilter TimeSynchronizer'.split())


def __getattr__(name: str) -> None:
    if name in _UPSTREAM_NAMES:
        raise _not_offered(name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def _not_offered(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"message_filters.{name} exists in ROS 2 but not in the sandbox's stand-in; use an ApproximateTimeSynchronizer "
        'of messages with headers, or a machine with ROS 2')


class SimpleFilter:
    """A source of messages to which callbacks connect."""

    def __init__(self) -> None:
        self.callbacks: dict[int, tuple[Callable, tuple]] = {}

    def registerCallback(self, cb: Callable, *args: Any) -> int:  # noqa: N802 (upstream's name)
        """Call `cb` with every output of this filter, followed by `args`; return the connection's number."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (cb, args)
        return connection

    def signalMessage(self, *msg: Any) -> None:  # noqa: N802 (upstream's name)
        """Hand one output (one message, or one synchronised set) to every callback."""
        for callback, arguments in self.callbacks.values():
            callback(*msg, *arguments)


class Subscriber(SimpleFilter):
    """Passes on every message of one topic."""

    def __init__(self, node: Node, msg_type: type, topic: str, qos_profile: QoSProfile | int = 10, **kwargs) -> None:
        """Subscribe; `kwargs` go to `Node.create_subscription`."""
        super().__init__()
        self.node, self.topic = node, topic
        self.sub = node.create_subscription(msg_type, topic, self.signalMessage, qos_profile, **kwargs)

    def getTopic(self) -> str:  # noqa: N802 (upstream's name)
        """Return the topic's name as it was given."""
        return self.topic

    def __getattr__(self, key: str) -> Any:
        """Everything else is the subscription's."""
        return getattr(self.sub, key)


class ApproximateTimeSynchronizer(SimpleFilter):
    """Outputs one message of every input as soon as all have one within `slop` seconds of each other.

    A new message is joined with those that are nearest to it in time (the inputs in their order, the last varying
    fastest). This is the greedy rule of upstream's Python class, not the optimal one of its C++ namesake.
    """

    def __init__(self, fs: Sequence[SimpleFilter], queue_size: int, slop: float, allow_headerless=False) -> None:
        """Join the filters `fs`; at most `queue_size` messages of each wait for the others."""
        super().__init__()
        if allow_headerless:
            raise _not_offered('ApproximateTimeSynchronizer(allow_headerless=True)')
        self.queue_size, self.slop, self.lock = queue_size, Duration(seconds=slop), threading.Lock()
        self.queues: list[dict[int, Any]] = [{} for _ in fs]  # the waiting messages of each input by nanoseconds
        self.input_connections = [
            f.registerCallback(self.add, queue, index)
            for index, (f, queue) in enumerate(zip(fs, self.queues, strict=True))]

    def add(self, msg: Any, my_queue: dict[int, Any], my_queue_index: int) -> None:
        """Receive one message; output the set that it completes, if any."""
        if not hasattr(msg, 'header') or not hasattr(msg.header, 'stamp'):
            get_logger('message_filters_approx').warning(f'{type(msg).__name__} has no header.stamp and is left out')
            return
        stamp, slop = Time.from_msg(msg.header.stamp).nanoseconds, self.slop.nanoseconds
        with self.lock:
            my_queue[stamp] = msg
            while len(my_queue) > self.queue_size:
                del my_queue[min(my_queue)]
            candidates = [
                [stamp] if queue is my_queue
                else sorted((s for s in queue if abs(s - stamp) <= slop), key=lambda s: abs(s - stamp))
                for queue in self.queues]
            for stamps in itertools.product(*candidates):
                chosen = list(zip(self.queues, stamps, strict=True))
                if max(stamps) - min(stamps) < slop and all(s in queue for queue, s in chosen):
                    self.signalMessage(*(queue[s] for queue, s in chosen))
                    for queue, s in chosen:
                        del queue[s]
                    break
