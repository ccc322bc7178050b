# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What is known of one frame's transform to its parent, over time. Times are nanoseconds; 0 means the latest."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter
from typing import NamedTuple

from tf2_ros.errors import ExtrapolationException
from tf2_ros.rigid_transform import RigidTransform, interpolate

LATEST = 0
_stamp = attrgetter('stamp')


class StampedTransform(NamedTuple):
    """A transform to a parent frame at a time."""

    stamp: int
    parent: str
    transform: RigidTransform


class MovingHistory:
    """The transforms of a moving frame during the last `duration` nanoseconds, interpolated on request."""

    def __init__(self, duration: int) -> None:
        self._duration = duration
        self._known: list[StampedTransform] = []  # the oldest first; of equal stamps, the first received first

    @property
    def latest(self) -> StampedTransform | None:
        """The newest transform, None if there is none."""
        return self._known[-1] if self._known else None

    def insert(self, stamped: StampedTransform) -> bool:
        """Remember a transform, unless it is older than this history reaches back; return whether it is known now."""
        known, stamp = self._known, stamped.stamp
        earliest = (known[-1].stamp if known else LATEST) - self._duration
        del known[:bisect_left(known, earliest, key=_stamp)]
        if known and stamp < earliest:
            return False
        place = bisect_right(known, stamp, key=_stamp)
        if stamped not in known[bisect_left(known, stamp, key=_stamp):place]:
            known.insert(place, stamped)
        return True

    def at(self, time: int) -> StampedTransform:
        """Return the transform at `time`; ExtrapolationException if that is outside of the history."""
        known = self._known
        if not known:
            raise ExtrapolationException('')
        first, last = known[0], known[-1]
        if time in (LATEST, last.stamp):
            return last
        if time == first.stamp:
            return first
        problem, asked = '', f'Requested time {seconds(time)}'
        if len(known) == 1:
            problem = f'at time {seconds(time)}, but only time {seconds(first.stamp)} is in the buffer'
        elif time > last.stamp:
            problem = f'into the future.  {asked} but the latest data is at time {seconds(last.stamp)}'
        elif time < first.stamp:
            problem = f'into the past.  {asked} but the earliest data is at time {seconds(first.stamp)}'
        if problem:
            raise ExtrapolationException(f'Lookup would require extrapolation {problem}')
        after = bisect_right(known, time, key=_stamp)
        older, newer = known[after - 1], known[after]
        if older.parent != newer.parent:
            return older
        ratio = (time - older.stamp) / (newer.stamp - older.stamp)
        return older._replace(transform=interpolate(older.transform, newer.transform, ratio))

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()


class StaticHistory:
    """The transform of a frame that does not move."""

    latest: StampedTransform

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
