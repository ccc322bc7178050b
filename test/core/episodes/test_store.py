# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The episode store keeps what it was given, and only whole episodes."""

import numpy as np
import pytest

from robot4d_core.episodes.store import Episode, EpisodeStore
from robot4d_core.errors import EpisodeError

SETTINGS = {'task': 'test', 'cameras': 2, 'size': [10, 8]}


@pytest.fixture
def episode() -> Episode:
    random = np.random.default_rng(0)
    return Episode(
        rgb=random.integers(0, 255, (2, 3, 8, 10, 3), np.uint8),
        depth=random.integers(0, 3000, (2, 3, 8, 10), np.uint16),
        segmentation=random.integers(0, 6, (2, 3, 8, 10), np.uint8),
        intrinsics=random.normal(size=(2, 3, 3)), camera_poses=random.normal(size=(2, 4, 4)),
        gripper_poses=random.normal(size=(3, 4, 4)), opening=np.array([0.08, 0.04, 0.0]),
        joints=random.normal(size=(3, 7)), times=np.array([0.1, 0.6, 1.1]),
    )


def test_what_is_written_comes_back(tmp_path, episode):
    EpisodeStore(tmp_path / 'store', SETTINGS).write('episode_000007', episode, seed=7)
    store = EpisodeStore(tmp_path / 'store')
    assert store.names == ['episode_000007'] and store.settings == SETTINGS
    assert store.attributes('episode_000007')['seed'] == 7
    read = store.read('episode_000007')
    for name, written in vars(episode).items():
        back = getattr(read, name)[...]
        assert back.dtype == written.dtype and np.array_equal(back, written), name


def test_when_recording_was_killed_expect_no_half_episode(tmp_path, episode):
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    (tmp_path / 'store' / 'episode_000001.unfinished').mkdir()
    assert store.names == []
    store.write('episode_000001', episode)
    assert store.names == ['episode_000001']


def test_when_settings_differ_expect_refusal(tmp_path):
    EpisodeStore(tmp_path / 'store', SETTINGS)
    with pytest.raises(EpisodeError, match='was recorded with'):
        EpisodeStore(tmp_path / 'store', {**SETTINGS, 'cameras': 3})


def test_when_there_is_nothing_expect_the_command_to_run(tmp_path):
    with pytest.raises(EpisodeError, match='robot4d record'):
        EpisodeStore(tmp_path / 'nothing')


def test_when_an_array_is_missing_expect_the_episode_named(tmp_path, episode):
    import shutil
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    store.write('episode_000003', episode)
    shutil.rmtree(tmp_path / 'store' / 'episode_000003' / 'depth')
    with pytest.raises(EpisodeError, match='episode_000003'):
        store.read('episode_000003')
