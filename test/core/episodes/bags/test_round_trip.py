# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""An episode that becomes a bag and an episode again is the same episode."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin
from scipy.spatial.transform import Rotation

from core.episodes.synthetic_episodes import attributes_of, make_episode
from robot4d_core.episodes.bags.exporter import export_episode
from robot4d_core.episodes.bags.importing.importer import import_bags
from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.bags.look import read_bag_look
from robot4d_core.episodes.bags.recorded_arms import known_arms
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.geometry.poses import make_pose

EXACT = ('rgb', 'depth', 'segmentation', 'intrinsics', 'opening', 'joints', 'commands')
POSES = ('camera_poses', 'gripper_poses')
NANOSECOND = 1e-9


def random_poses(random: np.random.Generator, *shape: int) -> np.ndarray:
    rotations = Rotation.random(int(np.prod(shape)), random)
    poses = [make_pose(rotation, random.normal(size=3)) for rotation in rotations]
    return np.reshape(poses, (*shape, 4, 4))


def random_episode(seed: int, steps: int, cameras: int, grippers: int, first_stamp: float) -> Episode:
    """An episode whose poses turn and whose commands are partly unknown."""
    random = np.random.default_rng(seed)
    commands = random.normal(size=(steps, grippers, 8))
    commands[random.random((steps, grippers)) < 0.2, :7] = np.nan
    commands[random.random((steps, grippers)) < 0.2, 7] = np.nan
    depth = random.integers(0, 2**16, (cameras, steps, 8, 10), np.uint16)
    depth[:, :, :, 2:] = random.integers(400, 1500, (cameras, steps, 8, 8), np.uint16)
    return replace(
        make_episode(seed, steps, cameras, grippers), depth=depth, commands=commands,
        camera_poses=random_poses(random, cameras), gripper_poses=random_poses(random, steps, grippers),
        opening=random.uniform(0, 0.08, (steps, grippers)), times=first_stamp + 0.5 * np.arange(steps))


def make_store(folder: Path, name: str, episode: Episode, look: dict | None = None) -> EpisodeStore:
    cameras, steps = episode.rgb.shape[:2]
    store = EpisodeStore(folder, {
        'task': 'Test', 'cameras': cameras, 'size': [10, 8], 'interval': 0.5, 'sensor': {'depth_noise': 0.1},
        **({'kind': 'looks'} if look else {})})
    store.write(name, episode, **attributes_of(3, cameras, episode.joints.shape[1]), **({'look': look} if look else {}))
    return store


@pytest.mark.parametrize('storage', list(StoragePlugin))
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), steps=st.integers(11, 14), cameras=st.integers(2, 3), grippers=st.integers(1, 2),
       first_stamp=st.floats(0.001, 20.0))
def test_round_trip_is_lossless(storage, seed, steps, cameras, grippers, first_stamp):
    episode = random_episode(seed, steps, cameras, grippers, first_stamp)
    folder = Path(tempfile.mkdtemp())
    try:
        store = make_store(folder / 'store', 'episode_000003', episode)
        export_episode(store, 'episode_000003', folder / 'episode_000003', storage)
        (outcome,) = import_bags([folder / 'episode_000003'], folder / 'imported', ImportSettings())
        assert outcome.outcome == 'imported', outcome.reason
        imported = EpisodeStore(folder / 'imported')
        assert imported.settings == store.settings
        attributes = imported.attributes('episode_000003')
        assert attributes.pop('source')['bag'] == 'episode_000003'
        assert attributes == store.attributes('episode_000003')
        back = imported.read('episode_000003')
        for name in EXACT:
            written = getattr(episode, name)
            assert getattr(back, name).dtype == written.dtype
            assert np.array_equal(getattr(back, name)[...], written, equal_nan=name == 'commands'), name
        for name in POSES:
            assert np.abs(getattr(back, name)[...] - getattr(episode, name)).max() < 1e-9, name
        assert np.abs(back.times[...] - episode.times).max() <= NANOSECOND
    finally:
        shutil.rmtree(folder)


