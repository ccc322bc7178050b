# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What every stage trains on: batches that depend on the seed and their number alone, whoever makes them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from robot4d_core.episodes.loader import WindowDataset, WindowSampler
from robot4d_core.errors import Robot4dError, WorkerError

HOLE_SHARE = 0.05  # of 8x8 cells made invalid in every eighth training pointmap, as real depth has holes
WORKERS_START = 'forkserver'  # zarr's threads survive neither a fork nor the full exit of a spawned process


@dataclass(frozen=True)
class BatchPlan:
    """Which batches a process wants: number first and all that follow, `size` samples each."""

    first: int
    size: int
    process: int = 0
    processes: int = 1
    seed: int = 0

    def numpy_generator(self, number: int) -> np.random.Generator:
        """Return what draws a batch."""
        return np.random.default_rng([self.seed, number, self.process])

    def torch_generator(self, number: int) -> torch.Generator:
        """Return what draws the noise on a batch, on the CPU so that every device gets the same."""
        [seed] = np.random.SeedSequence([self.seed, number, self.process, 1]).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(seed >> 1))


Batches = Callable[[BatchPlan], Generator[Any, None, None]]


@dataclass(frozen=True)
class ImageBatch:
    """rgb: (B, H, W, 3) uint8; pointmap: (B, H, W, 3) metres, NaN invalid; gripper: (B, H, W) bool.

    frames: B / frames videos follow one another. episodes: where the images come from.
    """

    rgb: np.ndarray
    pointmap: np.ndarray
    gripper: np.ndarray
    frames: int
    episodes: list[str]


@dataclass(frozen=True)
class AlignmentBatch:
    """Single steps of two views.

    latents: (B, 2, C, h, w) observed, points in the view's own frame; target: (B, 16, 20, 3), coarse points of m in
    frame n, metres.
    """

    latents: torch.Tensor
    target: torch.Tensor
    episodes: list[str]


@dataclass(frozen=True)
class DiffusionBatch:
    """Windows of latents.

    conditioning, context: as the pipeline's Conditioning; target: (B, 2, T, C, h, w) future latents, m's points in
    frame n, or their change against the observed ones or the base; gripper, valid: (B, 2, T, h, w) bool, the gripper,
    known points; base: (B, 2, T, C, h, w) latents of the base, None without one.
    """

    conditioning: torch.Tensor
    context: torch.Tensor | None
    target: torch.Tensor
    gripper: torch.Tensor
    valid: torch.Tensor
    episodes: list[str]
    base: torch.Tensor | None = None


def drawn(draw: Callable[[int, np.random.Generator], Any]) -> Batches:
    """Return batches that draw(size, generator) makes from what is in memory."""
    def batches(plan: BatchPlan) -> Generator[Any, None, None]:
        return (draw(plan.size, plan.numpy_generator(number)) for number in itertools.count(plan.first))

    return batches


@dataclass(frozen=True)
class WindowArrays:
    """The arrays of B windows as WindowDataset gives them, stacked."""

    rgb: np.ndarray
    pointmap: np.ndarray
    observed_pointmap_m: np.ndarray
    gripper: np.ndarray
    latent_gripper: np.ndarray
    latent_valid: np.ndarray
    episodes: list[str]


def read_by_workers(
    dataset: WindowDataset, make: Callable[[WindowArrays, np.random.Generator], Any], workers: int,
) -> Batches:
    """Return batches that make(windows, generator) makes from what worker processes read; 0: this process reads.

    Every epoch shows each window once, in a new order; the processes of a training share it out.
    """
    def batches(plan: BatchPlan) -> Generator[Any, None, None]:
        from torch.utils.data import DataLoader

        names = [entry for entry in WindowArrays.__dataclass_fields__ if entry != 'episodes']
        loader = DataLoader(
            dataset, batch_sampler=_WindowNumbers(dataset, plan), num_workers=workers,
            multiprocessing_context=WORKERS_START if workers else None,
        )
        for number, window in zip(itertools.count(plan.first), _named_errors(loader)):
            episodes = [dataset.locate(int(k))[0] for k in window['number']]
            yield make(
                WindowArrays(**{name: window[name].numpy() for name in names}, episodes=episodes),
                plan.numpy_generator(number),
            )

    return batches


def _named_errors(loader: Iterable) -> Iterator:
    try:
        yield from loader
    except RuntimeError as error:
        if isinstance(error, Robot4dError) or 'DataLoader worker' not in str(error):
            raise
        raise WorkerError(
            'a process that reads windows died, perhaps for lack of memory; the same command with fewer --workers '
            f'continues: {error}') from error


class _WindowNumbers:
    """The numbers of the windows of every batch of a plan, without end."""

    def __init__(self, dataset: WindowDataset, plan: BatchPlan) -> None:
        self._dataset, self._plan = dataset, plan

    def __iter__(self) -> Iterator[list[int]]:
        plan = self._plan
        together = plan.size * plan.processes
        epoch, begun = divmod(plan.first * together, len(self._dataset))
        sampler = WindowSampler(self._dataset, plan.seed, epoch)
        numbers = itertools.islice(itertools.chain.from_iterable(itertools.repeat(sampler)), begun, None)
        while True:
            batch = list(itertools.islice(numbers, together))
            yield batch[plan.process * plan.size:(plan.process + 1) * plan.size]


def with_holes(pointmap: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a pointmap (..., H, W, 3) of which HOLE_SHARE of the 8x8 cells are unknown."""
    height, width = pointmap.shape[-3:-1]
    holes = rng.random((-(-height // 8), -(-width // 8))) < HOLE_SHARE
    holes = np.kron(holes, np.ones((8, 8), bool))[:height, :width]
    return np.where(holes[..., None], np.float32(np.nan), pointmap)
