# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Bags of a real robot become episodes, whatever wrote them; none keeps another out, none comes in twice."""

import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionMode, StoragePlugin
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from core.episodes.bags import recorded_bags
from core.episodes.bags.importing.imported_demo import SETTINGS, read
from core.episodes.bags.recorded_bags import (
    CAMERA,
    CAMERAS,
    FIRST_STAMP,
    drop,
    images,
    joints,
    make_bag,
    shifted,
    tcp_in_base,
)
from robot4d_core.episodes.bags.importing.importer import RECORDED, import_bags
from robot4d_core.episodes.bags.look import read_bag_look
from robot4d_core.episodes.bags.topics import CameraTopics, RobotTopics
from robot4d_core.episodes.bags.writer import CONTROLLER_STATE
from robot4d_core.episodes.check import check_episode
from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.summary import summarise
from robot4d_core.robot.robot import Robot

STEPS = 12  # of 6 seconds: the last colour image is there, the last depth image of the second camera too


@pytest.mark.parametrize('storage', list(StoragePlugin))
def test_every_stream_is_read_at_the_stamps_of_the_first_camera(tmp_path, storage):
    make_bag(tmp_path / 'demo', storage=storage)
    (outcome,) = import_bags([tmp_path / 'demo'], tmp_path / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason
    assert check_episode(EpisodeStore(tmp_path / 'store'), 'demo') == []
    episode, attributes = read(tmp_path / 'store')
    times = episode.times[...] - FIRST_STAMP
    assert times == pytest.approx(0.5 * np.arange(outcome.steps) + times[0], abs=1e-6) and outcome.steps >= STEPS
    for index, name in enumerate(CAMERAS):
        for step, time in enumerate(times):
            colour, depth, segmentation = images(name, round(time / 0.1))
            assert np.array_equal(episode.rgb[index, step], colour)
            assert np.array_equal(episode.depth[index, step], depth)
            assert np.array_equal(episode.segmentation[index, step], segmentation)
        assert np.array_equal(episode.intrinsics[index], CAMERA.matrix)
        assert episode.camera_poses[index] == pytest.approx(CAMERAS[name], abs=1e-12)
    for step, time in enumerate(times):
        assert episode.gripper_poses[step, 0] == pytest.approx(recorded_bags.BASE @ tcp_in_base(time), abs=1e-6)
        assert episode.joints[step, 0] == pytest.approx(joints(time)[:7], abs=1e-6)
        assert episode.opening[step, 0] == pytest.approx(joints(time)[7:].sum(), abs=1e-6)
        assert episode.commands[step, 0, :7] == pytest.approx(joints(time)[:7] + 0.01, abs=1e-6)
        assert np.isnan(episode.commands[step, 0, 7])
    assert attributes == {
        'task': 'PutSpatulaOnTable', 'instruction': 'put the spatula on the table', 'success': True,
        'split': 'training', 'objects': [], 'cameras': ['reference', 'second'], 'grippers': ['gripper'],
        'robot': attributes['robot'], 'source': attributes['source']}
    assert EpisodeStore(tmp_path / 'store').settings == {
        'task': 'PutSpatulaOnTable', 'cameras': 2, 'size': [20, 16], 'interval': 0.5, 'sensor': RECORDED}


def test_steps_of_an_unsteady_camera_keep_their_stamps_and_say_how_far_they_are_off(tmp_path):
    random = np.random.default_rng(0)

    def unsteady(topic, log_time, fields):
        late = random.uniform(0, 0.04) if topic == '/reference/color/image_raw' else 0.0
        return log_time, shifted(fields, late) if late else fields

    make_bag(tmp_path / 'demo', unsteady)
    (outcome,) = import_bags([tmp_path / 'demo'], tmp_path / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason
    store = EpisodeStore(tmp_path / 'store')
    times = store.read('demo').times[...]
    raster = times[0] + 0.5 * np.arange(len(times))
    assert 0.005 < np.abs(times - raster).max() < 0.05
    source = store.attributes('demo')['source']
    assert source['tolerance'] == 0.05
    worst = source['worst_offsets']
    assert worst['/reference/color/image_raw'] == pytest.approx(np.abs(times - raster).max(), abs=1e-6)
    assert 0.012 <= worst['/second/color/image_raw'] <= 0.05 and worst['/joint_states'] <= 0.0251
    assert check_episode(store, 'demo') == []


def test_poses_between_two_samples_are_interpolated(tmp_path):
    def late(topic, log_time, fields):
        return log_time, (shifted(fields, 0.007) if topic.startswith(('/reference', '/second')) else fields)

    make_bag(tmp_path / 'demo', late)
    import_bags([tmp_path / 'demo'], tmp_path / 'store', SETTINGS)
    episode, _ = read(tmp_path / 'store')
    for step, stamp in enumerate(episode.times[...]):
        expected = recorded_bags.BASE @ tcp_in_base(stamp - FIRST_STAMP)
        assert episode.gripper_poses[step, 0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(('storage', 'compression'), [
    (StoragePlugin.MCAP, CompressionMode.FILE), (StoragePlugin.SQLITE3, CompressionMode.FILE),
    (StoragePlugin.MCAP, CompressionMode.MESSAGE),
])
def test_compressed_bags_are_read(tmp_path, storage, compression):
    bag = make_bag(tmp_path / 'demo', storage=storage, compression=compression)
    (tmp_path / 'store').mkdir()
    (outcome,) = import_bags([bag], tmp_path / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason


def test_a_file_without_its_folder_is_read(tmp_path):
    (file,) = make_bag(tmp_path / 'bag').glob('*.mcap')
    file.rename(tmp_path / 'demo.mcap')
    (outcome,) = import_bags([tmp_path / 'demo.mcap'], tmp_path / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason
    assert EpisodeStore(tmp_path / 'store').names == ['demo']


def test_message_definitions_in_the_bag_win(tmp_path):
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(
        'std_msgs/Header header\nfloat64 speed_scaling_factor\nstring[] joint_names\n'
        'trajectory_msgs/JointTrajectoryPoint reference', CONTROLLER_STATE))
    unknown = ('feedback', 'error', 'output')

    def newer(topic, log_time, fields):
        if topic == '/arm_controller/controller_state':
            fields = {key: value for key, value in fields.items() if key not in unknown and 'multi' not in key}
            fields |= {'speed_scaling_factor': 0.5}
        return log_time, fields

    make_bag(tmp_path / 'demo', newer, types=types)
    (outcome,) = import_bags([tmp_path / 'demo'], tmp_path / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason
    episode, _ = read(tmp_path / 'store')
    assert episode.commands[0, 0, :7] == pytest.approx(joints(episode.times[0] - FIRST_STAMP)[:7] + 0.01, abs=1e-6)


def test_a_bag_without_message_definitions_is_read_with_those_of_jazzy(tmp_path):
    bag = make_bag(tmp_path / 'demo', storage=StoragePlugin.SQLITE3)
    with sqlite3.connect(next(bag.glob('*.db3'))) as database:
        assert database.execute('delete from message_definitions').rowcount > 5
    (outcome,) = import_bags([bag], tmp_path / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason


def test_optional_messages_of_another_distribution_are_passed_over_with_a_note(tmp_path):
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg('std_msgs/Header header\nstring[] joint_names\nuint8 mode', CONTROLLER_STATE))

    def older(topic, log_time, fields):
        if topic == '/arm_controller/controller_state':
            fields = {name: fields[name] for name in ('header', 'joint_names')} | {'mode': 3}
        return log_time, fields

    bag = make_bag(tmp_path / 'demo', older, storage=StoragePlugin.SQLITE3, types=types)
    with sqlite3.connect(next(bag.glob('*.db3'))) as database:
        database.execute('delete from message_definitions')
    (outcome,) = import_bags([bag], tmp_path / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason
    assert '/arm_controller/controller_state is passed over' in outcome.reason
    assert 'of another definition than that of ROS 2 Jazzy' in outcome.reason


def test_rectified_images_have_the_intrinsics_of_the_projection_matrix(tmp_path):
    rectified = np.array([30.0, 0, 9, 0, 0, 31, 7, 0, 0, 0, 1, 0])

    def rectify(topic, log_time, fields):
        if topic.startswith('/second/color/image'):
            fields = {**fields, 'topic': '/second/color/image_rect'}
        if topic == '/second/color/camera_info':
            fields = {**fields, 'd': np.array([0.1, -0.1, 0.0, 0.0, 0.0]), 'p': rectified}
        return log_time, fields

    make_bag(tmp_path / 'demo', rectify)
    cameras = [CameraTopics.of_camera('reference'),
               replace(CameraTopics.of_camera('second'), colour='/second/color/image_rect')]
    (outcome,) = import_bags([tmp_path / 'demo'], tmp_path / 'store', replace(SETTINGS, cameras=cameras))
    assert outcome.outcome == 'imported', outcome.reason
    episode, _ = read(tmp_path / 'store')
    assert np.array_equal(episode.intrinsics[1], rectified.reshape(3, 4)[:, :3])
    assert np.array_equal(episode.intrinsics[0], CAMERA.matrix)


def test_one_bad_bag_does_not_keep_the_others_out_and_a_second_run_continues(tmp_path):
    good, bad = make_bag(tmp_path / 'good'), make_bag(tmp_path / 'bad', drop('/joint_states'))
    outcomes = import_bags([bad, good], tmp_path / 'store', SETTINGS)
    assert [outcome.outcome for outcome in outcomes] == ['refused', 'imported']
    also_good = make_bag(tmp_path / 'also_good', seconds=6.5)
    outcomes = import_bags([good, also_good], tmp_path / 'store', SETTINGS)
    assert [outcome.outcome for outcome in outcomes] == ['already there', 'imported']
    assert EpisodeStore(tmp_path / 'store').names == ['also_good', 'good']


def test_when_a_bag_is_imported_again_under_another_name_expect_no_second_episode(tmp_path):
    shutil.copytree(make_bag(tmp_path / 'demo'), tmp_path / 'copy')
    outcomes = import_bags([tmp_path / 'demo', tmp_path / 'copy'], tmp_path / 'store', SETTINGS)
    assert [outcome.outcome for outcome in outcomes] == ['imported', 'already there']
    assert "'demo'" in outcomes[1].reason
    assert EpisodeStore(tmp_path / 'store').names == ['demo']


def test_looks_are_stored_as_looks_right_and_described(tmp_path):
    make_bag(tmp_path / 'demo')
    (outcome,) = import_bags([tmp_path / 'demo'], tmp_path / 'store', replace(SETTINGS, looks=True))
    assert outcome.outcome == 'imported', outcome.reason
    store = EpisodeStore(tmp_path / 'store')
    assert store.settings['kind'] == 'looks' and check_episode(store, 'demo') == []
    assert summarise(store)['looks'].startswith('1 from bags')


@pytest.mark.parametrize('looks', [False, True])
def test_looks_and_demonstrations_are_kept_apart_even_when_the_bag_is_there_already(tmp_path, looks):
    bag, other = make_bag(tmp_path / 'demo'), make_bag(tmp_path / 'other', seconds=6.5)
    import_bags([bag], tmp_path / 'store', replace(SETTINGS, looks=looks))
    outcomes = import_bags([bag, other], tmp_path / 'store', replace(SETTINGS, looks=not looks))
    assert [outcome.outcome for outcome in outcomes] == ['refused', 'refused']
    ours, theirs = ('demonstrations', 'looks') if looks else ('looks', 'demonstrations')
    for outcome in outcomes:
        assert f'holds {theirs}, the bag is imported as {ours}' in outcome.reason and '--looks' in outcome.reason
    assert EpisodeStore(tmp_path / 'store').names == ['demo']


def test_the_robot_is_described_by_the_episode(tmp_path):
    make_bag(tmp_path / 'demo')
    import_bags([tmp_path / 'demo'], tmp_path / 'store', SETTINGS)
    _, attributes = read(tmp_path / 'store')
    assert robot_of(attributes).arms == Robot.shipped(1).arms


def renamed(names: dict[str, str]):
    """Record on other topics."""
    return lambda topic, log_time, fields: (log_time, {**fields, 'topic': names.get(topic, topic)})


def test_topics_of_the_robot_may_be_named_and_joint_states_are_merged_by_name(tmp_path):
    other = {'/tf': '/robot1/tf', '/tf_static': '/robot1/tf_static'}

    def change(topic, log_time, fields):
        log_time, fields = renamed(other)(topic, log_time, fields)
        if topic == '/joint_states':  # arm and gripper in turn, each on a topic of its own
            of_arm = round((log_time - FIRST_STAMP) / 0.05) % 2
            part = slice(0, 7) if of_arm else slice(7, 9)
            fields |= {'topic': '/ur/joint_states' if of_arm else '/gripper/joint_states',
                       'name': fields['name'][part], 'position': fields['position'][part]}
        return log_time, fields

    make_bag(tmp_path / 'demo', change)
    topics = RobotTopics(('/ur/joint_states', '/gripper/joint_states'), ('/robot1/tf',), ('/robot1/tf_static',))
    (outcome,) = import_bags([tmp_path / 'demo'], tmp_path / 'store', replace(SETTINGS, robot_topics=topics))
    assert outcome.outcome == 'imported', outcome.reason
    episode, attributes = read(tmp_path / 'store')
    assert {'/ur/joint_states', '/gripper/joint_states'} < set(attributes['source']['worst_offsets'])
    for step, time in enumerate(episode.times[...] - FIRST_STAMP):
        assert episode.joints[step, 0] == pytest.approx(joints(time)[:7], abs=0.05 * 0.05 + 1e-6)
        assert episode.opening[step, 0] == pytest.approx(joints(time)[7:].sum(), abs=0.01 * 0.05 + 1e-6)
        assert episode.gripper_poses[step, 0] == pytest.approx(recorded_bags.BASE @ tcp_in_base(time), abs=1e-6)
    look = read_bag_look(tmp_path / 'demo', 1.0, robot_topics=topics)
    assert look.robot is not None and look.T_n_m is not None and look.openings is not None
    assert read_bag_look(tmp_path / 'demo', 1.0).robot is None