def test_wall_clock_stamps_come_back_to_a_microsecond(tmp_path):
    episode = random_episode(0, 12, 2, 1, first_stamp=1_763_700_000.123456)
    export_episode(make_store(tmp_path / 'store', 'one', episode), 'one', tmp_path / 'one')
    import_bags([tmp_path / 'one'], tmp_path / 'imported', ImportSettings())
    times = EpisodeStore(tmp_path / 'imported').read('one').times[...]
    assert np.abs(times - episode.times).max() < 1e-6


@pytest.mark.parametrize(('joints', 'fingers'), [(5, 1), (6, 2), (8, 3)])
def test_arms_with_any_number_of_joints_come_back(tmp_path, joints, fingers):
    episode = random_episode(0, 12, 2, 1, first_stamp=2.0)
    rng = np.random.default_rng(0)
    episode = replace(episode, joints=rng.normal(size=(12, 1, joints)), commands=rng.normal(size=(12, 1, joints + 1)))
    names = [f'axis_{number}' for number in range(joints)], [f'finger_{number}' for number in range(fingers)]
    store = EpisodeStore(tmp_path / 'store', {
        'task': 'Test', 'cameras': 2, 'size': [10, 8], 'interval': 0.5, 'sensor': None})
    store.write('one', episode, **attributes_of(3), source={'joints': [[*names[0], *names[1]]]})
    export_episode(store, 'one', tmp_path / 'one')
    arm = replace(known_arms()[0], joints=tuple(names[0]), finger_joints=tuple(names[1]))
    (outcome,) = import_bags([tmp_path / 'one'], tmp_path / 'imported', ImportSettings(arms=[arm]))
    assert outcome.outcome == 'imported', outcome.reason
    imported = EpisodeStore(tmp_path / 'imported')
    assert check_episode(imported, 'one') == []
    back = imported.read('one')
    for name in ('joints', 'commands', 'opening'):
        np.testing.assert_allclose(getattr(back, name)[...], getattr(episode, name), atol=1e-12)
    robot = read_episode_look(tmp_path / 'imported' / 'one', 3, ('0', '1')).robot
    assert [robot.joints[name] for name in names[0]] == episode.joints[3, 0].tolist()
    assert sum(robot.joints[name] for name in names[1]) == pytest.approx(episode.opening[3, 0])


@pytest.mark.parametrize('grippers', [1, 2])
def test_the_robot_is_the_same_in_episode_bag_and_imported_episode(tmp_path, grippers):
    store = make_store(tmp_path / 'store', 'one', random_episode(0, 12, 3, grippers, first_stamp=2.0))
    export_episode(store, 'one', tmp_path / 'one')
    import_bags([tmp_path / 'one'], tmp_path / 'imported', ImportSettings())
    for step, cameras in ((0, ('0', '1')), (7, ('2', '0'))):
        truth = read_episode_look(tmp_path / 'store' / 'one', step, cameras)
        for look in (read_bag_look(tmp_path / 'one', step * 0.5, cameras),
                     read_episode_look(tmp_path / 'imported' / 'one', step, cameras)):
            assert look.robot.joints == truth.robot.joints and len(look.robot.joints) == 9 * grippers
            np.testing.assert_allclose(look.robot.T_base_reference, truth.robot.T_base_reference, atol=1e-9)
            assert look.stamp == pytest.approx(truth.stamp, abs=1e-9)


def test_the_bag_of_a_look_comes_back_as_a_look(tmp_path):
    look = {'time': 1.5, 'displacement': [[0.02, 0.1]], 'rejected': [], 'state': [0.5, 1.0]}
    store = make_store(tmp_path / 'store', 'one', random_episode(0, 11, 2, 1, first_stamp=2.0), look)
    export_episode(store, 'one', tmp_path / 'one')
    import_bags([tmp_path / 'one'], tmp_path / 'imported', ImportSettings())
    imported = EpisodeStore(tmp_path / 'imported')
    assert imported.settings == store.settings and imported.attributes('one')['look'] == look
    assert not [problem for problem in check_episode(imported, 'one') if 'look' in problem]
