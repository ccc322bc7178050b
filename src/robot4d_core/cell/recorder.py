# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Record demonstrations of many seeds in parallel processes into an episode store."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from robot4d_core.cell.demonstration import IMAGE_SIZE, demonstrate
from robot4d_core.cell.sensor import SensorModel
from robot4d_core.cell.tasks import make_task
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import ExpertError, WorkerError
from robot4d_core.prediction import FRAME_INTERVAL

SECONDS_BETWEEN_LOOKS = 0.25  # at the progress of the workers


@dataclass(frozen=True)
class _Job:
    """What a worker needs to know about every episode of a recording."""

    folder: Path
    task: str
    cameras: int
    size: tuple[int, int]
    sensor: SensorModel | None


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
) -> EpisodeStore:
    """Record the episodes of seeds seed, seed + 1, ... that folder does not have yet; shows progress with time left.

    The same seed gives the same episode, whatever the number of workers. What killed or interrupted it leaves no half
    episode, and the next call goes on. A demonstration that fails is remembered in the store and not tried again.
    size: width and height of the images; sensor: what films, None for perfect images.

    Raises SceneError when there is no such task, the errors of EpisodeStore, and WorkerError when a process died.
    """
    make_task(task)
    store = EpisodeStore(folder, {
        'task': task, 'cameras': cameras, 'size': list(size), 'interval': FRAME_INTERVAL,
        'sensor': sensor.to_dict() if sensor else None,
    })
    with store.recording():
        settled = {*store.names, *store.failures}
        missing = [s for s in range(seed, seed + episodes) if episode_name(s) not in settled]
        if missing:
            _record_all(_Job(Path(folder), task, cameras, size, sensor), missing, episodes, workers)
    return store


def episode_name(seed: int) -> str:
    """Return the name of the episode that is made from a seed."""
    return f'episode_{seed:06d}'


def _record_all(job: _Job, seeds: list[int], total: int, workers: int) -> None:
    context = multiprocessing.get_context('spawn')
    steps, stop = context.Value('q', 0), context.Event()
    pool = ProcessPoolExecutor(min(workers, len(seeds)), context, _begin_worker, (steps, stop))
    with _progress() as progress, pool:
        bar = progress.add_task('recording', total=total, completed=total - len(seeds), images=0)
        try:
            with _interrupts_kept_from_children():
                pending = {pool.submit(_record_episode, job, seed) for seed in seeds}
            while pending:
                done, pending = wait(pending, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
                progress.update(bar, advance=_settle(done), images=steps.value * job.cameras)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _settle(done: set[Future]) -> int:
    """Return how many have ended well; raises what ended another."""
    try:
        for future in done:
            future.result()
    except BrokenProcessPool as error:
        raise WorkerError(
            'a process that records died, perhaps for lack of memory; record again with fewer workers: '
            'complete episodes are kept') from error
    return len(done)


def _progress() -> Progress:
    return Progress(
        TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TextColumn('episodes,'),
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


class _Stopped(Exception):  # noqa: N818
    """The recording was told to end."""


def _begin_worker(steps, stop) -> None:
    """Set up a worker process; it ends with its parent, even one that was killed."""
    global _steps, _stop
    _steps, _stop = steps, stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _after_step() -> None:
    if _stop.is_set():
        raise _Stopped
    with _steps.get_lock():
        _steps.value += 1


def _record_episode(job: _Job, seed: int) -> None:
    store, name = EpisodeStore(job.folder), episode_name(seed)
    try:
        episode, attributes = demonstrate(job.task, seed, job.cameras, job.size, job.sensor, _after_step)
    except ExpertError as error:
        store.write_failure(name, str(error))
    else:
        store.write(name, episode, **attributes)
