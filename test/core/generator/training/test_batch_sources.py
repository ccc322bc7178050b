# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What models train on: the right windows, encoded right, and never what is held out."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from core.episodes.analytic_episodes import analytic_episode
from core.generator.tiny_models import tiny_configuration, tiny_pipeline
from robot4d_core.episodes.loader import WindowDataset, WindowSampler
from robot4d_core.episodes.splits import split_of
from robot4d_core.episodes.store import Episode, EpisodeStore
from robot4d_core.episodes.windows import pointmaps_of, read_window
from robot4d_core.errors import NoWindowError, WorkerError
from robot4d_core.generator.model.autoencoder import PointmapAutoencoder, RgbAutoencoder
from robot4d_core.generator.model.configurations import ablated, make_pipeline
from robot4d_core.generator.model.view_alignment import subsample
from robot4d_core.generator.training.batch_sources import DataFromWindows, DataInMemory, TrainingData, view_batch
from robot4d_core.generator.training.batches import BatchPlan, ImageBatch, read_by_workers
from robot4d_core.generator.training.latent_episodes import (
    LatentEpisode,
    alignment_batch,
    diffusion_batch,
    draw_windows,
    encode_episode,
)
from robot4d_core.geometry.pointmaps import transform_points

NAME = 'episode_000000'


@pytest.fixture(scope='module')
def episode() -> Episode:
    return analytic_episode(cameras=3, steps=14, speed=0.1, size=(160, 128))


def autoencoders():
    torch.manual_seed(0)
    return RgbAutoencoder(width=8).eval(), PointmapAutoencoder(width=8).eval()


@pytest.fixture(scope='module')
def latents(episode) -> LatentEpisode:
    return encode_episode(NAME, episode, *autoencoders(), np.random.default_rng(0))


@torch.no_grad()
@pytest.mark.parametrize('change', [True, False])
@pytest.mark.parametrize('aligned', [True, False])
def test_a_diffusion_batch_is_the_encoded_window(episode, latents, change, aligned):
    rgb, points = autoencoders()
    rng = np.random.default_rng(5)
    batch = diffusion_batch([latents], 1, rng, change=change, aligned=aligned)
    rng = np.random.default_rng(5)
    [(_, start)] = draw_windows([latents], 1, rng)
    n, m = latents.pairs[rng.integers(len(latents.pairs))].tolist()
    window = read_window(episode, start, n, m)

    def encode(view, step, own=None):
        pointmap = window.pointmap[view, step] if own is None else own
        return torch.cat([rgb.encode(rgb.normalise(window.rgb[view, step][None])),
                          points.encode(points.normalise(pointmap[None]))], dim=1)[0]

    tolerance = dict(atol=0.005, rtol=0.005)
    own = [encode(0, 0), encode(1, 0, window.observed_pointmap_m)]
    for view in (0, 1):
        placed = encode(view, 0)
        observed = torch.cat([own[view], placed[4:]]) if aligned else own[view]
        torch.testing.assert_close(batch.conditioning[0, view], observed, **tolerance)
        expected = encode(view, 7) - ((placed if aligned else own[view]) if change else 0)
        torch.testing.assert_close(batch.target[0, view, 6], expected, **tolerance)
    cells = window.gripper[1, 4].reshape(32, 4, 40, 4).any(axis=(1, 3))
    np.testing.assert_array_equal(batch.gripper[0, 1, 3], cells)
    valid = window.valid.reshape(2, 11, 32, 4, 40, 4).mean(axis=(3, 5)) > 0.5
    np.testing.assert_array_equal(batch.valid[0], valid[:, 1:] & valid[:, :1] if change else valid[:, 1:])
    assert batch.episodes == [NAME]


def test_windows_are_drawn_with_equal_chances_and_never_where_nothing_moves(latents):
    assert latents.starts.tolist() == [0, 1, 2, 3]
    few, none = replace(latents, starts=latents.starts[:1]), replace(latents, starts=latents.starts[:0])
    drawn = draw_windows([none, latents, none, few], 5000, np.random.default_rng(0))
    counts = {}
    for owner, start in drawn:
        counts[id(owner), start] = counts.get((id(owner), start), 0) + 1
    assert len(counts) == 5 and min(counts.values()) > 900
    with pytest.raises(NoWindowError, match='moving gripper'):
        draw_windows([none, none], 1, np.random.default_rng(0))


