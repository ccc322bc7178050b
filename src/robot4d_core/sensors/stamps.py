# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stamps of streams: each goes on, except where a clock was set back, and all are of one time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

JUMP = 0.1  # seconds back that are no mere disorder on the way
MAX_DELAY_DIFFERENCE = 0.25  # seconds, between two streams


class StampOrder:
    """Notices when the stamps of one stream jump back: a camera reset, a bag that begins again, a clock that was set.

    Whoever keeps messages of the stream then forgets those of before: their stamps are of another time.
    disorder: seconds back that are none.
    """

    def __init__(self, disorder: float = JUMP) -> None:
        """Nothing has been stamped yet."""
        self._newest, self._disorder = float('-inf'), disorder

    def jump(self, stamp: float) -> float:
        """Take note of the next stamp; return by how many seconds it jumped back, 0.0 for none."""
        back = self._newest - stamp
        self._newest = stamp if back > self._disorder else max(self._newest, stamp)
        return back if back > self._disorder else 0.0


def first_jump(stamps: Iterable[float]) -> tuple[int, float] | None:
    """Return the number of the first of stamps (seconds, as they came) that jumped back, and by how many seconds."""
    order = StampOrder()
    return next(((number, back) for number, stamp in enumerate(stamps) if (back := order.jump(stamp))), None)


def clocks_differ(delays: Mapping[str, float]) -> str:
    """Say which streams are stamped by clocks that differ, '' when none are.

    delays: seconds between stamp and arrival by stream; images arrive when they were taken, whatever they say.
    """
    early, late = min(delays, key=delays.get, default=''), max(delays, key=delays.get, default='')
    if not delays or not delays[late] - delays[early] > MAX_DELAY_DIFFERENCE:
        return ''
    return (f'the clocks of {early} and {late} differ by {delays[late] - delays[early]:.3f} s (arrival minus '
            f'stamp; at most {MAX_DELAY_DIFFERENCE} s is expected); synchronise them (chrony, PTP; realsense-ros: '
            'global_time_enabled)')
