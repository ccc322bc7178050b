# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Time that passes only when a test says so."""

from __future__ import annotations


class ManualClock:
    """Stands in for a module's `time`: nothing but sleep moves it on, however busy the machine is."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        self.now += seconds
