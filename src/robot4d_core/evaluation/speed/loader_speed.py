# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How fast training windows come out of a store, beside plain copies of the same images out of .npy files."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from robot4d_core.episodes.episode import IMAGES
from robot4d_core.episodes.loader import WindowDataset, WindowSampler
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import WINDOW_STEPS
from robot4d_core.evaluation.measurement_file import describe_machine
from robot4d_core.text_files import write_text

EPISODES = 2  # whose windows are read, over and over: from memory, as the system keeps files that were just read


@dataclass(frozen=True)
class LoaderSpeed:
    """One way to get windows: how many per second, and how many MB per second it hands over."""

    way: str
    windows_per_second: float
    megabytes_per_second: float


def benchmark_loader(
    store: EpisodeStore, batch: int = 4, workers: int = 2, seconds: float = 5.0, json_path: Path | None = None,
) -> list[LoaderSpeed]:
    """Measure every way for some seconds on the training windows of the same episodes; print and write the numbers."""
    console = Console()
    machine = describe_machine('numpy', 'torch', 'zarr')
    dataset = WindowDataset(store)
    episodes = sorted({dataset.locate(number)[0] for number in range(len(dataset))})[:EPISODES]
    numbers = [number for number in WindowSampler(dataset) if dataset.locate(number)[0] in episodes]
    with TemporaryDirectory() as folder:
        ways = {
            f'DataLoader, {workers} workers, batch {batch}': _batches(dataset, numbers, batch, workers),
            'dataset, one process': ((1, _size(dataset[number].values())) for number in cycle(numbers)),
            'zarr decoding alone': _images(dataset, numbers, _zarr_arrays(store, episodes)),
            'copies out of .npy files': _images(dataset, numbers, _npy_arrays(store, episodes, Path(folder))),
        }
        speeds = []
        for way, windows in ways.items():
            with console.status(f'measuring: {way}'):
                speeds.append(LoaderSpeed(way, *measure(windows, seconds)))
    _print(console, f'training windows of {store.folder}, {store.settings.get("size")} pixels', machine, speeds)
    if json_path is not None:
        write_text(json_path, json.dumps({
            'machine': machine, 'settings': store.settings, 'speeds': [asdict(speed) for speed in speeds]}, indent=1))
    return speeds


def measure(windows: Iterator[tuple[int, int]], seconds: float) -> tuple[float, float]:
    """Count windows and bytes until the time is over; the first, which starts workers and opens files, is left out."""
    next(windows)
    started, elapsed, total, size = time.perf_counter(), 0.0, 0, 0
    while elapsed < seconds:
        count, its_size = next(windows)
        total, size, elapsed = total + count, size + its_size, time.perf_counter() - started
    return total / elapsed, size / elapsed / 1e6


def _batches(dataset: WindowDataset, numbers: list[int], batch: int, workers: int) -> Iterator[tuple[int, int]]:
    from torch.utils.data import DataLoader

    for arrays in DataLoader(dataset, batch, sampler=cycle(numbers), num_workers=workers):
        yield batch, _size(arrays.values())


def _images(dataset: WindowDataset, numbers: list[int], arrays: dict[str, list]) -> Iterator[tuple[int, int]]:
    """Read the images of windows and do nothing with them; arrays: those of every episode, on disk."""
    for number in cycle(numbers):
        episode, start, *cameras = dataset.locate(number)
        steps = slice(start, start + WINDOW_STEPS)
        yield 1, _size(np.array(array[camera, steps]) for array in arrays[episode] for camera in cameras)


def _zarr_arrays(store: EpisodeStore, episodes: list[str]) -> dict[str, list]:
    return {name: [getattr(store.read(name), image) for image in IMAGES] for name in episodes}


def _npy_arrays(store: EpisodeStore, episodes: list[str], folder: Path) -> dict[str, list]:
    arrays = {}
    for name, zarr_arrays in _zarr_arrays(store, episodes).items():
        paths = [folder / f'{name}_{image}.npy' for image in IMAGES]
        for path, array in zip(paths, zarr_arrays, strict=True):
            np.save(path, array[:])
        arrays[name] = [np.load(path, mmap_mode='r') for path in paths]
    return arrays


def _size(arrays: Iterable) -> int:
    return sum(array.nbytes for array in arrays)


def _print(console: Console, title: str, machine: dict, speeds: list[LoaderSpeed]) -> None:
    table = Table(title=title, caption=', '.join(f'{name} {value}' for name, value in machine.items()))
    for column, justify in (('way', 'left'), ('windows/s', 'right'), ('MB/s', 'right'), ('of plain copies', 'right')):
        table.add_column(column, justify=justify)
    for speed in speeds:
        table.add_row(
            speed.way, f'{speed.windows_per_second:.1f}', f'{speed.megabytes_per_second:.0f}',
            f'{speed.windows_per_second / speeds[-1].windows_per_second:.2f}',
        )
    console.print(table)
