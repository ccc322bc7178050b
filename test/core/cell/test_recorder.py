# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recordings are reproducible, complete, and can go on after a break."""

from __future__ import annotations

import json

import numpy as np
import pytest

from robot4d_core.cell.recorder import demonstrate, record
from robot4d_core.errors import EpisodeError
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES

TASK, SIZE = 'PutSpatulaOnTable', (40, 32)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('recording') / 'store'


@pytest.fixture(scope='module')
def store(folder):
    return record(folder, TASK, episodes=2, cameras=2, seed=1, size=SIZE)


def test_episode_is_complete(store):
    assert store.names == ['episode_000001', 'episode_000002']
    episode = store.read('episode_000001')
    frames = episode.times.shape[0]
    assert episode.rgb.shape == (2, frames, 32, 40, 3) and episode.depth.shape == (2, frames, 32, 40)
    np.testing.assert_allclose(np.diff(episode.times[...]), FRAME_INTERVAL, atol=1e-6)
    assert store.attributes('episode_000001')['success'] is True
    opening = episode.opening[...]
    assert opening.max() > 0.07 and opening.min() < 0.03, 'the gripper opens and closes'


def test_horizon_is_full_when_the_task_is_done(store):
    poses = store.read('episode_000001').gripper_poses[:, 0]
    still = np.linalg.norm(poses[-FRAMES:, :3, 3] - poses[-1, :3, 3], axis=1)
    assert still.max() < 0.005


def test_depth_puts_the_hand_around_the_gripper(store):
    episode = store.read('episode_000001')
    for camera in range(2):
        frame = int(np.argmax((episode.segmentation[camera] == 2).sum(axis=(1, 2))))
        depth, labels = episode.depth[camera, frame] / 1000, episode.segmentation[camera, frame]
        v, u = np.nonzero(labels == 2)
        assert len(v) > 20
        k, z = episode.intrinsics[camera], depth[v, u]
        points = np.stack([(u - k[0, 2]) / k[0, 0] * z, (v - k[1, 2]) / k[1, 1] * z, z, np.ones_like(z)])
        in_tcp = invert_pose(episode.gripper_poses[frame, 0]) @ episode.camera_poses[camera] @ points
        assert np.abs(in_tcp[:2]).max() < 0.1 and in_tcp[2].max() < -0.03


def test_same_seed_records_the_same(store):
    again, _ = demonstrate(TASK, 1, 2, SIZE)
    recorded = store.read('episode_000001')
    for name, values in vars(again).items():
        assert np.array_equal(values, getattr(recorded, name)[...]), name


def test_recording_goes_on_where_it_stopped(store, folder):
    kept = (folder / 'episode_000001' / 'zarr.json').stat().st_mtime_ns
    more = record(folder, TASK, episodes=2, cameras=2, seed=1, size=SIZE)
    assert more.names == store.names
    assert (folder / 'episode_000001' / 'zarr.json').stat().st_mtime_ns == kept


def test_when_settings_differ_expect_refusal(store, folder):
    with pytest.raises(EpisodeError, match='recorded with'):
        record(folder, TASK, episodes=3, cameras=3, seed=1, size=SIZE)


def test_scene_of_an_episode_can_be_rebuilt(store):
    scene = json.loads(store.attributes('episode_000002')['scene'])
    assert scene['seed'] == 2 and len(scene['cameras']) == 2
