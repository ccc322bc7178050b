# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Filters that join several inputs: one output for every set of messages of the same, or nearly the same, time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from rclpy.duration import Duration
from rclpy.time import Time

from message_filters.simple_filter import SimpleFilter
from message_filters.stamps import stamp_of

Queue = dict[int, Any]
"""The waiting messages of one input by stamp, in nanoseconds."""


class TimeSynchronizer(SimpleFilter):
    """Outputs one message of every input as soon as all have one with exactly the same stamp."""

    def __init__(self, fs: Sequence[SimpleFilter], queue_size: int) -> None:
        """Join the filters `fs`; at most `queue_size` messages of each wait for the others."""
        super().__init__()
        self.connectInput(fs)
        self.queue_size = queue_size
        self.lock = threading.Lock()

    def connectInput(self, fs: Sequence[SimpleFilter]) -> None:  # noqa: N802 (upstream's name)
        """Take messages from the filters `fs`, each into a queue of its own."""
        self.queues: list[Queue] = [{} for _ in fs]
        self.input_connections = [
            f.registerCallback(self.add, queue, index)
            for index, (f, queue) in enumerate(zip(fs, self.queues, strict=True))
        ]

    def add(self, msg: Any, my_queue: Queue, my_queue_index: int | None = None) -> None:
        """Receive one message; output the oldest complete set, and drop what is older than it."""
        with self.lock:
            self._enqueue(msg, Time.from_msg(msg.header.stamp).nanoseconds, my_queue)
            complete = set.intersection(*map(set, self.queues))
            if complete:
                stamp = min(complete)
                self._output([stamp] * len(self.queues))
                for queue in self.queues:
                    for old in [other for other in queue if other < stamp]:
                        del queue[old]

    def _enqueue(self, message: Any, stamp: int, queue: Queue) -> None:
        queue[stamp] = message
        while len(queue) > self.queue_size:
            del queue[min(queue)]

    def _output(self, stamps: Iterable[int]) -> None:
        chosen = list(zip(self.queues, stamps, strict=True))
        self.signalMessage(*(queue[stamp] for queue, stamp in chosen))
        for queue, stamp in chosen:
            del queue[stamp]


class ApproximateTimeSynchronizer(TimeSynchronizer):
    """Outputs one message of every input as soon as all have one within `slop` seconds of each other.

    A new message is joined with those that are nearest to it in time (the inputs in their order, the last varying
    fastest). This is the greedy rule of upstream's Python class, not the optimal one of its C++ namesake.
    """

    def __init__(
        self, fs: Sequence[SimpleFilter], queue_size: int, slop: float, allow_headerless: bool = False
    ) -> None:
        super().__init__(fs, queue_size)
        self.slop = Duration(seconds=slop)
        self.allow_headerless = allow_headerless

    def add(self, msg: Any, my_queue: Queue, my_queue_index: int | None = None) -> None:
        """Receive one message; output the set that it completes, if any."""
        time = stamp_of(msg, self.allow_headerless, 'message_filters_approx')
        if time is None:
            return
        stamp = time.nanoseconds
        slop = self.slop.nanoseconds
        with self.lock:
            self._enqueue(msg, stamp, my_queue)
            candidates = [
                [stamp]
                if index == my_queue_index
                else sorted((s for s in queue if abs(s - stamp) <= slop), key=lambda s: abs(s - stamp))
                for index, queue in enumerate(self.queues)
            ]
            for stamps in itertools.product(*candidates):
                waiting = all(s in queue for queue, s in zip(self.queues, stamps, strict=True))
                if waiting and max(stamps) - min(stamps) < slop:
                    self._output(stamps)
                    break
