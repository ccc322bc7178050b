# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One prediction in a terminal: progress with the time left, Ctrl-C between two steps, and where the time went."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from robot4d_core.generator.engines.engine import Engine
from robot4d_core.observation import Observation
from robot4d_core.prediction import Prediction


@dataclass(frozen=True)
class StageSeconds:
    """Wall-clock seconds before the first step (encode), in the steps (denoise) and after the last one (decode)."""

    before: float
    steps: float
    after: float

    @property
    def total(self) -> float:
        """The whole prediction."""
        return self.before + self.steps + self.after


def predict_in_terminal(
    engine: Engine, observation: Observation, steps: int | None, seed: int | None, console: Console
) -> tuple[Prediction, StageSeconds, int]:
    """Let a started engine predict; returns the prediction, the time of its stages and how many steps it took.

    Raises PredictionCancelled after Ctrl-C, as soon as the step under way is done; a second Ctrl-C ends at once.
    """
    columns = (TextColumn('{task.description}'), BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn('steps,'),
               TimeRemainingColumn(), TextColumn('left'))
    asked: list[float] = []
    done: list[float] = []
    with Progress(*columns, console=console) as bars, _interrupt_noted() as interrupted:
        bar = bars.add_task(f'predicting with {engine.name}', total=None)

        def cancelled() -> bool:
            asked.append(time.perf_counter())
            return interrupted()

        def progress(step: int, total: int) -> None:
            done.append(time.perf_counter())
            bars.update(bar, completed=step, total=total)

        begin = time.perf_counter()
        prediction = engine.predict(observation, steps=steps, seed=seed, progress=progress, cancelled=cancelled)
        end = time.perf_counter()
    return prediction, StageSeconds(asked[0] - begin, done[-1] - asked[0], end - done[-1]), len(done)


@contextmanager
def _interrupt_noted() -> Iterator[Callable[[], bool]]:
    """Make the first Ctrl-C only something to ask for; the second one raises KeyboardInterrupt."""
    noted = False

    def note(number, frame) -> None:
        nonlocal noted
        noted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        signal.signal(signal.SIGINT, before)
