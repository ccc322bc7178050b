# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where batches come from: episodes and latents held in memory, or windows read and encoded as they are needed.

Only training episodes, as training cameras saw them, are ever shown to a model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from rich.progress import track

from robot4d_core.episodes.episode import Episode, every
from robot4d_core.episodes.joined_stores import JoinedStores
from robot4d_core.episodes.loader import WindowDataset, episodes_of, read_seen_by
from robot4d_core.episodes.splits import training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import gripper_mask, pointmaps_of, relative_pose
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.model.view_alignment import subsample
from robot4d_core.generator.training.batches import (
    AlignmentBatch,
    Batches,
    DiffusionBatch,
    ImageBatch,
    WindowArrays,
    drawn,
    read_by_workers,
    with_holes,
)
from robot4d_core.generator.training.latent_episodes import (
    LatentEpisode,
    alignment_batch,
    diffusion_batch,
    draw_windows,
    encode_episode,
)
from robot4d_core.geometry.pointmaps import transform_points

STRIDE = 3  # of the steps whose images are held in memory: neighbours hardly differ


class TrainingData(ABC):
    """The batches of every stage; what the later stages see is encoded by the pipeline's autoencoders as they are."""

    @abstractmethod
    def images(self) -> Batches:
        """Return batches for the autoencoders: pointmaps in their own frame and in that of another camera."""

    @abstractmethod
    def alignments(self, pipeline: TwoViewPipeline) -> Batches:
        """Return batches for the view alignment."""

    @abstractmethod
    def windows(self, pipeline: TwoViewPipeline) -> Batches:
        """Return batches for the diffusion."""


class DataInMemory(TrainingData):
    """Reads and encodes every episode once; for as many as fit into memory. latents: folder that keeps them."""

    def __init__(self, store: EpisodeStore | JoinedStores, latents: Path, accelerator: Accelerator) -> None:
        self._store, self._folder, self._accelerator = store, latents, accelerator
        self._names = episodes_of(store, 'training')
        self._episodes: dict[str, Episode] = {}
        self._latents: list[LatentEpisode] = []

    def images(self) -> Batches:
        """Return random images of all episodes, of every third step."""
        if not self._episodes:
            self._episodes = {name: every(STRIDE, self._read(name)) for name in track(
                self._names, 'reading episodes', disable=not self._accelerator.is_main_process)}
        episodes = self._episodes
        return drawn(lambda size, rng: image_batch(episodes, size, rng))

    def alignments(self, pipeline: TwoViewPipeline) -> Batches:
        """Return random steps of all episodes."""
        latents = self._encoded(pipeline)
        return drawn(lambda size, rng: alignment_batch(latents, size, rng))

    def windows(self, pipeline: TwoViewPipeline) -> Batches:
        """Return random windows of all episodes."""
        latents, change = self._encoded(pipeline), pipeline.config.diffuse_change
        aligned = pipeline.view_alignment is not None
        draw_windows(latents, 1, np.random.default_rng())  # there is one
        return drawn(lambda size, rng: diffusion_batch(latents, size, rng, change=change, aligned=aligned))

    def _read(self, name: str) -> Episode:
        return read_seen_by(self._store, name, training_cameras)

    def _encoded(self, pipeline: TwoViewPipeline) -> list[LatentEpisode]:
        """Encode what is not encoded yet, each process its share; then read all, in the place of the images."""
        self._episodes = {}
        if not self._latents:
            accelerator = self._accelerator
            share = list(enumerate(self._names))[accelerator.process_index::accelerator.num_processes]
            for k, name in track(share, 'encoding episodes', disable=not accelerator.is_main_process):
                path = self._folder / f'{name}.safetensors'
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with accelerator.autocast():
                        encode_episode(
                            name, self._read(name), pipeline.rgb_autoencoder, pipeline.pointmap_autoencoder,
                            np.random.default_rng(k)).save(path)
            accelerator.wait_for_everyone()
            self._latents = [LatentEpisode.load(self._folder / f'{name}.safetensors', name) for name in self._names]
        return self._latents


