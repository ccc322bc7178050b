# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a node says about its health: /diagnostics once a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

PERIOD = 1.0  # seconds
_RATE_SAMPLES = 20

OK, WARN, ERROR, STALE = (DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE)


@dataclass(frozen=True)
class Health:
    """One line of /diagnostics. level: OK, WARN, ERROR or STALE; values: what RViz and rqt list below it."""

    level: bytes
    message: str
    values: dict[str, object] = field(default_factory=dict)


class InputMonitor:
    """Watches one input: rate, age on a steady clock, how many messages were dropped and why the last one was.

    stale_after: seconds without a message after which the input counts as stale.
    """

    def __init__(self, stale_after: float) -> None:
        """Start watching an input that has received nothing yet."""
        self._stale_after = stale_after
        self._arrivals: deque[float] = deque(maxlen=_RATE_SAMPLES)
        self._received = 0
        self._drops = 0
        self._last_drop = ''
        self._last_drop_time = float('-inf')
        self._lock = threading.Lock()

    def received(self) -> None:
        """Count a message that is usable."""
        with self._lock:
            self._received += 1
            self._arrivals.append(time.monotonic())

    def dropped(self, reason: str) -> None:
        """Count a message (or a loss) that the node cannot use."""
        with self._lock:
            self._drops += 1
            self._last_drop, self._last_drop_time = reason, time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last usable message; infinite when none ever came."""
        with self._lock:
            return time.monotonic() - self._arrivals[-1] if self._arrivals else float('inf')

    @property
    def stale(self) -> bool:
        """Whether no usable message came for too long."""
        return self.age > self._stale_after

    @property
    def recent_drop(self) -> str:
        """Why a message was dropped after the last usable one, '' when none was."""
        with self._lock:
            last_arrival = self._arrivals[-1] if self._arrivals else float('-inf')
            return self._last_drop if self._last_drop_time > last_arrival else ''

    def health(self) -> Health:
        """Return the line for /diagnostics."""
        age, drop = self.age, self.recent_drop
        with self._lock:
            span = self._arrivals[-1] - self._arrivals[0] if len(self._arrivals) > 1 else 0.0
            rate = (len(self._arrivals) - 1) / span if span > 0 and age <= self._stale_after else 0.0
            values = {
                'rate (Hz)': f'{rate:.1f}', 'age (s)': f'{age:.2f}', 'received': self._received,
                'dropped': self._drops, 'last drop': self._last_drop,
            }
        if drop:
            return Health(ERROR if age > self._stale_after else WARN, drop, values)
        if age == float('inf'):
            return Health(STALE, 'nothing received yet', values)
        if age > self._stale_after:
            return Health(STALE, f'nothing received for {age:.1f} s', values)
        return Health(OK, 'receiving', values)


class Diagnostics:
    """Publishes the health of a node's parts on /diagnostics at 1 Hz of wall time, even while /clock stands still."""

    def __init__(self, node: Node) -> None:
        """Start publishing; parts are added as they come to life."""
        self._node = node
        self._parts: dict[str, Callable[[], Health]] = {}
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        node.create_timer(
            PERIOD, self._publish, callback_group=MutuallyExclusiveCallbackGroup(),
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )

    def add(self, part: str, health: Callable[[], Health]) -> None:
        """Publish what health() returns under the name part from now on."""
        self._parts[part] = health

    def remove(self, part: str) -> None:
        """Stop publishing the part."""
        self._parts.pop(part, None)

    def watch_input(self, name: str, stale_after: float) -> InputMonitor:
        """Add an input of the node and return its monitor."""
        monitor = InputMonitor(stale_after)
        self.add(name, monitor.health)
        return monitor

    def _publish(self) -> None:
        array = DiagnosticArray()
        name = self._node.get_fully_qualified_name().lstrip('/')
        array.header.stamp = self._node.get_clock().now().to_msg()
        for part, health in list(self._parts.items()):
            now = health()
            array.status.append(DiagnosticStatus(
                level=now.level, name=f'{name}: {part}', message=now.message,
                values=[KeyValue(key=key, value=str(value)) for key, value in now.values.items()],
            ))
        self._publisher.publish(array)
