# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A demonstration recorded as a real robot would: compressed images, other names, no segmentation, no commands."""

import cv2
import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import StoragePlugin

from robot4d_core.cell.demonstration import demonstrate
from robot4d_core.cli import main
from robot4d_core.episodes.bags.writer import BagWriter
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.share import share_directory
from shipped_robot import ARMS, DESCRIPTION

CAMERAS = ['left', 'arm/right']
CAMERA_NAMES = ['arm_right', 'left']  # in the episode
JOINTS = [f'panda_joint{k}' for k in range(1, 8)]
FINGERS = ['panda_finger_joint1', 'panda_finger_joint2']


def record(folder, episode, located=CAMERAS):
    """Write an episode; tf holds the poses of the located cameras only."""
    with BagWriter(folder, StoragePlugin.SQLITE3) as bag:
        for name, pose in zip(CAMERAS, episode.camera_poses, strict=True):
            if name in located:
                bag.write_transforms(1.0, {('base', f'{name}_frame'): pose}, static=True)
        for step, stamp in enumerate(episode.times):
            half = episode.opening[step, 0] / 2
            bag.write_joint_states(stamp, JOINTS, episode.joints[step, 0])
            bag.write_joint_states(stamp, FINGERS, [half, half])
            bag.write_transforms(stamp, {('base', 'panda_hand_tcp'): episode.gripper_poses[step, 0]})
            for index, name in enumerate(CAMERAS):
                camera = PinholeCamera.from_matrix(episode.intrinsics[index], 160, 128)
                bag.write_camera_info(stamp, f'/{name}/color/camera_info', camera, f'{name}_frame')
                jpeg = cv2.imencode('.jpg', episode.rgb[index, step][..., ::-1])[1].tobytes()
                bag.write_compressed_image(stamp, f'/{name}/color/image_raw/compressed', jpeg,
                                           'rgb8; jpeg compressed bgr8', f'{name}_frame')
                png = bytes(12) + cv2.imencode('.png', episode.depth[index, step])[1].tobytes()
                bag.write_compressed_image(stamp, f'/{name}/aligned_depth_to_color/image_raw/compressedDepth', png,
                                           '16UC1; compressedDepth png', f'{name}_frame')
    return folder


@pytest.fixture(scope='module')
def truth():
    return demonstrate('PutSpatulaOnTable', 5, 2, (160, 128))[0]


@pytest.fixture(scope='module')
def bag(tmp_path_factory, truth):
    return record(tmp_path_factory.mktemp('bags') / 'demo', truth)


@pytest.fixture(scope='module')
def robot(tmp_path_factory):
    """The options that name the robot: the cell's under other names, its base among them."""
    folder, urdf = tmp_path_factory.mktemp('robot'), DESCRIPTION.urdf
    for ours, other in zip([*ARMS[0].joints, *ARMS[0].gripper.finger_joints, 'world', ARMS[0].gripper.tcp],
                           [*JOINTS, *FINGERS, 'base', 'panda_hand_tcp'], strict=True):
        urdf = urdf.replace(f'"{ours}"', f'"{other}"')
    (folder / 'panda.urdf').write_text(urdf)
    names = yaml.safe_load((share_directory() / 'config' / 'robot.yaml').read_text())
    names['/**']['ros__parameters'] |= {'base_frame': 'base'}
    names['/**']['ros__parameters']['arm'] |= {
        'joint_names': JOINTS, 'finger_joints': FINGERS, 'tcp_frame': 'panda_hand_tcp'}
    (folder / 'panda.yaml').write_text(yaml.safe_dump(names))
    return '--robot', str(folder / 'panda.yaml'), '--urdf', str(folder / 'panda.urdf')


@pytest.fixture(scope='module')
def run_import(robot):
    def run(bag, store, *options) -> int:
        return main([
            'dataset', 'import', str(bag), '--output', str(store), '--task', 'PutSpatulaOnTable',
            '--instruction', 'put the spatula on the table', *robot, *options])

    return run


