# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Training: it learns, it survives being killed, and the latents it learns from are right."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from torch import nn

from robot4d_core.episodes.store import Episode
from robot4d_core.episodes.windows import pointmaps_of, read_window
from robot4d_core.generator.autoencoder import PointmapAutoencoder, RgbAutoencoder
from robot4d_core.generator.latent_episodes import (
    LatentEpisode,
    alignment_batch,
    diffusion_batch,
    encode_episode,
)
from robot4d_core.generator.training_loop import StageSettings, train_stage
from robot4d_core.generator.view_alignment import subsample
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import look_at


@pytest.fixture(scope='module')
def episode() -> Episode:
    rng = np.random.default_rng(0)
    cameras, steps, shape = 3, 14, (128, 160)
    eyes = ((0.6, 0.3, 0.9), (0.2, -0.4, 1.0), (0.5, 0.0, 0.8))
    return Episode(
        rgb=rng.integers(0, 256, (cameras, steps, *shape, 3), dtype=np.uint8),
        depth=rng.integers(500, 1500, (cameras, steps, *shape)).astype(np.uint16),
        segmentation=rng.integers(0, 6, (cameras, steps, *shape)).astype(np.uint8),
        intrinsics=np.tile([[150.0, 0, 79.5], [0, 150, 63.5], [0, 0, 1]], (cameras, 1, 1)),
        camera_poses=np.stack([look_at(eye, (0, 0, 0)) for eye in eyes]),
        gripper_poses=np.tile(np.eye(4), (steps, 1, 1)), opening=np.zeros(steps), joints=np.zeros((steps, 7)),
        times=0.5 * np.arange(steps),
    )


def autoencoders():
    torch.manual_seed(0)
    return RgbAutoencoder(width=8).eval(), PointmapAutoencoder(width=8).eval()


def test_window_targets_of_view_m_are_in_frame_n(episode):
    window = read_window(episode, 2, 0, 2)
    np.testing.assert_allclose(window.pointmap[0], pointmaps_of(episode, 0)[2:13])
    world = [transform_points(episode.camera_poses[c], p) for c, p in
             ((0, window.pointmap[1, 3]), (2, pointmaps_of(episode, 2)[5]))]
    np.testing.assert_allclose(*world, atol=1e-5)
    np.testing.assert_allclose(window.observed_pointmap_m, pointmaps_of(episode, 2)[2])


def test_windows_past_the_end_repeat_the_last_step(episode):
    window = read_window(episode, 10, 0, 1)
    np.testing.assert_array_equal(window.rgb[:, 3], episode.rgb[:2, 13])
    np.testing.assert_array_equal(window.rgb[:, 10], episode.rgb[:2, 13])


@torch.no_grad()
def test_a_diffusion_batch_is_the_change_of_the_encoded_window(episode):
    rgb, points = autoencoders()
    latents = encode_episode(episode, rgb, points, np.random.default_rng(0))
    rng = np.random.default_rng(5)
    batch = diffusion_batch([latents], 1, rng)
    rng = np.random.default_rng(5)
    rng.integers(1)
    n, m = latents.pairs[rng.integers(len(latents.pairs))].tolist()
    window = read_window(episode, int(rng.integers(len(episode.times) - 1)), n, m)

    def encode(view, step, own=None):
        pointmap = window.pointmap[view, step] if own is None else own
        return torch.cat([rgb.encode(rgb.normalise(window.rgb[view, step][None])),
                          points.encode(points.normalise(pointmap[None]))], dim=1)[0]

    tolerance = dict(atol=0.05, rtol=0.05)
    torch.testing.assert_close(batch.conditioning[0, 0], encode(0, 0), **tolerance)
    torch.testing.assert_close(batch.conditioning[0, 1], encode(1, 0, window.observed_pointmap_m), **tolerance)
    for view in (0, 1):
        torch.testing.assert_close(batch.change[0, view, 6], encode(view, 7) - encode(view, 0), **tolerance)
    cells = window.gripper[1, 4].reshape(32, 4, 40, 4).any(axis=(1, 3))
    np.testing.assert_array_equal(batch.gripper[0, 1, 3], cells)


def test_alignment_targets_are_in_frame_n(episode):
    latents = encode_episode(episode, *autoencoders(), np.random.default_rng(0))
    _, targets = alignment_batch([latents], 1, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    rng.integers(1)
    n, m = rng.choice(3, 2, replace=False)
    step = rng.integers(14)
    own = subsample(pointmaps_of(episode, m)[step])
    expected = transform_points(np.linalg.inv(episode.camera_poses[n]) @ episode.camera_poses[m], own)
    np.testing.assert_allclose(targets[0], expected, atol=1e-5)


def test_latent_episode_round_trip(episode, tmp_path):
    latents = encode_episode(episode, *autoencoders(), np.random.default_rng(0))
    latents.save(tmp_path / 'episode.safetensors')
    loaded = LatentEpisode.load(tmp_path / 'episode.safetensors')
    for name, value in vars(latents).items():
        torch.testing.assert_close(getattr(loaded, name), value, equal_nan=True)


def linear_task():
    torch.manual_seed(0)
    model = nn.Linear(3, 1)

    def batch_loss(size, rng, generator):
        x = torch.from_numpy(rng.normal(size=(size, 3))).float()
        return {'loss': (model(x).float() - x @ torch.tensor([[1.0], [-2.0], [0.5]])).square().mean()}

    return model, batch_loss


def curve_of(folder):
    with open(folder / 'curve.csv', newline='') as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_a_stage_learns_and_a_finished_one_is_not_repeated(tmp_path):
    settings = StageSettings(minutes=0.05, batch=16, learning_rate=0.1, warmup=1)
    model, batch_loss = linear_task()
    train_stage(model, batch_loss, settings, tmp_path)
    rows = curve_of(tmp_path)
    assert rows[-1]['loss'] < 0.05 * rows[0]['loss']
    again, batch_loss = linear_task()
    train_stage(again, batch_loss, settings, tmp_path)
    assert curve_of(tmp_path) == rows
    torch.testing.assert_close(again.weight, model.weight)


def test_a_killed_stage_continues_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr('robot4d_core.generator.training_loop.CHECKPOINT_SECONDS', 0.0)
    settings = StageSettings(minutes=0.05, batch=16, learning_rate=0.05, warmup=1)
    model, batch_loss = linear_task()
    calls = []

    def killed(size, rng, generator):
        if len(calls) == 45:
            raise KeyboardInterrupt
        calls.append(1)
        return batch_loss(size, rng, generator)

    with pytest.raises(KeyboardInterrupt):
        train_stage(model, killed, settings, tmp_path)
    at_kill = model.weight.detach().clone()
    resumed, batch_loss = linear_task()
    weights_at_start = []

    def watched(size, rng, generator):
        weights_at_start.append(resumed.weight.detach().clone())
        return batch_loss(size, rng, generator)

    train_stage(resumed, watched, settings, tmp_path)
    torch.testing.assert_close(weights_at_start[0], at_kill)
    steps = [row['step'] for row in curve_of(tmp_path)]
    assert steps[:2] == [20, 40] and steps[2] in (60, 80)
    assert curve_of(tmp_path)[-1]['loss'] < 0.1
