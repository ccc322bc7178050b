# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The training loop: it learns, stays within its budget, survives being killed and refuses what is no number."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from torch import nn

from core.generator.training.linear_task import LinearBatch, LinearTask, diffusion_task, linear_batches
from core.manual_clock import ManualClock
from robot4d_core.errors import CheckpointError, RecipeError, TrainingError
from robot4d_core.generator.training import loop as training_loop
from robot4d_core.generator.training.batches import BatchPlan
from robot4d_core.generator.training.checkpoint import CHECKPOINT
from robot4d_core.generator.training.loop import train_stage
from robot4d_core.generator.training.loss_curve import read_curve
from robot4d_core.generator.training.recipe import StageSettings

SETTINGS = StageSettings(steps=100, batch=16, learning_rate=0.1, warmup=1, ema_decay=0.9)


def train(objective, settings, folder, batches=linear_batches, draw=None):
    train_stage(objective, batches, settings, folder, Accelerator(cpu=True), draw)
    return objective


def test_a_stage_learns_and_a_finished_one_is_not_repeated(tmp_path):
    model = train(LinearTask(), SETTINGS, tmp_path)
    torch.testing.assert_close(model.linear.weight, torch.tensor([[1.0, -2.0, 0.5]]), atol=0.05, rtol=0)
    curve = read_curve(tmp_path)
    assert curve['step'] == [20, 40, 60, 80, 100] and curve['loss'][-1] < 1e-3 * curve['loss'][0]
    assert list(tmp_path.glob('events.out.tfevents.*'))

    def no_batches(plan):
        raise AssertionError('a finished stage needs no batch')

    again = train(LinearTask(), SETTINGS, tmp_path, no_batches)
    torch.testing.assert_close(again.linear.weight, model.linear.weight, rtol=0, atol=0)


def test_a_budget_in_minutes_is_kept(tmp_path, monkeypatch):
    clock = ManualClock()
    monkeypatch.setattr(training_loop, 'time', clock)

    def slow_batches(plan):
        for batch in linear_batches(plan):
            clock.sleep(0.5)
            yield batch

    train(LinearTask(), StageSettings(minutes=0.02, batch=16, learning_rate=0.1), tmp_path, slow_batches)
    assert (read_curve(tmp_path)['step'][-1], read_curve(tmp_path)['seconds'][-1]) == (3, 1.5)


