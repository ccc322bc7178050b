# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A training loop with a time budget that survives being killed: EMA, cosine learning rate, checkpoints, curves."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import load_file, save_file
from torch import nn

CHECKPOINT_SECONDS = 120.0
CURVE_STEPS = 20  # steps averaged in one point of the loss curve

BatchLoss = Callable[[int, np.random.Generator, torch.Generator], dict[str, torch.Tensor]]


@dataclass(frozen=True)
class StageSettings:
    """minutes: training time, checkpoints of a killed run included; batch: samples per step; warmup: steps."""

    minutes: float
    batch: int
    learning_rate: float
    weight_decay: float = 1e-4
    warmup: int = 100
    ema_decay: float = 0.998


def train_stage(model: nn.Module, batch_loss: BatchLoss, settings: StageSettings, folder: Path) -> Path:
    """Train model until the time budget is spent, then leave its averaged weights in it; return the loss curve (CSV).

    batch_loss(batch, rng, torch generator) returns named scalar losses; 'loss' is minimised. Both generators are
    seeded by the step, so a resumed run sees the batches that an uninterrupted one would. folder keeps
    checkpoint.safetensors, checkpoint.json, curve.csv and TensorBoard events; a finished stage is loaded, not repeated.
    """
    from torch.utils.tensorboard import SummaryWriter

    folder.mkdir(parents=True, exist_ok=True)
    curve = folder / 'curve.csv'
    optimiser = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay, eps=1e-6,
    )
    average = {name: value.detach().clone() for name, value in model.named_parameters()}
    step, elapsed = _restore(folder, model, average, optimiser)
    budget = settings.minutes * 60
    device = next(model.parameters()).device
    writer = SummaryWriter(folder)
    bar = Progress(TextColumn(f'{folder.name:<22}'), BarColumn(), TextColumn('step {task.fields[step]}'),
                   TextColumn('loss {task.fields[loss]:.4f}'), TimeRemainingColumn())
    with bar, open(curve, 'a' if step else 'w', newline='') as file:
        task = bar.add_task('', total=budget, completed=elapsed, step=step, loss=float('nan'))
        started, saved, sums = time.monotonic() - elapsed, time.monotonic(), {}
        model.train()
        while elapsed < budget:
            warm = min(1.0, (step + 1) / settings.warmup)
            rate = settings.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * elapsed / budget))
            for group in optimiser.param_groups:
                group['lr'] = rate
            with torch.autocast(device.type, torch.bfloat16):
                losses = batch_loss(settings.batch, np.random.default_rng(step), torch.Generator().manual_seed(step))
            optimiser.zero_grad()
            losses['loss'].backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            decay = min(settings.ema_decay, (1 + step) / (10 + step))
            with torch.no_grad():
                for name, value in model.named_parameters():
                    average[name].lerp_(value, 1 - decay)
            step += 1
            elapsed = time.monotonic() - started
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / CURVE_STEPS
            if step % CURVE_STEPS == 0:
                row = {'step': step, 'seconds': round(elapsed, 1), 'learning_rate': rate, **sums}
                table = csv.DictWriter(file, row)
                if step == CURVE_STEPS:
                    table.writeheader()
                table.writerow(row)
                file.flush()
                for name, value in sums.items():
                    writer.add_scalar(f'{folder.name}/{name}', value, step)
                bar.update(task, completed=elapsed, step=step, loss=sums['loss'])
                sums = {}
            if time.monotonic() - saved > CHECKPOINT_SECONDS or elapsed >= budget:
                _save(folder, model, average, optimiser, step, elapsed)
                saved = time.monotonic()
    writer.close()
    model.load_state_dict(average, strict=False)
    model.eval()
    return curve


def _save(folder: Path, model: nn.Module, average: dict, optimiser: torch.optim.Optimizer, step: int, elapsed: float):
    tensors = {f'model.{name}': value.detach() for name, value in model.named_parameters()}
    tensors |= {f'average.{name}': value for name, value in average.items()}
    for index, state in optimiser.state_dict()['state'].items():
        tensors |= {f'optimiser.{index}.{name}': value for name, value in state.items()}
    unfinished = folder / 'checkpoint.unfinished'
    save_file(tensors, unfinished, metadata={'progress': json.dumps({'step': step, 'elapsed': elapsed})})
    os.replace(unfinished, folder / 'checkpoint.safetensors')


def _restore(folder: Path, model: nn.Module, average: dict, optimiser: torch.optim.Optimizer) -> tuple[int, float]:
    from safetensors import safe_open

    path = folder / 'checkpoint.safetensors'
    if not path.exists():
        return 0, 0.0
    with safe_open(path, framework='pt') as file:
        progress = json.loads(file.metadata()['progress'])
    state: dict[int, dict] = {}
    parameters = {}
    for key, value in load_file(path).items():
        kind, name = key.split('.', 1)
        if kind == 'optimiser':
            index, name = name.split('.', 1)
            state.setdefault(int(index), {})[name] = value
        elif kind == 'average':
            average[name] = value
        else:
            parameters[name] = value
    model.load_state_dict(parameters, strict=False)
    groups = optimiser.state_dict()['param_groups']
    optimiser.load_state_dict({'state': state, 'param_groups': groups})
    return progress['step'], progress['elapsed']
