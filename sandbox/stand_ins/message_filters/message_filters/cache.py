# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A filter that remembers the last messages, to be asked by time."""

from __future__ import annotations

from typing import Any

from rclpy.time import Time

from message_filters.simple_filter import SimpleFilter
from message_filters.stamps import stamp_of


class Cache(SimpleFilter):
    """Keeps the last `cache_size` messages, in the order of their arrival, and passes each on."""

    def __init__(self, f: SimpleFilter, cache_size: int = 1, allow_headerless: bool = False) -> None:
        super().__init__()
        self.connectInput(f)
        self.cache_size = cache_size
        self.allow_headerless = allow_headerless
        self.cache_msgs: list[Any] = []
        self.cache_times: list[Time] = []

    def connectInput(self, f: SimpleFilter) -> None:  # noqa: N802 (upstream's name)
        """Take messages from the filter `f`."""
        self.incoming_connection = f.registerCallback(self.add)

    def add(self, msg: Any) -> None:
        """Remember one message, forgetting the oldest arrival if there are too many."""
        stamp = stamp_of(msg, self.allow_headerless, 'message_filters_cache')
        if stamp is None:
            return
        self.cache_times.append(stamp)
        self.cache_msgs.append(msg)
        if len(self.cache_msgs) > self.cache_size:
            del self.cache_msgs[0]
            del self.cache_times[0]
        self.signalMessage(msg)

    def getInterval(self, from_stamp: Time, to_stamp: Time) -> list[Any]:  # noqa: N802 (upstream's name)
        """Return the messages within the closed interval."""
        assert from_stamp <= to_stamp
        return [msg for msg, time in self._entries() if from_stamp <= time <= to_stamp]

    def getElemAfterTime(self, stamp: Time) -> Any | None:  # noqa: N802 (upstream's name)
        """Return the first arrival that is not older than `stamp`."""
        return next((msg for msg, time in self._entries() if time >= stamp), None)

    def getElemBeforeTime(self, stamp: Time) -> Any | None:  # noqa: N802 (upstream's name)
        """Return the last arrival that is not newer than `stamp`."""
        return next((msg for msg, time in reversed(self._entries()) if time <= stamp), None)

    def getLastestTime(self) -> Time | None:  # noqa: N802 (upstream's name, and spelling)
        """Return the stamp of the last arrival."""
        return self.cache_times[-1] if self.cache_times else None

    def getOldestTime(self) -> Time | None:  # noqa: N802 (upstream's name)
        """Return the stamp of the first arrival that is still remembered."""
        return self.cache_times[0] if self.cache_times else None

    def getLast(self) -> Any | None:  # noqa: N802 (upstream's name)
        """Return the first arrival that is not older than the last one."""
        return self.getElemAfterTime(self.cache_times[-1]) if self.cache_times else None

    def _entries(self) -> list[tuple[Any, Time]]:
        return list(zip(self.cache_msgs, self.cache_times, strict=True))
