# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The distribution of paths: how they are written as numbers, how noise comes into them and out again.

A path x and noise e are mixed as (1 - t) x + t e (rectified flow, Liu et al. 2022); the network predicts x. At t = 1
nothing of the path is left and the prediction is its mean, so that one step is plain regression; more steps draw
samples.
"""

from __future__ import annotations

import torch

from robot4d_core.generator.model.path.network import PATH_CHANNELS, REACH, PathConditioning, PathNetwork
from robot4d_core.prediction import FRAMES

ALL_NOISE = 0.5  # share of the paths in a batch of which nothing is left: what regression learns from
POSITION_WEIGHT, TURN_WEIGHT, OPENING_WEIGHT, CLOSED_WEIGHT = 4.0, 1.0, 0.3, 0.5


def encode_paths(
    poses: torch.Tensor, openings: torch.Tensor, closed: torch.Tensor, tool: torch.Tensor, stroke: float
) -> torch.Tensor:
    """Return paths (B, T, PATH_CHANNELS) of poses (B, T, 4, 4) T_base_tcp, openings (B, T) metres and closed (B, T).

    tool: (B, 4, 4), where the tools are at the beginning.
    """
    positions = (poses[..., :3, 3] - tool[:, None, :3, 3]) / REACH
    shares = 2 * openings / stroke - 1
    return torch.cat([positions, poses[..., :3, :2].flatten(-2), shares[..., None], 2 * closed[..., None] - 1], dim=-1)


def decode_paths(
    paths: torch.Tensor, tool: torch.Tensor, stroke: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return poses (B, T, 4, 4), openings (B, T) metres, closed (B, T) bool; the reverse of encode_paths."""
    poses = torch.eye(4).repeat(*paths.shape[:2], 1, 1)
    poses[..., :3, 3] = paths[..., :3] * REACH + tool[:, None, :3, 3]
    columns = paths[..., 3:9].unflatten(-1, (3, 2))
    first = torch.nn.functional.normalize(columns[..., 0], dim=-1)
    second = columns[..., 1] - (first * columns[..., 1]).sum(-1, keepdim=True) * first
    second = torch.nn.functional.normalize(second, dim=-1)
    poses[..., :3, :3] = torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)
    return poses, ((paths[..., 9] + 1) / 2).clamp(0, 1) * stroke, paths[..., 10] > 0


def path_loss(
    network: PathNetwork, clean: torch.Tensor, given: PathConditioning, generator: torch.Generator,
    all_noise: float = ALL_NOISE,
) -> dict[str, torch.Tensor]:
    """Return the losses of a batch of clean paths with noise of random shares; of all_noise of them nothing is left."""
    time = torch.rand(len(clean), generator=generator)
    time = torch.where(torch.rand(len(clean), generator=generator) < all_noise, torch.ones(()), time)
    noise = torch.randn(clean.shape, generator=generator)
    noisy = (1 - time[:, None, None]) * clean + time[:, None, None] * noise
    error = network(noisy, time, given) - clean
    position = torch.linalg.vector_norm(error[..., :3] + 1e-8, dim=-1).mean()
    turn = torch.linalg.vector_norm(error[..., 3:9] + 1e-8, dim=-1).mean()
    opening, closed = error[..., 9].abs().mean(), error[..., 10].square().mean()
    loss = POSITION_WEIGHT * position + TURN_WEIGHT * turn + OPENING_WEIGHT * opening + CLOSED_WEIGHT * closed
    return {'loss': loss, 'position': position * REACH, 'turn': turn, 'opening': opening, 'closed': closed}


@torch.no_grad()
def sample_paths(
    network: PathNetwork, given: PathConditioning, steps: int, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Draw a path (B, FRAMES, PATH_CHANNELS) for each gripper in so many Euler steps; 1: the mean of all paths."""
    batch = len(given.tool)
    paths = torch.randn((batch, FRAMES, PATH_CHANNELS), generator=generator)
    times = torch.linspace(1, 0, steps + 1)
    for now, after in zip(times[:-1], times[1:]):
        clean = network(paths, now.expand(batch), given)
        paths = clean + after / now * (paths - clean)
    return paths
