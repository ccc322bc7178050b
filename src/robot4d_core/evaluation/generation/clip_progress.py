# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A bar with the time left, for measurements that go clip by clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def clip_progress(total: int, done: int = 0) -> Iterator[Callable[..., None]]:
    """Show the bar on stderr; gives advance(clips=1, what='') with what is being measured now."""
    columns = (
        TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TextColumn('clips,'), TimeElapsedColumn(),
        TextColumn('gone,'), TimeRemainingColumn(), TextColumn('left'))
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=3600) as progress:
        bar = progress.add_task('measuring', total=total, completed=done)

        def advance(clips: int = 1, what: str = '') -> None:
            progress.update(bar, advance=clips, description=what or None)

        yield advance