@pytest.fixture(scope='module')
def imported(tmp_path_factory, bag, run_import):
    store = tmp_path_factory.mktemp('stores') / 'store'
    assert run_import(bag, store, '--no-success', '--split', 'validation') == 0
    return EpisodeStore(store)


def test_what_the_user_says_is_recorded(imported):
    attributes = imported.attributes('demo')
    assert attributes['success'] is False and attributes['split'] == 'validation'
    assert check_episode(imported, 'demo') == []
    assert attributes['cameras'] == CAMERA_NAMES and attributes['grippers'] == ['gripper']


def test_depth_is_exact_and_jpeg_colour_close(imported, truth):
    episode = imported.read('demo')
    assert np.array_equal(episode.depth[...], truth.depth[::-1])
    assert np.abs(episode.rgb[...].astype(int) - truth.rgb[::-1]).mean() < 3
    assert episode.camera_poses[...] == pytest.approx(truth.camera_poses[::-1], abs=1e-9)
    assert np.array_equal(episode.joints[...], truth.joints)
    np.testing.assert_allclose(episode.opening[...], truth.opening, atol=1e-9)
    assert np.isnan(episode.commands[...]).all()


def test_the_robot_is_segmented_by_drawing_it(imported, truth):
    found = imported.read('demo').segmentation[...][::-1]
    robot = np.where(truth.segmentation < len(SEGMENTS), truth.segmentation, 0)
    assert found.max() == SEGMENTS.index('finger_right')
    for label, enough in zip(range(1, 5), (0.99, 0.99, 0.85, 0.85)):  # what is held hides fingers, closely
        ours, theirs = found == label, robot == label
        overlap = (ours & theirs).sum() / (ours | theirs).sum()
        assert overlap > enough, SEGMENTS[label]


def test_when_the_robot_is_not_that_of_the_bag_expect_its_joints(tmp_path, bag, capsys):
    options = ['--output', str(tmp_path / 'store'), '--task', 'PutSpatulaOnTable', '--instruction', 'put it there']
    assert main(['dataset', 'import', str(bag), *options]) == 1
    printed = ' '.join(capsys.readouterr().out.replace('│', ' ').split())
    assert 'TopicError' in printed and 'arm_joint1' in printed and 'panda_joint1' in printed and '--robot' in printed
    assert main(['dataset', 'import', str(bag), *options, '--urdf', 'panda.urdf']) == 2
    assert 'give both, or neither' in capsys.readouterr().err


def test_looks_are_imported_as_looks(tmp_path, bag, capsys, run_import):
    assert run_import(bag, tmp_path / 'store', '--looks') == 0
    assert EpisodeStore(tmp_path / 'store').settings['kind'] == 'looks'
    assert main(['dataset', 'check', str(tmp_path / 'store')]) == 0


def test_images_are_resized_with_their_intrinsics(tmp_path, bag, truth, run_import):
    assert run_import(bag, tmp_path / 'store', '--size', '80x32') == 0
    store = EpisodeStore(tmp_path / 'store')
    episode = store.read('demo')
    assert store.settings['size'] == [80, 32]
    assert episode.rgb.shape == (2, len(truth.times), 32, 80, 3)
    camera = PinholeCamera.from_matrix(truth.intrinsics[1], 160, 128).resized(80, 32)
    assert np.array_equal(episode.intrinsics[0], camera.matrix)
    assert set(np.unique(episode.depth[...])) <= set(np.unique(truth.depth))
    assert np.abs(episode.rgb[...].mean() - truth.rgb.mean()) < 2
    hand = (truth.segmentation == 2).mean()
    assert (episode.segmentation[...] == 2).mean() == pytest.approx(hand, rel=0.15)


