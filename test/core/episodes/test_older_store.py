# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A store of before episodes knew their robot (commit 016539f): two arms of the cell, and an import of one."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from core.episodes.bags.recorded_bags import joints
from core.episodes.synthetic_episodes import make_episode
from robot4d_core.episodes.bags.exporter import export_episode
from robot4d_core.episodes.bags.importing.importer import import_bags
from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import read_window

OPENINGS = np.linspace(0.08, 0.01, 24).reshape(12, 2)


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp('older')
    with tarfile.open(Path(__file__).with_name('older_store.tar.gz')) as archive:
        archive.extractall(folder)
    return EpisodeStore(folder / 'older')


def test_it_is_read_and_right(store):
    assert store.names == ['imported', 'recorded']
    assert [check_episode(store, name) for name in store.names] == [[], []]
    episode, written = store.read('recorded'), make_episode(0, 12, 2, 2)
    for name in ('rgb', 'depth', 'segmentation', 'gripper_poses'):
        assert np.array_equal(getattr(episode, name)[...], getattr(written, name)), name
    assert np.array_equal(read_window(episode, 1, 1, 0).rgb[0], written.rgb[1, 1:12])


def test_its_robots_are_known(store):
    look = read_episode_look(store.folder / 'recorded', 2)
    assert len(look.described_robot.arms) == 2
    np.testing.assert_allclose(look.described_robot.openings(look.robot.joints), OPENINGS[2], atol=1e-8)
    look = read_episode_look(store.folder / 'imported', 2)
    np.testing.assert_allclose(list(look.robot.joints.values()), joints(1.0), atol=1e-6)


def test_it_is_exported_and_imported_again(store, tmp_path):
    export_episode(store, 'recorded', tmp_path / 'again')
    (outcome,) = import_bags([tmp_path / 'again'], tmp_path / 'store', ImportSettings())
    assert outcome.outcome == 'imported', outcome.reason
    back = EpisodeStore(tmp_path / 'store').read('again')
    np.testing.assert_array_equal(back.joints[...], store.read('recorded').joints[...])
    np.testing.assert_allclose(back.opening[...], OPENINGS, atol=1e-8)
