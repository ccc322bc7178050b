# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recordings are reproducible, complete, and can go on after whatever ended them."""

from __future__ import annotations

import multiprocessing
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from robot4d_core.cell import demonstration
from robot4d_core.cell.demonstration import demonstrate
from robot4d_core.cell.recorder import Recording, record, record_episode
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.sensor import D435
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.loader import read_seen_by
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.episodes.splits import held_out_cameras, training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import ExpertError, StoreBusyError, StoreSettingsError, WorkerError
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES

TASK, SIZE = 'PutSpatulaOnTable', (40, 32)
NAMES = ['episode_000001', 'episode_000002', 'episode_000003']
COMMAND = [sys.executable, '-m', 'robot4d_core.cli']
RECORD = [*COMMAND, 'record', '--task', TASK, '--episodes', '3', '--cameras', '2', '--seed', '1', '--size', '40x32']


@pytest.fixture(scope='module')
def store(tmp_path_factory) -> EpisodeStore:
    return record(
        tmp_path_factory.mktemp('recording') / 'store', TASK, episodes=3, cameras=2, seed=1, size=SIZE, workers=2)


def assert_same(a: EpisodeStore, b: EpisodeStore) -> None:
    assert a.names == b.names and a.settings == b.settings
    for name in a.names:
        assert a.attributes(name) == b.attributes(name)
        for array, values in vars(a.read(name)).items():
            assert np.array_equal(values[...], getattr(b.read(name), array)[...]), (name, array)