class DataFromWindows(TrainingData):
    """Reads windows in worker processes and encodes them on the accelerator's device, batch by batch."""

    def __init__(
        self, store: EpisodeStore | JoinedStores, workers: int, latent_factor: int, accelerator: Accelerator,
    ) -> None:
        self._dataset = WindowDataset(store, 'training', training_cameras, latent_factor=latent_factor)
        self._workers, self._accelerator = workers, accelerator

    def images(self) -> Batches:
        """Return one view of every window, a video of eleven frames."""
        return self._batches(view_batch)

    def alignments(self, pipeline: TwoViewPipeline) -> Batches:
        """Return the first step of every window."""
        def make(windows: WindowArrays, rng: np.random.Generator) -> AlignmentBatch:
            with self._accelerator.autocast():
                latents = encode_observations(pipeline, windows)
            target = torch.from_numpy(subsample(windows.pointmap[:, 1, 0]))
            return AlignmentBatch(latents, target, windows.episodes)

        return self._batches(make)

    def windows(self, pipeline: TwoViewPipeline) -> Batches:
        """Return windows."""
        def make(windows: WindowArrays, rng: np.random.Generator) -> DiffusionBatch:
            with self._accelerator.autocast():
                return encode_windows(pipeline, windows)

        return self._batches(make)

    def _batches(self, make) -> Batches:
        return read_by_workers(self._dataset, make, self._workers)


def image_batch(episodes: dict[str, Episode], batch: int, rng: np.random.Generator) -> ImageBatch:
    """Draw random images; half of the pointmaps are in the frame of another camera, an eighth gets holes."""
    rgb, pointmaps, grippers, names = [], [], [], []
    known = [*episodes]
    for k in range(batch):
        names.append(known[rng.integers(len(known))])
        episode = episodes[names[-1]]
        camera, other = rng.choice(len(episode.rgb), 2, replace=False)
        step = rng.integers(len(episode.times))
        points = pointmaps_of(episode, camera, step)
        if k % 2:
            points = transform_points(relative_pose(episode, other, camera), points)
        if k % 8 == 0:
            points = with_holes(points, rng)
        rgb.append(episode.rgb[camera, step])
        pointmaps.append(points)
        grippers.append(gripper_mask(episode.segmentation[camera, step]))
    return ImageBatch(np.stack(rgb), np.stack(pointmaps), np.stack(grippers), 1, names)


def view_batch(windows: WindowArrays, rng: np.random.Generator) -> ImageBatch:
    """Take a random view of every window: n in its own frame or m in that of n; an eighth gets holes."""
    count, _, frames = windows.rgb.shape[:3]
    every, view = np.arange(count), rng.integers(2, size=count)
    pointmap = windows.pointmap[every, view]
    for k in np.flatnonzero(rng.random(count) < 1 / 8):
        pointmap[k] = with_holes(pointmap[k], rng)
    return ImageBatch(
        windows.rgb[every, view].reshape(-1, *windows.rgb.shape[3:]), pointmap.reshape(-1, *pointmap.shape[2:]),
        windows.gripper[every, view].reshape(-1, *windows.gripper.shape[3:]), frames, windows.episodes)


def encode_observations(pipeline: TwoViewPipeline, windows: WindowArrays) -> torch.Tensor:
    """Return the latents (B, 2, C, h, w) of what the views of windows observe, points in their own frames."""
    own = np.stack([windows.pointmap[:, 0, 0], windows.observed_pointmap_m], axis=1)
    latents = pipeline.encode(windows.rgb[:, :, 0].reshape(-1, *windows.rgb.shape[3:]), own.reshape(-1, *own.shape[2:]))
    return latents.float().unflatten(0, (-1, 2))


def encode_windows(pipeline: TwoViewPipeline, windows: WindowArrays) -> DiffusionBatch:
    """Encode windows for the diffusion."""
    from robot4d_core.generator.model.image_context import embed_images

    change = pipeline.config.diffuse_change
    shape = windows.rgb.shape[:3]
    conditioning = encode_observations(pipeline, windows)
    latents = pipeline.encode(
        windows.rgb.reshape(-1, *windows.rgb.shape[3:]), windows.pointmap.reshape(-1, *windows.pointmap.shape[3:]),
    ).float().unflatten(0, shape)
    frozen = conditioning
    if pipeline.view_alignment is not None:
        frozen = latents[:, :, 0]
        placed = frozen[:, :, pipeline.rgb_autoencoder.config.latent_channels:]
        conditioning = torch.cat([conditioning, placed], dim=2)
    context = None
    if pipeline.image_encoder is not None:
        observed = windows.rgb[:, :, 0].reshape(-1, *windows.rgb.shape[3:])
        context = embed_images(pipeline.image_encoder, observed).float().unflatten(0, shape[:2])
    valid = windows.latent_valid
    return DiffusionBatch(
        conditioning, context, latents[:, :, 1:] - frozen[:, :, None] if change else latents[:, :, 1:],
        torch.from_numpy(windows.latent_gripper[:, :, 1:]),
        torch.from_numpy(valid[:, :, 1:] & valid[:, :, :1] if change else valid[:, :, 1:]), windows.episodes,
    )