def test_a_camera_that_tf_does_not_hold_is_registered_when_asked_for(tmp_path, truth, capsys, run_import):
    bag = record(tmp_path / 'demo', truth, located=['arm/right'])
    assert run_import(bag, tmp_path / 'store') == 1
    assert 'TransformError' in capsys.readouterr().out
    assert run_import(bag, tmp_path / 'store', '--register') == 0
    store = EpisodeStore(tmp_path / 'store')
    assert store.attributes('demo')['source']['registered_cameras'] == ['left']
    poses = store.read('demo').camera_poses[...]
    assert poses[0] == pytest.approx(truth.camera_poses[1], abs=1e-9)
    metres, radians = pose_distance(truth.camera_poses[0], poses[1])
    assert metres < 0.005 and np.rad2deg(radians) < 0.5


def test_cameras_may_be_named_and_ordered_by_the_nodes_configuration(tmp_path, bag, run_import):
    topics = '\n'.join(
        f'    {name}:\n      color_topic: /{prefix}/color/image_raw\n'
        f'      depth_topic: /{prefix}/aligned_depth_to_color/image_raw\n      info_topic: /{prefix}/color/camera_info'
        for name, prefix in (('reference', 'left'), ('second', 'arm/right')))
    (tmp_path / 'cameras.yaml').write_text(
        f'/**:\n  ros__parameters:\n    cameras: [reference, second]\n{topics}\n')
    assert run_import(bag, tmp_path / 'store', '--cameras', str(tmp_path / 'cameras.yaml')) == 0
    assert EpisodeStore(tmp_path / 'store').attributes('demo')['cameras'] == ['reference', 'second']


def test_when_one_bag_is_refused_expect_exit_status_1_and_the_reason(tmp_path, bag, capsys, run_import):
    assert run_import(tmp_path / 'nothing', tmp_path / 'store') == 1
    printed = ' '.join(capsys.readouterr().out.replace('│', ' ').split())
    assert 'refused' in printed and 'does not exist' in printed
    assert not (tmp_path / 'store').exists()


def test_when_the_configuration_names_no_cameras_expect_exit_status_2(tmp_path, bag, capsys, run_import):
    (tmp_path / 'cameras.yaml').write_text('cameras: [left]')
    assert run_import(bag, tmp_path / 'store', '--cameras', str(tmp_path / 'cameras.yaml')) == 2
    assert 'config/cameras.yaml' in capsys.readouterr().err


def test_when_two_cameras_have_one_topic_expect_exit_status_2(tmp_path, bag, capsys, run_import):
    one = '{color_topic: /left/color/image_raw, depth_topic: /left/depth, info_topic: /left/color/camera_info}'
    (tmp_path / 'cameras.yaml').write_text(
        f'/**: {{ros__parameters: {{cameras: [a, b], a: {one}, b: {one}}}}}')
    assert run_import(bag, tmp_path / 'store', '--cameras', str(tmp_path / 'cameras.yaml')) == 2
    assert 'each with its own topics' in capsys.readouterr().err


def test_record_writes_bags_that_import_reads_back(tmp_path):
    arguments = ['record', str(tmp_path / 'store'), '--episodes', '1', '--seed', '5', '--cameras', '2',
                 '--size', '40x32', '--workers', '1', '--bag', str(tmp_path / 'bags')]
    assert main(arguments) == 0
    (bag,) = (tmp_path / 'bags').iterdir()
    written = (bag / 'metadata.yaml').stat().st_mtime_ns
    assert main(arguments) == 0
    assert (bag / 'metadata.yaml').stat().st_mtime_ns == written
    assert main(['dataset', 'import', str(bag), '--output', str(tmp_path / 'back')]) == 0
    store, back = EpisodeStore(tmp_path / 'store'), EpisodeStore(tmp_path / 'back')
    assert back.settings == store.settings and back.names == store.names
    for name in ('rgb', 'depth', 'segmentation', 'joints'):
        assert np.array_equal(getattr(back.read(bag.name), name)[...], getattr(store.read(bag.name), name)[...]), name
    for name in ('opening', 'commands'):
        np.testing.assert_allclose(
            getattr(back.read(bag.name), name)[...], getattr(store.read(bag.name), name)[...], 0, 1e-8)
