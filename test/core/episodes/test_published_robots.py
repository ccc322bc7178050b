# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Robots as others describe them: from a bag into a store, checked, cut, drawn, out into a bag and in again."""

from __future__ import annotations

import numpy as np
import pytest

from core.episodes.bags.recorded_bags import keep
from core.episodes.published_recordings import (
    FIRST_STAMP,
    INSTRUCTION,
    INTERVAL,
    boxes,
    make_recording,
    panda,
    so101,
    ur5e_2f85,
    write_files,
)
from robot4d_core.cli import main
from robot4d_core.episodes.bags.exporter import export_episode
from robot4d_core.episodes.bags.importing.robot_segmentation import RobotSegmenter
from robot4d_core.episodes.bags.look import read_bag_look
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.episodes.segments import PARTS
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import camera_of, read_window, window_starts
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.pointmaps import depth_in_metres
from robot4d_core.robot.gripper import Gripper

TOPICS = ['--joint-states', '/arm/joint_states', '/gripper/joint_states', '--tf', '/cell/tf']


def apart(topic, log_time, fields):
    """Arm and gripper tell of their joints on topics of their own; tf is in a namespace."""
    if topic == '/tf':
        fields = {**fields, 'topic': '/cell/tf'}
    if topic == '/joint_states':
        fields = {**fields, 'topic': f"/{'gripper' if len(fields['name']) < 3 else 'arm'}/joint_states"}
    return log_time, fields


class Imported:
    """A robot's bag as it was made, the store that it became, and the store that this became by way of a bag."""

    def __init__(self, robot, folder, on_topics: bool) -> None:
        self.robot, self.folder = robot, folder
        self.options = write_files(robot, folder) + (TOPICS if on_topics else [])
        self.truth = make_recording(robot, folder / 'demo', apart if on_topics else keep)
        common = ['--output', str(folder / 'store'), '--task', 'Close']
        assert main(['dataset', 'import', str(folder / 'demo'), *common, *self.options]) == 0
        self.store = EpisodeStore(folder / 'store')
        export_episode(self.store, 'demo', folder / 'exported')
        assert main(['dataset', 'import', str(folder / 'exported'), '--output', str(folder / 'again')]) == 0
        self.again = EpisodeStore(folder / 'again')


ROBOTS = {'boxes': boxes, 'panda': panda, 'ur5e_2f85': ur5e_2f85, 'so101': so101}
SLOW = 'ur5e_2f85', 'so101'


@pytest.fixture(scope='module', params=[
    pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in ROBOTS])
def imported(request, tmp_path_factory):
    on_topics = request.param in ('boxes', 'ur5e_2f85')
    return Imported(ROBOTS[request.param](), tmp_path_factory.mktemp(request.param), on_topics)


def test_what_was_recorded_is_stored(imported):
    episode, truth = imported.store.read('demo'), imported.truth
    assert check_episode(imported.store, 'demo') == []
    joints = [[positions[joint] for joint in imported.robot.arm.joints] for positions in truth.positions]
    np.testing.assert_array_equal(episode.joints[:, 0], joints)
    gripper = Gripper(imported.robot.description, imported.robot.arm.gripper)
    np.testing.assert_allclose(
        episode.opening[:, 0], [gripper.opening(positions) for positions in truth.positions], atol=1e-9)
    assert np.ptp(episode.opening[:, 0]) > 0.06
    np.testing.assert_allclose(episode.gripper_poses[:, 0], truth.tools, atol=1e-9)
    assert imported.store.attributes('demo')['instruction'] == INSTRUCTION


def test_the_robot_is_segmented_as_it_was_seen(imported):
    found = imported.store.read('demo').segmentation[...]
    for label, part in enumerate(PARTS, 1):
        ours, theirs = found == label, imported.truth.labels == label
        if imported.robot.parts[part]:
            overlap = (ours & theirs).sum() / (ours | theirs).sum()
            print(f'{imported.folder.name}: {part}: intersection over union {overlap:.4f} of {theirs.sum()} pixels')
            assert overlap > 0.95, part
        else:
            assert not ours.any() and not theirs.any()


def test_windows_show_the_gripper(imported):
    episode = imported.store.read('demo')
    (start, *_) = window_starts(episode)
    window = read_window(episode, int(start), 0, 1)
    assert window.gripper.any(axis=(2, 3)).all() and 0.001 < window.gripper.mean() < 0.3


def test_export_and_import_give_the_same_episode(imported):
    before, after = imported.store.read('demo'), imported.again.read('exported')
    assert check_episode(imported.again, 'exported') == []
    first, second = (robot_of(store.attributes(name)) for store, name in (
        (imported.store, 'demo'), (imported.again, 'exported')))
    assert first.arms == second.arms == (imported.robot.arm,)
    for name in ('rgb', 'depth', 'segmentation', 'joints'):
        assert np.array_equal(getattr(before, name)[...], getattr(after, name)[...]), name
    for name in ('gripper_poses', 'camera_poses'):
        np.testing.assert_allclose(getattr(after, name)[...], getattr(before, name)[...], atol=1e-9)
    error = np.abs(after.opening[...] - before.opening[...]).max()
    print(f'{imported.folder.name}: opening {1e3 * error:.6f} mm from before')
    assert error < 1e-4


def test_robot_and_moment_are_known_from_episode_and_bags_and_drawn_again(imported):
    step, fingers = 5, imported.robot.arm.gripper.finger_joints
    bag = imported.folder / 'demo'
    looks = [read_episode_look(imported.folder / 'store' / 'demo', step),
             read_episode_look(imported.folder / 'again' / 'exported', step),
             read_bag_look(imported.folder / 'exported', step * INTERVAL)]
    truth, episode = imported.truth.positions[step], imported.store.read('demo')
    for look in looks:
        assert look.stamp == pytest.approx(FIRST_STAMP + step * INTERVAL, abs=1e-6)
        for joint, position in truth.items():
            assert look.robot.joints[joint] == pytest.approx(position, abs=1e-3 if joint in fingers else 1e-9)
        (tool,) = look.described_robot.tools(look.robot.joints)
        np.testing.assert_allclose(tool, imported.truth.tools[step], atol=1e-6)
        placement = CameraPlacement('n', episode.camera_poses[0], camera_of(episode, 0))
        drawn = RobotSegmenter(look.described_robot).segment(
            placement, look.robot.joints, depth_in_metres(episode.depth[0, step], '16UC1'))
        assert (drawn != imported.truth.labels[0, step]).mean() < 0.003
    assert 'arm_joint1' in read_bag_look(bag, 0.0).robot_unknown


@pytest.mark.parametrize(('change', 'words'), [
    (lambda topic, t, f: (t, {**f, 'position': np.rad2deg(f['position'])} if topic == '/joint_states' else f),
     'rad or metres'),
    (lambda topic, t, f: None if 'arm_0_finger_left_joint' in f.get('name', ()) else (t, f), 'arm_0_finger_left_joint'),
    (lambda topic, t, f: (t, {**f, 'name': f['name'][::-1]} if topic == '/joint_states' else f),
     'where the description has it at these joint positions'),
], ids=['degrees', 'no finger', 'other order'])
def test_when_a_recording_is_not_of_the_robot_expect_what_to_look_at(tmp_path, capsys, change, words):
    make_recording(boxes(), tmp_path / 'demo', change)
    assert main(['dataset', 'import', str(tmp_path / 'demo'), '--output', str(tmp_path / 'store'), '--task', 'Close',
                 *write_files(boxes(), tmp_path)]) == 1
    printed = ' '.join(capsys.readouterr().out.replace('│', ' ').split())
    assert words in printed
