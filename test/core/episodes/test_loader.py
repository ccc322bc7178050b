# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The dataset gives the windows of the asked split and cameras, the same whoever reads them, and reads little."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from core.episodes.analytic_episodes import analytic_episode, analytic_store
from robot4d_core.episodes.episode import IMAGES
from robot4d_core.episodes.loader import WindowDataset, WindowSampler, episodes_of, read_seen_by
from robot4d_core.episodes.splits import held_out_cameras, training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import downsample_mask, read_window
from robot4d_core.errors import NoWindowError, ShortEpisodeError


@pytest.fixture(scope='module')
def store(tmp_path_factory) -> EpisodeStore:
    return analytic_store(tmp_path_factory.mktemp('loader') / 'store', cameras=8, steps=13)


def test_what_comes_is_the_window(store):
    dataset = WindowDataset(store, seed=3)
    for number in (0, 7, 5 * len(dataset) + 7):
        name, start, n, m = dataset.locate(number)
        arrays, window = dataset[number], read_window(store.read(name), start, n, m)
        for key in ('rgb', 'pointmap', 'observed_pointmap_m', 'gripper', 'valid', 'T_n_m'):
            np.testing.assert_array_equal(arrays[key], getattr(window, key))
        np.testing.assert_array_equal(arrays['intrinsics'], [camera.matrix for camera in window.cameras])
        np.testing.assert_array_equal(arrays['latent_gripper'], downsample_mask(window.gripper, 8, 0.0))
        np.testing.assert_array_equal(arrays['latent_valid'], downsample_mask(window.valid, 8, 0.5))
        assert arrays['latent_gripper'].shape == (2, 11, 4, 5) and arrays['number'] == number


@pytest.mark.parametrize('split, cameras, names', [
    ('training', training_cameras, [f'episode_{seed:06d}' for seed in range(8)]),
    ('validation', held_out_cameras, ['episode_000008']),
    ('held_out_objects', held_out_cameras, ['episode_000009']),
])
def test_only_episodes_of_the_split_and_allowed_cameras_are_seen(store, split, cameras, names):
    dataset = WindowDataset(store, split, cameras)
    seen = [dataset.locate(number) for number in range(20 * len(dataset))]
    assert sorted({name for name, *_ in seen}) == names
    assert {start for _, start, *_ in seen} == {0, 1, 2}
    assert {n for _, _, n, _ in seen} == {m for *_, m in seen} == set(cameras(8))
    assert all(n != m for _, _, n, m in seen)


def test_every_window_comes_once_per_epoch_in_another_order_and_by_other_cameras(store):
    dataset = WindowDataset(store)
    sampler = WindowSampler(dataset, seed=1)
    epochs = [list(sampler), list(sampler)]
    assert len(sampler) == len(dataset) == 24
    places = [[dataset.locate(number)[:2] for number in epoch] for epoch in epochs]
    assert sorted(places[0]) == sorted(places[1]) and places[0] != places[1] and len(set(places[0])) == 24
    pairs = [{dataset.locate(number)[:2]: dataset.locate(number)[2:] for number in epoch} for epoch in epochs]
    assert sum(pairs[0][place] != pairs[1][place] for place in places[0]) > 12
    assert list(WindowSampler(dataset, seed=1, epoch=1)) == epochs[1]


@pytest.mark.parametrize('workers', [0, 1, 2])
def test_batches_do_not_depend_on_the_number_of_workers(store, workers):
    dataset = WindowDataset(store, seed=5)
    loader = DataLoader(dataset, batch_size=4, sampler=WindowSampler(dataset), num_workers=workers)
    batches = list(loader)
    assert len(batches) == 6 and batches[0]['rgb'].shape == (4, 2, 11, 32, 40, 3)
    for batch in batches:
        for k, number in enumerate(batch['number'].tolist()):
            for key, expected in dataset[number].items():
                torch.testing.assert_close(batch[key][k], torch.as_tensor(expected), rtol=0, atol=0, equal_nan=True)


def test_another_seed_draws_other_cameras(store):
    one, other = WindowDataset(store, seed=0), WindowDataset(store, seed=1)
    assert any(one.locate(number) != other.locate(number) for number in range(8))


def test_reading_a_window_touches_two_cameras_only(store, tmp_path):
    """The images of all other cameras are gone, and nobody notices."""
    copy = tmp_path / 'copy'
    shutil.copytree(store.folder, copy)
    dataset = WindowDataset(EpisodeStore(copy))
    name, _, n, m = dataset.locate(2)
    expected = dataset[2]
    for array in IMAGES:
        for camera in set(range(8)) - {n, m}:
            shutil.rmtree(copy / name / array / 'c' / str(camera))
    for key, value in dataset[2].items():
        np.testing.assert_array_equal(value, expected[key])


def test_an_episode_as_some_cameras_saw_it(store):
    whole, part = store.read('episode_000003'), read_seen_by(store, 'episode_000003', held_out_cameras)
    for key in ('rgb', 'depth', 'segmentation', 'intrinsics', 'camera_poses'):
        np.testing.assert_array_equal(getattr(part, key), getattr(whole, key)[6:8])
    for key in ('gripper_poses', 'opening', 'joints', 'commands', 'times'):
        np.testing.assert_array_equal(getattr(part, key), getattr(whole, key)[:])


def test_no_reader_waits_for_torch():
    code = 'import sys, robot4d_core.episodes.loader; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], timeout=250).returncode == 0


def test_when_a_split_is_empty_expect_what_there_is(tmp_path):
    store = analytic_store(tmp_path / 'store', seeds=[0, 1], steps=11)
    with pytest.raises(NoWindowError, match=r"split 'validation' among 2 .*\['training'\]"):
        WindowDataset(store, 'validation')
    with pytest.raises(NoWindowError, match="split 'test'"):
        episodes_of(store, 'test')


def test_when_an_episode_is_too_short_expect_its_name(tmp_path):
    store = analytic_store(tmp_path / 'store', seeds=[0], steps=11)
    store.write('episode_000001', analytic_episode(steps=9), split='training')
    with pytest.raises(ShortEpisodeError, match="'episode_000001'.*9 steps"):
        WindowDataset(store)


def test_when_nothing_moves_expect_refusal(tmp_path):
    with pytest.raises(NoWindowError, match='no gripper moves'):
        WindowDataset(analytic_store(tmp_path / 'store', seeds=[0], steps=11, speed=0.0))


def test_when_one_camera_is_allowed_expect_refusal(tmp_path):
    store = analytic_store(tmp_path / 'store', seeds=[8], steps=11, cameras=4)
    with pytest.raises(NoWindowError, match=r'held_out_cameras are \[3\]'):
        WindowDataset(store, 'validation', held_out_cameras)