def wait_for(condition, seconds: float = 100.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'it did not happen'
        time.sleep(0.02)


def group_is_alive(process: subprocess.Popen) -> bool:
    """Whether a process that leads its group, or one that it started and nobody waited for, still runs."""
    states = [
        stat.rpartition(')')[2].split() for stat in (
            path.read_text() for path in Path('/proc').glob('[0-9]*/stat') if os.access(path, os.R_OK))]
    return any(int(fields[2]) == process.pid and fields[0] != 'Z' for fields in states)


def complete(folder: Path) -> list[str]:
    return EpisodeStore(folder).names if (folder / 'zarr.json').exists() else []


def test_episode_is_complete(store):
    assert store.names == NAMES and store.failures == {}
    assert [check_episode(store, name) for name in NAMES] == [[], [], []]
    episode, attributes = store.read(NAMES[0]), store.attributes(NAMES[0])
    steps = len(episode.times)
    assert episode.rgb.shape == (2, steps, 32, 40, 3) and episode.commands.shape == (steps, 1, 8)
    np.testing.assert_allclose(np.diff(episode.times[...]), FRAME_INTERVAL, atol=1e-6)
    opening = episode.opening[...]
    assert opening.max() > 0.07 and opening.min() < 0.03, 'the gripper opens and closes'
    assert attributes['grippers'] == ['gripper'] and attributes['objects'] == ['crock', 'spatula']
    assert attributes['instruction'] and attributes['success'] is True and attributes['split'] == 'training'
    assert len(SEGMENTS) + 1 in episode.segmentation[...], 'a camera sees the spatula'


def test_arms_follow_their_commands(store):
    episode = store.read(NAMES[0])
    behind = np.abs(episode.joints[...] - episode.commands[..., :7])
    assert behind.max() < 0.2 and behind[-FRAMES:].max() < 0.01
    assert set(np.round(episode.commands[:, 0, 7], 3)) >= {0.0, 0.08}, 'the gripper is told to open and to close'


def test_horizon_is_full_when_the_task_is_done(store):
    poses = store.read(NAMES[0]).gripper_poses[:, 0]
    still = np.linalg.norm(poses[-FRAMES:, :3, 3] - poses[-1, :3, 3], axis=1)
    assert still.max() < 0.005


def test_depth_puts_the_hand_around_the_gripper(store):
    episode, hand = store.read(NAMES[0]), SEGMENTS.index('hand')
    for camera in range(2):
        frame = int(np.argmax((episode.segmentation[camera] == hand).sum(axis=(1, 2))))
        depth, labels = episode.depth[camera, frame] / 1000, episode.segmentation[camera, frame]
        v, u = np.nonzero(labels == hand)
        assert len(v) > 20
        k, z = episode.intrinsics[camera], depth[v, u]
        points = np.stack([(u - k[0, 2]) / k[0, 0] * z, (v - k[1, 2]) / k[1, 1] * z, z, np.ones_like(z)])
        in_tcp = invert_pose(episode.gripper_poses[frame, 0]) @ episode.camera_poses[camera] @ points
        assert np.abs(in_tcp[:2]).max() < 0.1 and in_tcp[2].max() < -0.03


def test_scene_of_an_episode_can_be_rebuilt(store):
    scene = Scene.from_json(store.attributes(NAMES[1])['scene'])
    assert scene.seed == 2 and len(scene.cameras) == 2 and not scene.held_out_objects
    assert np.array_equal(scene.cameras[1].T_world_optical, store.read(NAMES[1]).camera_poses[1])


def test_objects_are_held_out_by_seed(monkeypatch):
    monkeypatch.setattr(demonstration, 'STILL_SECONDS', 0.0)
    _, attributes = demonstrate(TASK, 9, 1, (8, 8))
    assert attributes['split'] == 'held_out_objects'
    assert Scene.from_json(attributes['scene']).held_out_objects


def test_one_split_alone_is_recorded_with_cameras_that_no_training_reads(tmp_path):
    store = record(tmp_path / 'store', TASK, episodes=3, cameras=4, seed=8, size=(16, 12), outside_shell=True,
                   split='held_out_objects')
    assert store.names == ['episode_000009'] and check_episode(store, 'episode_000009') == []
    assert store.read('episode_000009').rgb.shape[0] == 8
    assert read_seen_by(store, 'episode_000009', training_cameras).rgb.shape[0] == 3
    assert read_seen_by(store, 'episode_000009', held_out_cameras).rgb.shape[0] == 1


def test_when_recording_is_killed_expect_the_next_to_finish_it_bit_identically(store, tmp_path):
    folder = tmp_path / 'store'
    killed = subprocess.Popen(
        [*RECORD, folder, '--workers', '2'], start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: complete(folder))
        killed.kill()
        wait_for(lambda: not group_is_alive(killed))
    finally:
        killed.wait()
    kept = {name: (folder / name / 'zarr.json').stat().st_mtime_ns for name in complete(folder)}
    assert kept and set(kept) < set(NAMES)
    resumed = record(folder, TASK, episodes=3, cameras=2, seed=1, size=SIZE, workers=1)
    assert_same(resumed, store)
    assert resumed.unfinished == []
    assert all((folder / name / 'zarr.json').stat().st_mtime_ns == moment for name, moment in kept.items())


@pytest.mark.parametrize('moment', ['workers start', 'first episode'])
def test_ctrl_c_ends_all_in_order(tmp_path, moment):
    folder = tmp_path / 'store'
    process = subprocess.Popen(
        [*RECORD, folder, '--workers', '2'], start_new_session=True, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    workers = Path(f'/proc/{process.pid}/task/{process.pid}/children')
    try:
        if moment == 'workers start':
            wait_for(lambda: len(workers.read_text().split()) >= 3)
            time.sleep(0.5)
        else:
            wait_for(lambda: complete(folder))
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 130 and errors == ''
    wait_for(lambda: not group_is_alive(process))
    store = EpisodeStore(folder)
    assert store.unfinished == [] and store.failures == {} and set(store.names) < set(NAMES)


def test_when_another_recording_runs_expect_refusal(store):
    folder = store.folder
    with store.recording(), pytest.raises(StoreBusyError):
        record(folder, TASK, episodes=4, cameras=2, seed=1, size=SIZE)


def test_when_a_worker_dies_expect_the_others_to_end_too(tmp_path):
    def kill_one() -> None:
        wait_for(lambda: len(multiprocessing.active_children()) == 2)  # both: the second is started in another thread
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(WorkerError, match='fewer workers'):
        record(tmp_path / 'store', TASK, episodes=3, cameras=2, seed=1, size=SIZE, workers=2)
    killer.join()
    assert multiprocessing.active_children() == []
    assert EpisodeStore(tmp_path / 'store').unfinished == []


def test_nothing_is_recorded_twice(store):
    kept = [(store.folder / name / 'zarr.json').stat().st_mtime_ns for name in NAMES]
    record(store.folder, TASK, episodes=3, cameras=2, seed=1, size=SIZE)
    assert [(store.folder / name / 'zarr.json').stat().st_mtime_ns for name in NAMES] == kept


def test_when_settings_differ_expect_refusal(store):
    with pytest.raises(StoreSettingsError, match=r'\(cameras: expected 3, got 2; size: expected \[80, 64\]'):
        record(store.folder, TASK, episodes=3, cameras=3, seed=1, size=(80, 64))


def test_a_failed_demonstration_is_remembered_and_not_tried_again(tmp_path, monkeypatch):
    recording = Recording(tmp_path / 'store', TASK, 1, (8, 8))
    store = EpisodeStore(recording.folder, recording.settings())
    monkeypatch.setattr(demonstration, 'MAX_SECONDS', 2.0)
    with pytest.raises(ExpertError, match='not done after'):
        demonstrate(TASK, 1, 1, (8, 8))
    record_episode(recording, 1)
    assert store.names == [] and 'not done after' in store.failures['episode_000001']
    again = record(recording.folder, TASK, episodes=1, cameras=1, seed=1, size=(8, 8))
    assert again.names == [] and list(again.failures) == ['episode_000001']


def test_sensor_films_the_same_whoever_asks(store):
    noisy, _ = demonstrate(TASK, 1, 2, SIZE, D435)
    again, _ = demonstrate(TASK, 1, 2, SIZE, D435)
    for name, values in vars(noisy).items():
        assert np.array_equal(values, getattr(again, name)), name
    ideal = store.read(NAMES[0])
    for name in ('camera_poses', 'gripper_poses', 'joints', 'commands', 'times', 'segmentation'):
        assert np.array_equal(getattr(noisy, name), getattr(ideal, name)[...]), name
    assert not np.array_equal(noisy.intrinsics, ideal.intrinsics[...]), 'the sensor is not calibrated perfectly'
    assert not np.array_equal(noisy.intrinsics[0], noisy.intrinsics[1])
    assert not np.array_equal(noisy.rgb[:, -1], noisy.rgb[:, -2]), 'noise is drawn anew for every image'
    both = (noisy.depth > 0) & (ideal.depth[...] > 0)
    assert (noisy.depth == 0).sum() > (ideal.depth[...] == 0).sum()
    error = np.abs(noisy.depth[both].astype(float) - ideal.depth[...][both])
    assert 0.5 < np.median(error) < 10, 'millimetres'


def test_sensor_is_among_the_settings(tmp_path):
    assert Recording(tmp_path, TASK, 2, sensor=D435).settings()['sensor'] == D435.to_dict()
    assert Recording(tmp_path, TASK, 2).settings()['sensor'] is None


def test_when_the_disk_is_full_expect_a_sentence_and_whole_episodes_only(tmp_path):
    room_for_one = f'mount -t tmpfs -o size=200k tmpfs {tmp_path}'  # an episode takes 128 to 140 kB
    own_mounts, store = ['unshare', '--map-root-user', '--mount'], str(tmp_path / 'store')
    mounted = shutil.which('unshare') and subprocess.run([*own_mounts, *room_for_one.split()], capture_output=True)
    if not mounted or mounted.returncode:
        pytest.skip('this machine lets no test mount a small disk: unshare --map-root-user --mount mount -t tmpfs')
    commands = [shlex.join(command) for command in (
        [*RECORD, store, '--episodes', '1'], [*RECORD, store, '--workers', '2'], [*COMMAND, 'dataset', 'check', store])]
    script = [room_for_one, *(f'{command}; echo "status $?"' for command in commands)]
    run = subprocess.run([*own_mounts, 'sh', '-c', '\n'.join(script)], capture_output=True, text=True, timeout=250)
    assert 'the disk is full' in run.stderr and 'Traceback' not in run.stderr, run.stderr
    assert re.findall(r'status \d+', run.stdout) == ['status 0', 'status 2', 'status 0'], run.stdout
    assert '\n0 of 1 episodes are wrong' in run.stdout and 'note:' not in run.stdout, run.stdout