def test_micro_batches_give_the_step_of_the_whole_batch(tmp_path):
    """The gradient of the mean over 16 samples is the mean of the gradients over 4 times 4 of them."""
    x = torch.arange(48.0).reshape(16, 3).sin()

    def batches(plan):
        return ((x[k % (16 // plan.size) * plan.size:][:plan.size], ['a']) for k in range(plan.first, 10**6))

    class Task(LinearTask):
        def forward(self, batch, generator):
            return {'loss': (self.linear(batch.x) - 1).square().mean()}

    def named(plan):
        return (LinearBatch(*entry) for entry in batches(plan))

    weights = [
        train(Task(), StageSettings(steps=3, batch=16, micro_batch=micro, learning_rate=0.1), tmp_path / str(micro),
              named).linear.weight
        for micro in (16, 4)
    ]
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-5, atol=1e-6)


def test_the_optimiser_is_the_one_that_is_asked_for(tmp_path):
    """Two steps against torch's AdamW by hand, with the settings of the paper (A.3)."""
    settings = StageSettings(steps=2, batch=4, learning_rate=1e-2, schedule='constant', warmup=1, betas=(0.95, 0.999),
                             epsilon=1e-8, weight_decay=1e-1, clip=0.1, ema_decay=0.0)
    trained = train(LinearTask(), settings, tmp_path)
    model = LinearTask()
    optimiser = torch.optim.AdamW(model.parameters(), 1e-2, (0.95, 0.999), 1e-8, 0.1)
    for batch in islice(linear_batches(BatchPlan(0, 4)), 2):
        optimiser.zero_grad()
        model(batch, None)['loss'].backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimiser.step()
    torch.testing.assert_close(trained.linear.weight, model.linear.weight, rtol=0, atol=0)


def test_samples_are_drawn_with_averaged_weights_and_leave_the_training_alone(tmp_path):
    plain = train(LinearTask(), SETTINGS, tmp_path / 'plain')
    model, drawn_weights = LinearTask(), []

    def draw(file):
        assert not model.training and file.parent == tmp_path / 'drawn' / 'samples'
        drawn_weights.append(model.linear.weight.detach().clone())

    train(model, SETTINGS, tmp_path / 'drawn', draw=draw)
    assert len(drawn_weights) == SETTINGS.samples
    torch.testing.assert_close(drawn_weights[-1], plain.linear.weight, rtol=0, atol=0)
    torch.testing.assert_close(model.linear.weight, plain.linear.weight, rtol=0, atol=0)


@pytest.mark.parametrize('bad', [torch.nan, torch.inf])
def test_when_a_loss_is_no_number_expect_the_episodes_of_the_batch(tmp_path, bad):
    def batches(plan):
        for k, batch in enumerate(linear_batches(plan)):
            if k == 7:
                batch.x[0, 0] = bad
                batch.episodes[0] = 'episode_000013'
            yield batch

    with pytest.raises(TrainingError, match=r'the loss .* at step 8, in a batch of the episodes .*episode_000013'):
        train(LinearTask(), SETTINGS, tmp_path, batches)


def test_when_a_gradient_is_no_number_expect_no_step(tmp_path):
    class Rooted(LinearTask):
        def forward(self, batch, generator):
            return {'loss': (0 * self.linear.weight).abs().sqrt().sum()}

    model = Rooted()
    before = model.linear.weight.detach().clone()
    with pytest.raises(TrainingError, match='the gradient .* at step 1'):
        train(model, SETTINGS, tmp_path)
    torch.testing.assert_close(model.linear.weight, before, rtol=0, atol=0)


def test_when_a_checkpoint_is_cut_off_or_foreign_expect_its_name(tmp_path):
    train(LinearTask(), StageSettings(steps=1, batch=1, learning_rate=0.1), tmp_path)
    with pytest.raises(CheckpointError, match=CHECKPOINT):
        train(nn.Conv2d(1, 1, 1), SETTINGS, tmp_path)
    file = tmp_path / CHECKPOINT
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(CheckpointError, match='delete'):
        train(LinearTask(), SETTINGS, tmp_path)


def test_when_a_batch_cannot_be_divided_expect_a_recipe_error():
    with pytest.raises(RecipeError, match='4 cannot be divided among 8 processes'):
        StageSettings(steps=1, batch=4, learning_rate=0.1).accumulation(8)
    assert StageSettings(steps=1, batch=4, micro_batch=1, learning_rate=0.1).accumulation(2) == 2


def resumable_settings(steps: int) -> StageSettings:
    return StageSettings(steps=steps, batch=2, micro_batch=1, learning_rate=1e-3, checkpoint_minutes=0.0, samples=0)


def test_a_killed_training_computes_what_an_uninterrupted_one_does(tmp_path, monkeypatch):
    """The process is killed by SIGKILL at a step of its own; losses and weights agree to the last bit."""
    steps, killed_after = 4, 3
    monkeypatch.setattr(training_loop, 'CURVE_STEPS', 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = train(*diffusion_task(resumable_settings(steps), tmp_path / 'whole'))
        script = Path(__file__).with_name('killed_training.py')
        environment = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': os.pathsep.join(sys.path)}
        process = subprocess.run(
            [sys.executable, script, tmp_path / 'killed', str(steps), str(killed_after)], env=environment, timeout=250)
        assert process.returncode == -signal.SIGKILL
        assert read_curve(tmp_path / 'killed')['step'] == [2]
        resumed = train(*diffusion_task(resumable_settings(steps), tmp_path / 'killed'))
    finally:
        torch.set_num_threads(threads)
    for name in ('step', 'learning_rate', 'loss', 'rgb_n', 'rgb_m', 'pointmap_n', 'pointmap_m'):
        assert read_curve(tmp_path / 'killed')[name] == read_curve(tmp_path / 'whole')[name]
    assert len(read_curve(tmp_path / 'whole')['step']) == 2
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name
