# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Record demonstrations, or looks, of many seeds in parallel processes into an episode store."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from robot4d_core.cell.cameras import OUTSIDE_SHELL
from robot4d_core.cell.demonstration import IMAGE_SIZE, demonstrate
from robot4d_core.cell.looks import LOOKS, take_looks
from robot4d_core.cell.sensor import SensorModel
from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.splits import split_of
from robot4d_core.episodes.store import LOOKS_KIND, EpisodeStore
from robot4d_core.errors import ExpertError, LookError, WorkerError
from robot4d_core.prediction import FRAME_INTERVAL
from robot4d_core.robot.names import CELL
from robot4d_core.robot.robot import Robot

SECONDS_BETWEEN_LOOKS = 0.25  # at the progress of the workers


@dataclass(frozen=True)
class Recording:
    """What all episodes of a store have in common.

    sensor: what films, None for perfect images; outside_shell: whether the cameras of cameras.OUTSIDE_SHELL film too,
    which nothing trains on; looks: whether LOOKS looks are taken of every seed, instead of one demonstration; robot: of
    the cell, a name in robot.names.SHIPPED.
    """

    folder: Path
    task: str
    cameras: int
    size: tuple[int, int] = IMAGE_SIZE
    sensor: SensorModel | None = None
    outside_shell: bool = False
    looks: bool = False
    robot: str = CELL

    def settings(self) -> dict:
        """Return what the store says about itself."""
        return {
            'task': self.task, 'cameras': self.cameras, 'size': list(self.size), 'interval': FRAME_INTERVAL,
            'sensor': self.sensor.to_dict() if self.sensor else None,
            **({'outside_shell': list(OUTSIDE_SHELL)} if self.outside_shell else {}),
            **({'kind': LOOKS_KIND} if self.looks else {}),
            **({'robot': self.robot} if self.robot != CELL else {}),
        }

    def names(self, seed: int) -> list[str]:
        """Return the names of the episodes that are made from a seed."""
        name = f'episode_{seed:06d}'
        return [f'{name}_{number:02d}' for number in range(LOOKS)] if self.looks else [name]


def record(
    folder: Path,
    task: str,
    episodes: int,
    cameras: int,
    *,
    seed: int = 0,
    size: tuple[int, int] = IMAGE_SIZE,
    workers: int = 1,
    sensor: SensorModel | None = None,
    outside_shell: bool = False,
    split: str | None = None,
    looks: bool = False,
    robot: str = CELL,
) -> EpisodeStore:
    """Record the episodes of seeds seed, seed + 1, ... that folder does not have yet; shows progress with time left.

    The same seed gives the same episode, whatever the number of workers. What kills or interrupts it leaves no half
    episode, and the next call goes on. A demonstration that fails is remembered in the store and not tried again.
    size: width and height of the images; split: record those of the episodes only that belong to it; looks and
    robot: see Recording.

    Raises SceneError when there is no such task, RobotDescriptionError as Robot.shipped does, the errors of
    EpisodeStore, and WorkerError when a process died.
    """
    Robot.shipped(make_task(task).arms, robot)
    recording = Recording(Path(folder), task, cameras, size, sensor, outside_shell, looks, robot)
    store = EpisodeStore(folder, recording.settings())
    with store.recording():
        settled = {*store.names, *store.failures}
        asked = [s for s in range(seed, seed + episodes) if split in (None, split_of(s))]
        missing = [s for s in asked if not settled.issuperset(recording.names(s))]
        if missing:
            _record_in_parallel(recording, missing, len(asked), workers)
    return store


def record_episode(recording: Recording, seed: int, on_step: Callable[[], None] = lambda: None) -> None:
    """Add the episodes of a seed to the store of a recording, or why its demonstration failed."""
    store, names = EpisodeStore(recording.folder), recording.names(seed)
    settled, taken = {*store.names, *store.failures}, 0
    try:
        for name, episode in zip(names, _film(recording, seed, on_step)):
            if name not in settled:
                _write(store, name, episode)
            taken += 1
    except ExpertError as error:
        for name in names[taken:]:
            store.write_failure(name, str(error))


def _film(
    recording: Recording, seed: int, on_step: Callable[[], None]
) -> Iterator[tuple[Episode, dict] | LookError]:
    if recording.looks:
        yield from take_looks(
            recording.task, seed, recording.cameras, recording.size, recording.sensor, on_step, recording.robot)
    else:
        yield demonstrate(
            recording.task, seed, recording.cameras, recording.size, recording.sensor, on_step,
            recording.outside_shell, recording.robot)


def _write(store: EpisodeStore, name: str, filmed: tuple[Episode, dict] | LookError) -> None:
    if isinstance(filmed, LookError):
        store.write_failure(name, str(filmed))
    else:
        episode, attributes = filmed
        store.write(name, episode, **attributes)


def _record_in_parallel(recording: Recording, seeds: list[int], total: int, workers: int) -> None:
    context = multiprocessing.get_context('spawn')
    steps, stop = context.Value('q', 0), context.Event()
    pool = ProcessPoolExecutor(min(workers, len(seeds)), context, _begin_worker, (steps, stop))
    with _progress('scenes' if recording.looks else 'episodes') as progress, pool:
        bar = progress.add_task('recording', total=total, completed=total - len(seeds), images=0)
        try:
            with _interrupts_kept_from_children():
                pending = {pool.submit(_work, recording, seed) for seed in seeds}
            while pending:
                done, pending = wait(pending, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
                for future in done:
                    future.result()
                progress.update(bar, advance=len(done), images=steps.value * recording.cameras)
        except BrokenProcessPool as error:
            raise WorkerError(
                'a process that records died, perhaps for lack of memory; record again, with fewer workers: '
                'complete episodes are kept') from error
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _progress(what: str) -> Progress:
    return Progress(
        TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TextColumn(f'{what},'),
        TextColumn('{task.fields[images]} images,'), TimeElapsedColumn(), TextColumn('gone,'),
        TimeRemainingColumn(), TextColumn('left'), speed_estimate_period=3600,
    )


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach; this one tells them to stop."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker(steps, stop) -> None:
    """Set up a worker process: it counts steps, looks whether to stop, and ends with its parent even if killed."""
    global _steps, _stop
    _steps, _stop = steps, stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


class _Stopped(Exception):  # noqa: N818
    """The recording was told to end."""


def _stop_if_told() -> None:
    if _stop.is_set():
        raise _Stopped


def _after_step() -> None:
    _stop_if_told()
    with _steps.get_lock():
        _steps.value += 1


def _work(recording: Recording, seed: int) -> None:
    _stop_if_told()
    record_episode(recording, seed, _after_step)
