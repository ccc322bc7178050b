# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The training loop of every stage: on one CPU or many GPUs, within a budget, exactly resumable.

What a batch is and what noise it gets depends on the seed and the number of the step alone, so a run that was killed
and goes on computes what an uninterrupted one would (to the bit on a CPU, if the budget is in steps: a learning rate
that follows the clock cannot repeat itself).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import islice
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from diffusers.training_utils import EMAModel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import nn

from robot4d_core.errors import TrainingError
from robot4d_core.generator.training.batches import Batches, BatchPlan
from robot4d_core.generator.training.checkpoint import restore_checkpoint, save_checkpoint
from robot4d_core.generator.training.loss_curve import LossCurve
from robot4d_core.generator.training.recipe import StageSettings

CURVE_STEPS = 20  # steps averaged in one point of the loss curve

DrawSamples = Callable[[Path], None]


def train_stage(
    objective: nn.Module,
    batches: Batches,
    settings: StageSettings,
    folder: Path,
    accelerator: Accelerator,
    draw_samples: DrawSamples | None = None,
) -> None:
    """Train an objective until the budget is spent, then leave its averaged weights in it.

    objective(batch, torch generator) returns named scalar losses, of which 'loss' is minimised. draw_samples(file)
    draws what the model with averaged weights makes. folder keeps the checkpoint, the loss curve (CSV and TensorBoard)
    and the pictures; a finished stage is restored and not repeated.

    Raises TrainingError when a loss or a gradient is not finite, CheckpointError, RecipeError for a batch that cannot
    be divided among the processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stage = _Stage(objective.to(accelerator.device), settings, folder, accelerator, draw_samples)
    if stage.done() < 1:
        stage.train(batches)
    stage.finish()


class _Stage:
    """One stage under way; `_progress` is what a checkpoint remembers."""

    def __init__(self, objective, settings, folder, accelerator, draw_samples) -> None:
        self._objective, self._settings, self._folder = objective, settings, folder
        self._accelerator, self._draw_samples = accelerator, draw_samples
        self._parameters = [*objective.requires_grad_(True).parameters()]
        self._optimiser = torch.optim.AdamW(
            self._parameters, settings.learning_rate, betas=settings.betas, eps=settings.epsilon,
            weight_decay=settings.weight_decay,
        )
        self._average = EMAModel(self._parameters, decay=settings.ema_decay, foreach=True)
        self._progress = restore_checkpoint(folder, objective, self._optimiser, self._average)

    def done(self) -> float:
        """Return the share of the budget that is spent, the same in every process."""
        if self._settings.steps is not None:
            return self._progress.step / self._settings.steps
        return self._progress.seconds / (60 * self._settings.minutes)

    def train(self, batches: Batches) -> None:
        """Go on from the checkpoint until the budget is spent."""
        settings, accelerator, progress = self._settings, self._accelerator, self._progress
        accumulation = settings.accumulation(accelerator.num_processes)
        plan = BatchPlan(
            first=progress.step * accumulation, size=settings.batch // (accumulation * accelerator.num_processes),
            process=accelerator.process_index, processes=accelerator.num_processes, seed=settings.seed,
        )
        accelerator.gradient_accumulation_steps = accumulation
        model, optimiser = accelerator.prepare(self._objective, self._optimiser)
        model.train()
        began, saved = time.monotonic() - progress.seconds, time.monotonic()
        with self._bar() as bar, self._curve() as curve, closing(batches(plan)) as stream:
            task = bar.add_task(self._folder.name, total=1.0, completed=self.done(), step=progress.step, loss=math.nan)
            noised = ((batch, plan.torch_generator(number)) for number, batch in enumerate(stream, plan.first))
            while (before := self.done()) < 1:
                rate = self._learning_rate(before)
                self._take_step(model, optimiser, rate, islice(noised, accumulation))
                progress.seconds = self._agreed(time.monotonic() - began)
                if progress.step % CURVE_STEPS == 0 or self.done() >= 1:
                    losses = self._take_means()
                    if curve is not None:
                        curve.add(progress.step, progress.seconds, rate, losses)
                    bar.update(task, loss=losses['loss'])
                bar.update(task, completed=self.done(), step=progress.step)
                if self._picture_is_due(before):
                    self._draw()
                if time.monotonic() - saved >= 60 * settings.checkpoint_minutes or self.done() >= 1:
                    self._save()
                    saved = time.monotonic()
        accelerator.unwrap_model(model, keep_fp32_wrapper=False)
        accelerator.free_memory()

    def _take_step(self, model, optimiser, rate: float, micro_batches: Iterable) -> None:
        for group in optimiser.param_groups:
            group['lr'] = rate
        for batch, generator in micro_batches:
            with self._accelerator.accumulate(model):
                losses = model(batch, generator)
                self._note(losses, batch.episodes)
                self._accelerator.backward(losses['loss'])
                if self._accelerator.sync_gradients:
                    norm = self._accelerator.clip_grad_norm_(self._parameters, self._settings.clip)
                    self._refuse_not_finite(norm, 'the gradient', batch.episodes)
                optimiser.step()
                optimiser.zero_grad()
        self._average.step(self._parameters)
        self._progress.step += 1

    def finish(self) -> None:
        """Leave the averaged weights in the model."""
        self._average.copy_to(self._parameters)
        self._objective.eval().requires_grad_(False)
        self._accelerator.wait_for_everyone()

    def _learning_rate(self, done: float) -> float:
        warm = min(1.0, (self._progress.step + 1) / self._settings.warmup)
        decay = 0.5 * (1 + math.cos(math.pi * done)) if self._settings.schedule == 'cosine' else 1.0
        return self._settings.learning_rate * warm * decay

    def _note(self, losses: dict[str, torch.Tensor], episodes: list[str]) -> None:
        values = torch.stack([loss.detach().float() for loss in losses.values()])
        self._refuse_not_finite(values, 'the loss', episodes)
        sums = self._progress.sums
        for name, value in zip(losses, values.tolist()):
            sums[name] = sums.get(name, 0.0) + value / self._accelerator.gradient_accumulation_steps

    def _refuse_not_finite(self, values: torch.Tensor, what: str, episodes: list[str]) -> None:
        if not torch.isfinite(values).all():
            raise TrainingError(
                f"{what} of stage '{self._folder.name}' is not finite at step {self._progress.step + 1}, in a batch of "
                f"the episodes {', '.join(sorted(set(episodes)))}; look at them with `robot4d dataset check`, or lower "
                f'the learning rate; {self._folder} keeps the last checkpoint')

    def _take_means(self) -> dict[str, float]:
        sums, steps = self._progress.sums, self._progress.step % CURVE_STEPS or CURVE_STEPS
        means = torch.tensor([*sums.values()], dtype=torch.float64, device=self._accelerator.device) / steps
        means = self._accelerator.reduce(means, 'mean').tolist()
        names = [*sums]
        sums.clear()
        return dict(zip(names, means))

    def _agreed(self, seconds: float) -> float:
        """Return the main process's clock, so that all stop at the same step."""
        if self._accelerator.num_processes == 1 or self._settings.minutes is None:
            return seconds
        return broadcast(torch.tensor(seconds, dtype=torch.float64, device=self._accelerator.device)).item()

    def _picture_is_due(self, before: float) -> bool:
        samples = self._settings.samples
        return int(min(1.0, self.done()) * samples) > int(before * samples)

    def _draw(self) -> None:
        if self._draw_samples is None or not self._accelerator.is_main_process:
            return
        folder = self._folder / 'samples'
        folder.mkdir(exist_ok=True)
        self._average.store(self._parameters)
        self._average.copy_to(self._parameters)
        self._objective.eval()
        with torch.no_grad(), self._accelerator.autocast():
            self._draw_samples(folder / f'step_{self._progress.step:07d}.png')
        self._average.restore(self._parameters)
        self._objective.train()

    def _save(self) -> None:
        if self._accelerator.is_main_process:
            save_checkpoint(self._folder, self._objective, self._optimiser, self._average, self._progress)

    def _curve(self) -> AbstractContextManager[LossCurve | None]:
        if not self._accelerator.is_main_process:
            return nullcontext()
        return closing(LossCurve(self._folder, self._progress.step))

    def _bar(self) -> Progress:
        return Progress(
            TextColumn('{task.description:<22}'), BarColumn(), TextColumn('step {task.fields[step]}'),
            TextColumn('loss {task.fields[loss]:.4f}'), TimeElapsedColumn(), TextColumn('gone,'),
            TimeRemainingColumn(), TextColumn('left'),
            speed_estimate_period=600, disable=not self._accelerator.is_main_process,
        )
