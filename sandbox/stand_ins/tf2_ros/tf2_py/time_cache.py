# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What is known of one frame's transform to its parent, over time. Times are nanoseconds; 0 means the latest."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from tf2_py.exceptions import ExtrapolationException
from tf2_py.rigid_transform import RigidTransform, interpolate

LATEST = 0


class StampedTransform(NamedTuple):
    """A transform to a parent frame at a time."""

    stamp: int
    parent: str
    transform: RigidTransform


class TimeCache:
    """The transforms of a moving frame during the last `duration` nanoseconds, interpolated on request."""

    def __init__(self, duration: int) -> None:
        self._duration = duration
        self._history: list[StampedTransform] = []  # the oldest first; of equal stamps, the first received first

    def __len__(self) -> int:
        return len(self._history)

    @property
    def latest(self) -> StampedTransform | None:
        """The newest transform, None if there is none."""
        return self._history[-1] if self._history else None

    @property
    def latest_stamp(self) -> int:
        """The newest stamp, 0 if there is none."""
        return self._history[-1].stamp if self._history else LATEST

    @property
    def oldest_stamp(self) -> int:
        """The oldest stamp, 0 if there is none."""
        return self._history[0].stamp if self._history else LATEST

    def insert(self, stamped: StampedTransform) -> bool:
        """Remember a transform, unless it is older than this cache reaches back; return whether it is known now."""
        earliest = self.latest_stamp - self._duration
        del self._history[: bisect_left(self._history, earliest, key=_stamp)]
        if self._history and stamped.stamp < earliest:
            return False
        place = bisect_right(self._history, stamped.stamp, key=_stamp)
        if stamped not in self._history[bisect_left(self._history, stamped.stamp, key=_stamp) : place]:
            self._history.insert(place, stamped)
        return True

    def at(self, time: int) -> StampedTransform:
        """Return the transform at `time`; ExtrapolationException if that is outside of the history."""
        history = self._history
        if not history:
            raise ExtrapolationException('')
        if time in (LATEST, history[-1].stamp):
            return history[-1]
        if time == history[0].stamp:
            return history[0]
        if len(history) == 1:
            raise ExtrapolationException(
                f'Lookup would require extrapolation at time {seconds(time)}, '
                f'but only time {seconds(history[0].stamp)} is in the buffer'
            )
        if time > history[-1].stamp:
            raise ExtrapolationException(
                f'Lookup would require extrapolation into the future.  Requested time {seconds(time)} '
                f'but the latest data is at time {seconds(history[-1].stamp)}'
            )
        if time < history[0].stamp:
            raise ExtrapolationException(
                f'Lookup would require extrapolation into the past.  Requested time {seconds(time)} '
                f'but the earliest data is at time {seconds(history[0].stamp)}'
            )
        after = bisect_right(history, time, key=_stamp)
        older, newer = history[after - 1], history[after]
        if older.parent != newer.parent:
            return older
        ratio = (time - older.stamp) / (newer.stamp - older.stamp)
        return older._replace(transform=interpolate(older.transform, newer.transform, ratio))

    def clear(self) -> None:
        """Forget everything."""
        self._history.clear()


class StaticCache:
    """The transform of a frame that does not move."""

    latest_stamp = oldest_stamp = LATEST

    def __init__(self) -> None:
        self.latest: StampedTransform | None = None

    def __len__(self) -> int:
        return 1

    def insert(self, stamped: StampedTransform) -> bool:
        """Replace the transform; it holds for ever."""
        self.latest = stamped._replace(stamp=LATEST)
        return True

    def at(self, time: int) -> StampedTransform:
        """Return the transform, whatever the time."""
        return self.latest

    def clear(self) -> None:
        """Forget nothing: static transforms are sent only once."""


def seconds(time: int) -> str:
    """Return a time as tf2 prints it."""
    return f'{time / 1e9:.6f}'


def _stamp(stamped: StampedTransform) -> int:
    return stamped.stamp
