# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole state of a training stage in one file (safetensors): weights, their average, the optimiser, progress."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from diffusers.training_utils import EMAModel
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from robot4d_core.errors import CheckpointError

CHECKPOINT = 'checkpoint.safetensors'


@dataclass
class StageProgress:
    """step: optimiser steps done; seconds: of training; sums: of the losses since the last point of the curve."""

    step: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)


def save_checkpoint(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, average: EMAModel, progress: StageProgress,
) -> None:
    """Write the state into folder; the last one stays until the new one is complete on disk."""
    tensors = {f'model.{name}': value for name, value in model.state_dict().items()}
    tensors |= {f'average.{index}': value for index, value in enumerate(average.shadow_params)}
    for index, state in optimiser.state_dict()['state'].items():
        tensors |= {f'optimiser.{index}.{name}': value for name, value in state.items()}
    save_durably(tensors, folder / CHECKPOINT, progress=json.dumps(asdict(progress)))


def restore_checkpoint(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, average: EMAModel,
) -> StageProgress:
    """Read what save_checkpoint wrote into model, optimiser and average; a folder without it is the beginning.

    Raises CheckpointError when the file is damaged or of another model.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return StageProgress()
    weights, shadows, states = {}, {}, {}
    try:
        with safe_open(path, framework='pt') as file:
            progress = StageProgress(**json.loads(file.metadata()['progress']))
            for key in file.keys():
                kind, name = key.split('.', 1)
                if kind == 'model':
                    weights[name] = file.get_tensor(key)
                elif kind == 'average':
                    shadows[int(name)] = file.get_tensor(key)
                else:
                    index, name = name.split('.', 1)
                    states.setdefault(int(index), {})[name] = file.get_tensor(key)
        model.load_state_dict(weights)
        for index, shadow in enumerate(average.shadow_params):
            shadow.copy_(shadows[index])
        average.optimization_step = progress.step
        groups = optimiser.state_dict()['param_groups']
        optimiser.load_state_dict({'state': states, 'param_groups': groups})
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f'{path} does not fit this model or is damaged ({error}); delete {folder} to begin the stage again, or '
            'choose another --work') from error
    return progress


def save_durably(tensors: dict[str, torch.Tensor], path: Path, **metadata: str) -> None:
    """Write tensors as safetensors; a file of that name is replaced when the new one is complete on disk."""
    unfinished = path.with_suffix('.unfinished')
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, unfinished, metadata=metadata)
    with open(unfinished, 'rb+') as file:
        os.fsync(file.fileno())
    os.replace(unfinished, path)