def test_alignment_targets_are_in_frame_n(episode, latents):
    batch = alignment_batch([latents], 1, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    rng.integers(1)
    n, m = rng.choice(3, 2, replace=False)
    step = rng.integers(14)
    own = subsample(pointmaps_of(episode, m, step))
    expected = transform_points(np.linalg.inv(episode.camera_poses[n]) @ episode.camera_poses[m], own)
    np.testing.assert_allclose(batch.target[0], expected, atol=1e-5)


def test_latent_episode_round_trip(latents, tmp_path):
    latents.save(tmp_path / f'{NAME}.safetensors')
    loaded = LatentEpisode.load(tmp_path / f'{NAME}.safetensors', NAME)
    for name, value in vars(latents).items():
        if name == 'name':
            assert loaded.name == value
        else:
            torch.testing.assert_close(getattr(loaded, name), value, equal_nan=True)


@pytest.fixture(scope='module')
def marked_store(tmp_path_factory) -> EpisodeStore:
    """Ten seeds of which each image says whether its split (red) and its camera (green) may be trained on."""
    store = EpisodeStore(tmp_path_factory.mktemp('data') / 'store', {'task': 'Synthetic', 'cameras': 4, 'sensor': None})
    for seed in range(10):
        episode = analytic_episode(cameras=4, seed=seed, steps=12)
        rgb = np.zeros_like(episode.rgb)
        rgb[..., 0] = 200 if split_of(seed) == 'training' else 100 if split_of(seed) == 'validation' else 50
        rgb[:3, ..., 1] = 200
        store.write(f'episode_{seed:06d}', replace(episode, rgb=rgb), seed=seed, split=split_of(seed))
    return store


def data_paths(store, tmp_path) -> dict[str, TrainingData]:
    accelerator = Accelerator(cpu=True)
    return {'memory': DataInMemory(store, tmp_path / 'latents', accelerator),
            'windows': DataFromWindows(store, 0, 4, accelerator)}


@pytest.mark.parametrize('path', ['memory', 'windows'])
def test_held_out_episodes_and_cameras_are_never_trained_on(marked_store, tmp_path, path):
    data, pipeline = data_paths(marked_store, tmp_path)[path], tiny_pipeline()
    seen = []
    normalise = pipeline.rgb_autoencoder.normalise
    pipeline.rgb_autoencoder.normalise = lambda images: seen.append(images) or normalise(images)
    names = set()
    for batch in islice(data.images()(BatchPlan(0, 8)), 4):
        assert isinstance(batch, ImageBatch)
        seen.append(batch.rgb)
        names.update(batch.episodes)
    for batches in (data.windows(pipeline), data.alignments(pipeline)):
        for batch in islice(batches(BatchPlan(0, 8)), 2):
            names.update(batch.episodes)
    assert names == {f'episode_{seed:06d}' for seed in range(8)}
    colours = np.concatenate([images.reshape(-1, 3) for images in seen])
    assert np.unique(colours[:, :2], axis=0).tolist() == [[200, 200]]


@pytest.mark.parametrize('configuration', [
    ablated(tiny_configuration(), name) for name in ('full', 'no_multi_view_attention', 'rgb_only')])
def test_both_paths_give_batches_of_the_same_form(marked_store, tmp_path, configuration):
    torch.manual_seed(0)
    pipeline = make_pipeline(configuration)
    for part in (pipeline.rgb_autoencoder, pipeline.pointmap_autoencoder):
        part and part.eval()
    forms = []
    for data in data_paths(marked_store, tmp_path).values():
        batch = next(data.windows(pipeline)(BatchPlan(0, 2)))
        forms.append({name: (value.shape, value.dtype) for name, value in vars(batch).items()
                      if isinstance(value, torch.Tensor)})
    assert forms[0] == forms[1]
    channels = configuration.unet['out_channels']
    assert forms[0]['target'] == ((2, 2, 10, channels, 8, 10), torch.float32)


@torch.no_grad()
def test_a_window_that_is_read_is_encoded_like_its_images_one_by_one(marked_store, tmp_path):
    pipeline = tiny_pipeline()
    batch = next(data_paths(marked_store, tmp_path)['windows'].windows(pipeline)(BatchPlan(3, 2)))
    dataset = WindowDataset(marked_store, latent_factor=4)
    window = dataset[[*WindowSampler(dataset)][3 * 2 + 1]]
    for view, own in ((0, window['pointmap'][0, 0]), (1, window['observed_pointmap_m'])):
        observed = pipeline.encode(window['rgb'][view, :1], own[None])[0]
        base, future = (pipeline.encode(window['rgb'][view, k:k + 1], window['pointmap'][view, k:k + 1])[0]
                        for k in (0, 4))
        colours = pipeline.rgb_autoencoder.config.latent_channels
        torch.testing.assert_close(batch.conditioning[1, view], torch.cat([observed, base[colours:]]))
        torch.testing.assert_close(batch.target[1, view, 3], future - base, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('processes', [1, 2])
def test_the_processes_of_a_training_share_out_every_window_of_an_epoch(marked_store, tmp_path, processes):
    data = data_paths(marked_store, tmp_path)['windows']
    seen = []
    for process in range(processes):
        batches = data.images()(BatchPlan(0, 4 // processes, process, processes))
        seen += [name for batch in islice(batches, 4) for name in batch.episodes]
    assert sorted(seen) == [f'episode_{seed:06d}' for seed in range(8) for _ in range(2)]


def test_batches_go_on_where_they_were(marked_store, tmp_path):
    for data in data_paths(marked_store, tmp_path).values():
        whole = list(islice(data.images()(BatchPlan(0, 3)), 7))
        rest = list(islice(data.images()(BatchPlan(4, 3)), 3))
        for first, second in zip(whole[4:], rest):
            np.testing.assert_array_equal(first.rgb, second.rgb)
            np.testing.assert_array_equal(first.pointmap, second.pointmap)


class DyingDataset(WindowDataset):
    """Its reader is killed, as by a system without memory."""

    def __getitem__(self, number):
        os.kill(os.getpid(), signal.SIGKILL)


def test_when_a_reader_is_killed_expect_what_to_do(marked_store):
    batches = read_by_workers(DyingDataset(marked_store), view_batch, workers=1)
    with pytest.raises(WorkerError, match='with fewer --workers continues'):
        next(batches(BatchPlan(0, 1)))
