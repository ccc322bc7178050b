# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where joints were, as joint_states told it, live or in a bag."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Collection, Sequence

from robot4d_core.errors import ObservationError
from robot4d_core.sensors.stamps import JUMP


class JointRecord:
    """Joint positions over time, from one publisher of joint_states or from several that each tell of some joints.

    Stamps are seconds of the ROS clock, positions rad or metres. Where those of a joint jump back, all that was told
    before is forgotten: it is of another time. Threads may share a record.
    joints: those that are remembered, None for all; duration: seconds before the newest stamp that are remembered.
    """

    def __init__(self, joints: Collection[str] | None = None, duration: float = math.inf) -> None:
        self._joints, self._duration = joints, duration
        self._past: deque[tuple[float, dict[str, float]]] = deque()
        self._newest: dict[str, float] = {}
        self._jumped = ''
        self._lock = threading.Lock()

    def add(self, stamp: float, names: Sequence[str], positions: Sequence[float]) -> set[str]:
        """Add a message; returns the joints that it has told something new of, those without a number left out.

        Raises ObservationError when it has not one position for every name.
        """
        if len(positions) != len(names):
            raise ObservationError(f'{len(positions)} positions for {len(names)} joint names')
        told = {name: float(position) for name, position in zip(names, positions, strict=True)
                if (self._joints is None or name in self._joints) and math.isfinite(position)}
        if told:
            with self._lock:
                back = max(self._newest.get(name, stamp) for name in told) - stamp
                if back > JUMP:
                    self._past.clear()
                    self._newest.clear()
                    self._jumped = f'; their stamps jumped back by {back:.2f} s: two publishers, or a clock was set'
                self._past.append((stamp, told))
                self._newest |= {name: max(stamp, self._newest.get(name, stamp)) for name in told}
                while self._past[0][0] < stamp - self._duration:
                    self._past.popleft()
        return set(told)

    def forget(self) -> None:
        """Start afresh after time jumped back."""
        with self._lock:
            self._past.clear()
            self._newest.clear()

    @property
    def names(self) -> tuple[str, ...]:
        """The joints that were told of, sorted."""
        with self._lock:
            return tuple(sorted(self._newest))

    def reaches(self, joints: Sequence[str], stamp: float) -> bool:
        """Tell whether each of the joints was told of at the stamp or later."""
        with self._lock:
            return all(self._newest.get(joint, -math.inf) >= stamp for joint in joints)

    def at(self, joints: Sequence[str], stamp: float, tolerance: float) -> dict[str, float]:
        """Return the positions at a stamp of every joint that is known there, by name.

        Between two messages within tolerance (seconds) they are interpolated; where only one is so near, it counts.
        Raises ObservationError that says what is missing when one of joints is not known.
        """
        with self._lock:
            past = self._past.copy()
        before: dict[str, tuple[float, float]] = {}
        after: dict[str, tuple[float, float]] = {}
        near = sorted(((time, told) for time, told in past if abs(time - stamp) <= tolerance), key=lambda one: one[0])
        for time, told in near:
            if time <= stamp:
                before |= {name: (time, position) for name, position in told.items()}
        for time, told in reversed(near):
            if time >= stamp:
                after |= {name: (time, position) for name, position in told.items()}
        known = {name: _between(before.get(name, after.get(name)), after.get(name, before.get(name)), stamp)
                 for name in before | after}
        if missing := [joint for joint in joints if joint not in known]:
            raise ObservationError(self._missing(missing, past, stamp, tolerance))
        return known

    def _missing(self, joints: Sequence[str], past, stamp: float, tolerance: float) -> str:
        nearest = {joint: min((abs(time - stamp) for time, told in past if joint in told), default=math.inf)
                   for joint in joints}
        if unheard := [joint for joint, distance in nearest.items() if math.isinf(distance)]:
            heard = ', '.join(self.names) or 'nothing'
            return f'no joint_states with {" and ".join(unheard)}; heard: {heard}{self._jumped}'
        worst = max(nearest, key=nearest.get)
        return (f'the nearest joint_states with {worst} are {nearest[worst]:.2f} s from the observation, limit '
                f'{tolerance:.2f} s; is the joint state publisher alive?{self._jumped}')


def _between(before: tuple[float, float], after: tuple[float, float], stamp: float) -> float:
    """Return the position at a stamp; before, after: (stamp, position)."""
    (begin, first), (end, last) = before, after
    if begin == end:
        return first
    share = (stamp - begin) / (end - begin)
    if abs(last - first) > math.pi:  # no joint is so fast: an angle that begins anew after a whole turn
        return first if share < 0.5 else last
    return first + share * (last - first)
