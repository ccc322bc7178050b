# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""An episode that becomes a bag and an episode again is the same episode."""

import json
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

from core.chain_robot import STROKE, chain_robot
from core.episodes.synthetic_episodes import SETTINGS, attributes_of, make_episode
from robot4d_core.episodes.bags.exporter import export_episode
from robot4d_core.episodes.bags.importing.importer import import_bags
from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.bags.look import read_bag_look
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.recorded_robot import robot_of, robot_record
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.geometry.poses import make_pose
from robot4d_core.robot.robot import Robot

EXACT = ('rgb', 'depth', 'segmentation', 'intrinsics', 'joints')
CLOSE = ('camera_poses', 'gripper_poses', 'opening', 'commands')  # turned into quaternions and positions of fingers
NANOSECOND = 1e-9


def random_poses(random: np.random.Generator, *shape: int) -> np.ndarray:
    rotations = Rotation.random(int(np.prod(shape)), random)
    poses = [make_pose(rotation, random.normal(size=3)) for rotation in rotations]
    return np.reshape(poses, (*shape, 4, 4))


def random_episode(seed: int, steps: int, cameras: int, grippers: int, first_stamp: float) -> Episode:
    """An episode whose poses turn and whose commands are partly unknown."""
    random = np.random.default_rng(seed)
    episode = make_episode(seed, steps, cameras, grippers)
    commands = episode.commands.copy()
    commands[random.random((steps, grippers)) < 0.2, :7] = np.nan
    commands[random.random((steps, grippers)) < 0.2, 7] = np.nan
    depth = random.integers(0, 2**16, (cameras, steps, 8, 10), np.uint16)
    depth[:, :, :, 2:] = random.integers(400, 1500, (cameras, steps, 8, 8), np.uint16)
    return replace(
        episode, depth=depth, commands=commands,
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
        assert attributes.pop('robot') == json.loads(json.dumps(robot_record(Robot.shipped(grippers))))
        assert attributes == store.attributes('episode_000003')
        back = imported.read('episode_000003')
        for name in EXACT:
            written = getattr(episode, name)
            assert getattr(back, name).dtype == written.dtype
            assert np.array_equal(getattr(back, name)[...], written), name
        for name in CLOSE:
            np.testing.assert_allclose(getattr(back, name)[...], getattr(episode, name), 0, 2e-9, err_msg=name)
        assert np.abs(back.times[...] - episode.times).max() <= NANOSECOND
    finally:
        shutil.rmtree(folder)


def test_wall_clock_stamps_come_back_to_a_microsecond(tmp_path):
    episode = random_episode(0, 12, 2, 1, first_stamp=1_763_700_000.123456)
    export_episode(make_store(tmp_path / 'store', 'one', episode), 'one', tmp_path / 'one')
    import_bags([tmp_path / 'one'], tmp_path / 'imported', ImportSettings())
    times = EpisodeStore(tmp_path / 'imported').read('one').times[...]
    assert np.abs(times - episode.times).max() < 1e-6


def episode_of(robot: Robot, seed: int = 0) -> Episode:
    """An episode in which all arms move at random within their limits."""
    random, most = np.random.default_rng(seed), max(len(arm.joints) for arm in robot.arms)
    joints = random.uniform(-2, 2, (12, len(robot.arms), most))
    for number, arm in enumerate(robot.arms):
        joints[:, number, len(arm.joints):] = np.nan
    openings = random.uniform(0, STROKE, (12, len(robot.arms)))
    poses = [robot.tools(robot.positions(*state)) for state in zip(joints, openings, strict=True)]
    return replace(
        make_episode(seed, 12, 2, len(robot.arms)), joints=joints, opening=openings, gripper_poses=np.array(poses),
        commands=np.concatenate([joints + 0.01, openings[::-1, :, None]], axis=2), times=2 + 0.5 * np.arange(12))


@pytest.mark.parametrize('joints', [(5,), (8,), (7, 5), (6, 2, 7)])
def test_arms_with_any_number_of_joints_come_back(tmp_path, joints):
    robot = chain_robot(*joints)
    episode, grippers = episode_of(robot), [arm.gripper.name for arm in robot.arms]
    attributes = attributes_of(3) | {'grippers': grippers, 'robot': robot_record(robot)}
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    store.write('one', episode, **attributes)
    assert check_episode(store, 'one') == []
    export_episode(store, 'one', tmp_path / 'one')
    (outcome,) = import_bags([tmp_path / 'one'], tmp_path / 'imported', ImportSettings())
    assert outcome.outcome == 'imported', outcome.reason
    imported = EpisodeStore(tmp_path / 'imported')
    assert check_episode(imported, 'one') == []
    back = imported.read('one')
    for name in ('joints', *CLOSE):
        np.testing.assert_allclose(getattr(back, name)[...], getattr(episode, name), 0, 2e-9, err_msg=name)
    assert robot_of(imported.attributes('one')).arms == robot.arms
    truth = robot.positions(episode.joints[3], episode.opening[3])
    for look in (read_episode_look(tmp_path / 'imported' / 'one', 3), read_bag_look(tmp_path / 'one', 1.5)):
        assert list(look.described_robot.positions(episode.joints[3], episode.opening[3])) == list(truth)
        assert {joint: look.robot.joints[joint] for joint in truth} == pytest.approx(truth, abs=1e-8)
        np.testing.assert_allclose(look.openings[0], episode.opening[3], atol=1e-8)


@pytest.mark.parametrize('grippers', [1, 2])
def test_the_robot_is_the_same_in_episode_bag_and_imported_episode(tmp_path, grippers):
    store = make_store(tmp_path / 'store', 'one', random_episode(0, 12, 3, grippers, first_stamp=2.0))
    export_episode(store, 'one', tmp_path / 'one')
    import_bags([tmp_path / 'one'], tmp_path / 'imported', ImportSettings())
    for step, cameras in ((0, ('0', '1')), (7, ('2', '0'))):
        truth = read_episode_look(tmp_path / 'store' / 'one', step, cameras)
        for look in (read_bag_look(tmp_path / 'one', step * 0.5, cameras),
                     read_episode_look(tmp_path / 'imported' / 'one', step, cameras)):
            assert look.robot.joints == pytest.approx(truth.robot.joints, abs=1e-8)
            assert len(look.robot.joints) == 9 * grippers
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
