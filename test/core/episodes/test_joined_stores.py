# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stores of several tasks read as one."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from accelerate import Accelerator

from core.episodes.analytic_episodes import analytic_episode
from core.generator.tiny_models import tiny_pipeline
from robot4d_core.episodes.joined_stores import JoinedStores, open_stores
from robot4d_core.episodes.loader import WindowDataset, episodes_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import StoreError, StoreSettingsError
from robot4d_core.generator.training.batch_sources import DataInMemory
from robot4d_core.generator.training.batches import BatchPlan

SETTINGS = {'cameras': 4, 'sensor': None}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('stores')
    for number, task in enumerate(('Push', 'Pull')):
        store = EpisodeStore(folder / task, {'task': task, **SETTINGS})
        store.write('episode_000000', analytic_episode(cameras=4, seed=number, steps=13), split='training', seed=number)
    return folder


def test_episodes_of_all_tasks_are_read_under_names_of_their_own(folder):
    joined = open_stores(folder)
    assert joined.names == ['Pull/episode_000000', 'Push/episode_000000']
    assert joined.settings == {'task': 'Pull, Push', **SETTINGS}
    for task, seed in (('Push', 0), ('Pull', 1)):
        name = f'{task}/episode_000000'
        assert joined.attributes(name)['seed'] == seed
        np.testing.assert_array_equal(joined.read(name).rgb[:], EpisodeStore(folder / task).read(name[5:]).rgb[:])


def test_windows_are_those_of_all_stores(folder):
    joined = WindowDataset(open_stores(folder))
    alone = [WindowDataset(EpisodeStore(folder / task)) for task in ('Push', 'Pull')]
    assert len(joined) == sum(map(len, alone)) > 0
    assert {joined.locate(k)[0] for k in range(len(joined))} == set(open_stores(folder).names)


def test_one_model_trains_on_all_of_them(folder, tmp_path):
    data, pipeline = DataInMemory(open_stores(folder), tmp_path, Accelerator(cpu=True)), tiny_pipeline()
    for batches in (data.images(), data.alignments(pipeline), data.windows(pipeline)):
        names = {name for batch in islice(batches(BatchPlan(0, 8)), 4) for name in batch.episodes}
        assert names == set(episodes_of(open_stores(folder), 'training'))


def test_a_folder_that_is_a_store_is_opened_as_one(folder):
    assert isinstance(open_stores(folder / 'Push'), EpisodeStore)


def test_stores_of_other_settings_are_refused_by_name(folder, tmp_path):
    EpisodeStore(tmp_path / 'Pull', {'task': 'Pull', **SETTINGS})
    EpisodeStore(tmp_path / 'Push', {'task': 'Push', **SETTINGS, 'cameras': 3})
    with pytest.raises(StoreSettingsError, match='Push was recorded with other settings'):
        JoinedStores(tmp_path)


def test_a_folder_without_stores_is_refused(tmp_path):
    with pytest.raises(StoreError, match='no episode store'):
        open_stores(tmp_path)
