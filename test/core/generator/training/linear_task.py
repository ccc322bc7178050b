# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Things to train in a moment: a linear map, and the two-view U-Net on noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.generator.tiny_models import tiny_configuration
from robot4d_core.generator.model.configurations import make_scheduler, make_unet
from robot4d_core.generator.training.batches import DiffusionBatch, drawn
from robot4d_core.generator.training.objectives import DiffusionObjective
from robot4d_core.generator.training.recipe import StageSettings

CONFIGURATION = tiny_configuration()
DIFFUSED = CONFIGURATION.unet['out_channels']
OBSERVED = CONFIGURATION.unet['in_channels'] - DIFFUSED


@dataclass(frozen=True)
class LinearBatch:
    x: torch.Tensor
    episodes: list[str]


class LinearTask(nn.Module):
    """Learns x -> (1, -2, 0.5) x."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(3, 1)

    def forward(self, batch: LinearBatch, generator) -> dict[str, torch.Tensor]:
        return {'loss': (self.linear(batch.x) - batch.x @ torch.tensor([[1.0], [-2.0], [0.5]])).square().mean()}


linear_batches = drawn(lambda size, rng: LinearBatch(
    torch.from_numpy(rng.normal(size=(size, 3))).float(), [f'episode_{k:06d}' for k in range(size)]))


def noise_batch(size: int, rng: np.random.Generator) -> DiffusionBatch:
    def tensor(*shape):
        return torch.from_numpy(rng.normal(size=(size, 2, *shape))).float()

    return DiffusionBatch(
        tensor(OBSERVED, 8, 8), None, tensor(2, DIFFUSED, 8, 8), tensor(2, 8, 8) > 1, tensor(2, 8, 8) > -1,
        ['noise'] * size)


def diffusion_task(settings: StageSettings, folder: Path):
    """Return the arguments of a training of the U-Net."""
    torch.manual_seed(0)
    objective = DiffusionObjective(make_unet(CONFIGURATION), make_scheduler(CONFIGURATION))
    return objective, settings, folder, drawn(noise_batch)
