# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Episodes encoded once, so that the networks behind the autoencoders train from memory."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.windows import (
    WINDOW_STEPS,
    downsample_mask,
    gripper_mask,
    pointmaps_of,
    relative_pose,
    window_starts,
)
from robot4d_core.errors import NoWindowError
from robot4d_core.generator.model.autoencoder_interface import Autoencoder
from robot4d_core.generator.model.view_alignment import subsample
from robot4d_core.generator.training.batches import AlignmentBatch, DiffusionBatch
from robot4d_core.generator.training.checkpoint import save_durably
from robot4d_core.geometry.pointmaps import transform_points, valid_points

PAIRS = 8  # ordered camera pairs encoded per episode


@dataclass(frozen=True)
class LatentEpisode:
    """An episode of C cameras, T steps and P ordered pairs (n, m) of cameras, at latent resolution.

    name: of the episode; rgb: (C, T, channels, h, w) float16; points: likewise, in the camera's own frame, of no
    channels for a model of colours alone; pairs: (P, 2); projected: (P, T, channels, h, w), the points of m in frame n;
    gripper, valid: (C, T, h, w) bool; coarse: (C, T, 16, 20, 3) metres in the camera's own frame, NaN invalid;
    relative: (C, C, 4, 4), relative[n, m] = T_n_m; starts: (K,) the steps at which a window may begin.
    """

    name: str
    rgb: torch.Tensor
    points: torch.Tensor
    pairs: torch.Tensor
    projected: torch.Tensor
    gripper: torch.Tensor
    valid: torch.Tensor
    coarse: torch.Tensor
    relative: torch.Tensor
    starts: torch.Tensor

    def save(self, path: Path) -> None:
        """Write the episode as safetensors."""
        tensors = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != 'name'}
        save_durably(tensors, path)

    @classmethod
    def load(cls, path: Path, name: str) -> LatentEpisode:
        """Read what save wrote of the episode of a name."""
        return cls(name, **load_file(path))


@torch.no_grad()
def encode_episode(
    name: str, episode: Episode, rgb_autoencoder: Autoencoder, pointmap_autoencoder: Autoencoder | None,
    rng: np.random.Generator,
) -> LatentEpisode:
    """Encode every image of an episode, and the points of m in frame n for PAIRS random ordered pairs."""
    cameras = episode.rgb.shape[0]
    factor = rgb_autoencoder.latent_factor
    own = np.stack([pointmaps_of(episode, c) for c in range(cameras)])
    relative = np.stack([[relative_pose(episode, n, m) for m in range(cameras)] for n in range(cameras)])
    ordered = [(n, m) for n in range(cameras) for m in range(cameras) if n != m]
    pairs = np.array([ordered[k] for k in rng.permutation(len(ordered))[:PAIRS]])

    masks = downsample_mask(gripper_mask(np.asarray(episode.segmentation)), factor, 0.0)

    def encode(model: Autoencoder | None, images: np.ndarray) -> torch.Tensor:
        if model is None:
            return torch.zeros(len(images), 0, *masks.shape[-2:])
        return model.encode(model.normalise(images)).float().cpu()

    return LatentEpisode(
        name=name,
        rgb=torch.stack([encode(rgb_autoencoder, np.asarray(episode.rgb[c])) for c in range(cameras)]).half(),
        points=torch.stack([encode(pointmap_autoencoder, own[c]) for c in range(cameras)]).half(),
        pairs=torch.from_numpy(pairs),
        projected=torch.stack([
            encode(pointmap_autoencoder, transform_points(relative[n, m], own[m])) for n, m in pairs
        ]).half(),
        gripper=torch.from_numpy(masks),
        valid=torch.from_numpy(downsample_mask(valid_points(own), factor, 0.5)),
        coarse=torch.from_numpy(subsample(own)),
        relative=torch.from_numpy(relative).float(),
        starts=torch.from_numpy(window_starts(episode)),
    )


def draw_windows(
    episodes: list[LatentEpisode], count: int, rng: np.random.Generator,
) -> list[tuple[LatentEpisode, int]]:
    """Draw windows with equal chances: the episode and the step at which each begins. Raises NoWindowError."""
    ends = np.cumsum([len(episode.starts) for episode in episodes])
    if not ends[-1]:
        raise NoWindowError(f'no window of {len(episodes)} episodes shows a moving gripper; record other episodes')
    drawn = rng.integers(ends[-1], size=count)
    owners = np.searchsorted(ends, drawn, side='right')
    return [(episodes[k], int(episodes[k].starts[number - ends[k]])) for k, number in zip(owners, drawn)]


def diffusion_batch(
    episodes: list[LatentEpisode], batch: int, rng: np.random.Generator, *, change: bool, aligned: bool,
) -> DiffusionBatch:
    """Draw random windows out of those of all episodes, each with a random camera pair.

    change: the target is the change against the observation; then points must also be known there. aligned: the
    model has a view alignment, see TwoViewPipeline.
    """
    rows, names = [], []
    for episode, start in draw_windows(episodes, batch, rng):
        pair = rng.integers(len(episode.pairs))
        n, m = episode.pairs[pair]
        steps = torch.arange(start, start + WINDOW_STEPS)
        latents_n = torch.cat([episode.rgb[n, steps].float(), episode.points[n, steps].float()], dim=1)
        latents_m = torch.cat([episode.rgb[m, steps].float(), episode.projected[pair, steps].float()], dim=1)
        own_m = torch.cat([episode.rgb[m, steps[0]].float(), episode.points[m, steps[0]].float()])
        latents = torch.stack([latents_n, latents_m])
        conditioning = torch.stack([latents_n[0], own_m])
        frozen = latents[:, 0] if aligned else conditioning
        if aligned:
            conditioning = torch.cat([conditioning, frozen[:, episode.rgb.shape[2]:]], dim=1)
        valid = torch.stack([episode.valid[c, steps] for c in (n, m)])
        rows.append((
            conditioning,
            latents[:, 1:] - frozen[:, None] if change else latents[:, 1:],
            torch.stack([episode.gripper[c, steps[1:]] for c in (n, m)]),
            valid[:, 1:] & valid[:, :1] if change else valid[:, 1:],
        ))
        names.append(episode.name)
    conditioning, target, gripper, valid = (torch.stack(column) for column in zip(*rows, strict=True))
    return DiffusionBatch(conditioning, None, target, gripper, valid, names)


def alignment_batch(episodes: list[LatentEpisode], batch: int, rng: np.random.Generator) -> AlignmentBatch:
    """Draw random steps of all episodes, each seen by a random camera pair."""
    latents, targets, names = [], [], []
    for _ in range(batch):
        episode = episodes[rng.integers(len(episodes))]
        n, m = rng.choice(len(episode.rgb), 2, replace=False)
        step = rng.integers(episode.rgb.shape[1])
        views = [n, m], step
        latents.append(torch.cat([episode.rgb[views].float(), episode.points[views].float()], dim=1))
        transform = episode.relative[n, m]
        targets.append(episode.coarse[m, step] @ transform[:3, :3].T + transform[:3, 3])
        names.append(episode.name)
    return AlignmentBatch(torch.stack(latents), torch.stack(targets), names)
