# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Training: it learns, it survives being killed, and the latents it learns from are right."""

from __future__ import annotations

import csv
import inspect
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from core.episodes.analytic_episodes import analytic_episode
from robot4d_core.cell.recorder import record
from robot4d_core.cell.tasks import make_task
from robot4d_core.cli import main
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.splits import held_out_cameras, split_of, training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import pointmaps_of, read_window
from robot4d_core.errors import NoWindowError
from robot4d_core.generator.autoencoder import PointmapAutoencoder, RgbAutoencoder
from robot4d_core.generator.latent_episodes import (
    LatentEpisode,
    alignment_batch,
    diffusion_batch,
    draw_windows,
    encode_episode,
)
from robot4d_core.generator.training import encode_episodes, image_batch, read_training, read_validation
from robot4d_core.generator.training_loop import StageSettings, train_stage
from robot4d_core.generator.view_alignment import subsample
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.robot_description import share_directory


@pytest.fixture(scope='module')
def episode() -> Episode:
    return analytic_episode(cameras=3, steps=14, speed=0.1, size=(160, 128))


def autoencoders():
    torch.manual_seed(0)
    return RgbAutoencoder(width=8).eval(), PointmapAutoencoder(width=8).eval()


@torch.no_grad()
def test_a_diffusion_batch_is_the_change_of_the_encoded_window(episode):
    rgb, points = autoencoders()
    latents = encode_episode(episode, rgb, points, np.random.default_rng(0))
    rng = np.random.default_rng(5)
    batch = diffusion_batch([latents], 1, rng)
    rng = np.random.default_rng(5)
    [(_, start)] = draw_windows([latents], 1, rng)
    n, m = latents.pairs[rng.integers(len(latents.pairs))].tolist()
    window = read_window(episode, start, n, m)

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


def test_windows_are_drawn_with_equal_chances_and_never_where_nothing_moves(episode):
    latents = encode_episode(episode, *autoencoders(), np.random.default_rng(0))
    assert latents.starts.tolist() == [0, 1, 2, 3]
    few, none = replace(latents, starts=latents.starts[:1]), replace(latents, starts=latents.starts[:0])
    drawn = draw_windows([none, latents, none, few], 5000, np.random.default_rng(0))
    counts = {}
    for owner, start in drawn:
        counts[id(owner), start] = counts.get((id(owner), start), 0) + 1
    assert len(counts) == 5 and min(counts.values()) > 900
    with pytest.raises(NoWindowError, match='moving gripper'):
        draw_windows([none, none], 1, np.random.default_rng(0))


@pytest.fixture
def marked_store(tmp_path) -> EpisodeStore:
    """Ten seeds of which each image says whether its split (red) and its camera (green) may be trained on."""
    store = EpisodeStore(tmp_path / 'store', {'task': 'Synthetic', 'cameras': 4, 'sensor': None})
    for seed in range(10):
        episode = analytic_episode(cameras=4, seed=seed)
        rgb = np.zeros_like(episode.rgb)
        rgb[..., 0] = 200 if split_of(seed) == 'training' else 100 if split_of(seed) == 'validation' else 50
        rgb[:3, ..., 1] = 200
        store.write(f'episode_{seed:06d}', replace(episode, rgb=rgb), seed=seed, split=split_of(seed))
    return store


def test_held_out_episodes_and_cameras_are_never_trained_on(marked_store, tmp_path):
    images = read_training(marked_store)
    assert len(images) == 8
    batch = image_batch(images, 200, np.random.default_rng(0))
    encoded = []
    rgb, points = autoencoders()
    encode_one = rgb.normalise
    rgb.normalise = lambda images: encoded.append(images) or encode_one(images)
    assert len(encode_episodes(marked_store, rgb, points, tmp_path / 'latents')) == 8
    assert len(encoded) == 8 * 3
    for seen in (batch.rgb, np.concatenate(encoded)):
        assert np.unique(seen[..., :2].reshape(-1, 2), axis=0).tolist() == [[200, 200]]


def test_validation_is_by_other_episodes_and_other_cameras(marked_store):
    [episode] = read_validation(marked_store)
    assert len(episode.rgb) == len(episode.intrinsics) == len(episode.camera_poses) == 1
    assert np.unique(episode.rgb[..., :2].reshape(-1, 2), axis=0).tolist() == [[100, 0]]


def test_alignment_targets_are_in_frame_n(episode):
    latents = encode_episode(episode, *autoencoders(), np.random.default_rng(0))
    _, targets = alignment_batch([latents], 1, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    rng.integers(1)
    n, m = rng.choice(3, 2, replace=False)
    step = rng.integers(14)
    own = subsample(pointmaps_of(episode, m, step))
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


RECIPES = sorted((share_directory() / 'config' / 'recipes').glob('*.yaml'))


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_a_recipe_can_be_recorded_trained_and_validated(path):
    recipe = yaml.safe_load(path.read_text())
    arguments = inspect.signature(record).bind('folder', **recipe['data']).arguments
    make_task(arguments['task'])
    assert len(training_cameras(arguments['cameras'])) >= 2 and len(held_out_cameras(arguments['cameras'])) >= 2
    seeds = range(arguments['seed'], arguments['seed'] + arguments['episodes'])
    assert {split_of(seed) for seed in seeds} >= {'training', 'validation'}
    for stage in ('rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment', 'diffusion'):
        StageSettings(**recipe[stage])


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_command_leaves_a_model_that_predicts(tmp_path, monkeypatch):
    monkeypatch.setattr('robot4d_core.generator.training_loop.CURVE_STEPS', 1)
    stage = {'minutes': 0.05, 'batch': 2, 'learning_rate': 0.001}
    recipe = {
        'data': {'task': 'PutSpatulaOnTable', 'seed': 7, 'episodes': 2, 'cameras': 8},
        **dict.fromkeys(('rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment', 'diffusion'), stage),
        'unet': {'block_out_channels': [32, 32, 32]}, 'evaluation': {'windows': 1, 'steps': 1, 'seed': 0},
    }
    (tmp_path / 'quick.yaml').write_text(yaml.safe_dump(recipe))
    folders = {name: tmp_path / name for name in ('data', 'work', 'out')}
    assert main(['train', str(tmp_path / 'quick.yaml'), '--workers', '1', *(
        word for name, folder in folders.items() for word in (f'--{name}', str(folder)))]) == 0
    measured = json.loads((folders['out'] / 'horizon_error.json').read_text())
    assert measured['model'] == 'diffusion:out' and measured['windows'] == 1
    assert 'robot4d train quick' in (folders['out'] / 'README.md').read_text()
