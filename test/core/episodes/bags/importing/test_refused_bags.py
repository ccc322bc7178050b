# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with a bag is named, and the store stays readable."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin

from core.episodes.bags.importing.imported_demo import SETTINGS, read
from core.episodes.bags.recorded_bags import FIRST_STAMP, drop, images, make_bag, shifted
from robot4d_core.episodes.bags.importing.importer import import_bags
from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.bags.topics import RobotTopics


def on(which, alter):
    """Change the fields of the messages of the topics that contain a word."""
    def change(topic, log_time, fields):
        return log_time, (alter(log_time - FIRST_STAMP, dict(fields)) if which in topic else fields)

    return change


def scaled_depth(factor, encoding):
    def alter(time, fields):
        kind = {'16UC1': np.uint16, '32FC1': np.float32}[encoding]
        depth = np.frombuffer(fields['data'], np.uint16) * factor
        data = depth.astype(kind).view(np.uint8)
        return {**fields, 'encoding': encoding, 'data': data, 'step': len(data) // fields['height']}

    return on('depth', alter)


def larger(fields):
    return {**fields, 'height': 2 * fields['height'], 'data': np.tile(fields['data'], 2)}


def without_transforms(child):
    def change(topic, log_time, fields):
        if 'transforms' in fields:
            fields = {'transforms': [t for t in fields['transforms'] if t.child_frame_id != child]}
        return log_time, fields

    return change


def moving_camera(topic, log_time, fields):
    if topic == '/tf':
        (transform,) = fields['transforms']
        header = type(transform.header)(stamp=transform.header.stamp, frame_id='world')
        other = type(transform)(header=header, child_frame_id='second_link', transform=transform.transform)
        fields = {'transforms': [transform, other]}
    if topic == '/tf_static':
        fields = {'transforms': [t for t in fields['transforms'] if t.child_frame_id != 'second_link']}
    return log_time, fields


def lens(**changes):
    return on('/second/color/camera_info', lambda time, fields: {**fields, **changes})


def zoomed(fields):
    k, p = fields['k'].copy(), fields['p'].copy()
    k[[0, 4]] *= 2
    p[[0, 5]] *= 2
    return {**fields, 'k': k, 'p': p}


def in_frame(fields, frame):
    return {**fields, 'header': replace(fields['header'], frame_id=frame)}


def as_reference(topic, log_time, fields):
    """Let the second camera's colour be what the reference camera sees."""
    if topic == '/second/color/image_raw':
        tick = round((log_time - FIRST_STAMP) / 0.1 - 0.12)
        fields = {**fields, 'data': images('reference', tick)[0].reshape(-1)}
    return log_time, fields


BAD_BAGS = {
    'no depth': (drop('/second/aligned_depth_to_color/image_raw'),
                 ['TopicError', '/second/aligned_depth_to_color/image_raw', 'align_depth']),
    'no camera_info': (drop('/second/color/camera_info'), ['TopicError', '/second/color/camera_info']),
    'one camera': (drop('/second/color/image_raw'), ['TopicError', 'two or more cameras', "['reference']"]),
    'size changes': (on('/second/color/image_raw', lambda time, f: larger(f) if time > 3 else f),
                     ['ImageError', '/second/color/image_raw', 'changes', '20x32', '20x16']),
    'camera_info of another size': (on('camera_info', lambda time, f: {**f, 'width': 640, 'height': 480}),
                                    ['ImageError', '/reference/color/image_raw', '20x16', '640x480', 'camera_info']),
    'cameras of different sizes': (lens(width=640, height=480),
                                   ['ImageError', '/second/color/camera_info 640x480', '20x16', '--size']),
    'uncalibrated camera_info': (lens(k=np.zeros(9)), ['CalibrationError', '/second/color/camera_info']),
    'zoom': (on('/second/color/camera_info', lambda time, f: zoomed(f) if time > 3 else f),
             ['CalibrationError', '/second/color/camera_info', 'change']),
    '16UC1 in 10 m': (scaled_depth(0.01, '16UC1'), ['ImageError', 'depth', 'unit']),
    '16UC1 in tenths of a millimetre': (scaled_depth(10, '16UC1'), ['ImageError', 'depth', 'unit']),
    '16UC1 in 0.05 mm': (scaled_depth(20, '16UC1'), ['ImageError', 'depth', 'unit']),
    '32FC1 in millimetres': (scaled_depth(1, '32FC1'), ['ImageError', 'depth', 'unit', '32FC1 metres']),
    'no valid depth': (scaled_depth(0, '16UC1'), ['ImageError', 'valid']),
    'depth as colour': (on('/second/aligned', lambda time, f: {**f, 'encoding': 'mono8', 'step': 20,
                                                               'data': f['data'][::2]}),
                        ['ImageError', '/second/aligned_depth_to_color/image_raw', '16UC1', 'mono8']),
    'broken image': (on('/second/color/image_raw', lambda time, f: {**f, 'data': f['data'][:-5]}),
                     ['ImageError', '/second/color/image_raw', 'bytes']),
    'second camera at another time': (
        lambda topic, t, f: (t, f) if 'image_raw' not in topic else
        ((t, shifted(f, 0.2) if topic.startswith('/second') else f) if round(t * 10) % 5 == 0 else None),
        ['SynchronisationError', '/second/', 'all along', '0.2']),
    'clock of the second camera': (on('/second', lambda time, f: shifted(f, 0.6)),
                                   ['SynchronisationError', '/second/', 'clocks', '0.6']),
    'clock of everything': (lambda topic, t, f: (t + 3600, f), ['SynchronisationError', '3600', 'log time']),
    'dropped frames': (lambda topic, t, f: None if topic == '/second/color/image_raw' and 2 < t - FIRST_STAMP < 3 else
                       (t, f), ['SynchronisationError', '/second/color/image_raw', '0.05']),
    'a slow camera': (
        lambda topic, t, f: None if topic == '/second/color/image_raw' and round(10 * (t - FIRST_STAMP)) % 3 else
        (t, f),
        ['SynchronisationError', '/second/color/image_raw', 'every 0.300 s', '--tolerance']),
    'dropped frames of the first camera': (
        lambda topic, t, f: None if topic.startswith('/reference') and 2 < t - FIRST_STAMP < 3 else (t, f),
        ['SynchronisationError', '/reference/color/image_raw']),
    'joints end early': (lambda topic, t, f: None if topic == '/joint_states' and t - FIRST_STAMP > 2 else (t, f),
                         ['EpisodeError', '11']),
    'joints pause': (lambda topic, t, f: None if topic == '/joint_states' and 2 < t - FIRST_STAMP < 3 else (t, f),
                     ['SynchronisationError', '/joint_states', '0.5']),
    'tf pauses': (lambda topic, t, f: None if topic == '/tf' and 2 < t - FIRST_STAMP < 3 else (t, f),
                  ['TransformError', "'arm_link0' -> 'gripper_tcp'"]),
    'no tf': (drop('/tf', '/tf_static'), ['TopicError', '/tf', 'tf2_msgs/msg/TFMessage']),
    'no tf of the gripper': (drop('/tf'), ['TransformError', "'gripper_tcp'", "'world'"]),
    'no tf of the arm': (without_transforms('arm_link0'), ['TransformError', "'arm_link0'", "'world'"]),
    'no tf of the second camera': (without_transforms('second_link'),
                                   ['TransformError', "camera 'second'", "'second_link'", 'training']),
    'a moving camera': (moving_camera, ['TransformError', "camera 'second'", 'moves']),
    'no joint states': (drop('/joint_states'), ['TopicError', '/joint_states', 'sensor_msgs/msg/JointState']),
    'a joint is missing': (
        on('/joint_states', lambda time, f: {**f, 'name': f['name'][:-1], 'position': f['position'][:-1]}),
        ['TopicError', 'gripper_finger_right_joint']),
    'another message type': (
        lambda topic, t, f: (t, {'data': 'pixels', 'message_type': 'std_msgs/msg/String'})
        if topic == '/second/aligned_depth_to_color/image_raw' else (t, f),
        ['TopicError', '/second/aligned_depth_to_color/image_raw', 'sensor_msgs/msg/Image', 'std_msgs/msg/String']),
    'a joint is NaN': (on('/joint_states', lambda time, f: {**f, 'position': f['position'] * np.nan}),
                       ['EpisodeError', '/joint_states', 'NaN']),
    'an unknown lens': (lens(d=np.full(5, 0.1), distortion_model='brown5'),
                        ['CalibrationError', '/second/color/camera_info', 'brown5', 'equidistant', 'image_proc']),
    'one camera twice': (as_reference, ['ObservationError', 'reference and second', 'identical']),
    'one frame': (on('/second/', lambda time, f: in_frame(f, 'reference_color_optical_frame')),
                  ['ObservationError', 'reference and second', "'reference_color_optical_frame'"]),
    'depth not aligned': (on('/second/aligned', lambda time, f: in_frame(f, 'second_depth_optical_frame')),
                          ['ImageError', "second: depth is in frame 'second_depth_optical_frame'", 'aligned']),
    'stamps jump back': (on('/second', lambda time, f: shifted(f, -0.75) if time > 3 else f),
                         ['SynchronisationError', '/second/', 'jump back by 0.6', 'cut the bag']),
    'rows shorter than the image': (on('/second/color/image_raw', lambda time, f: {**f, 'step': f['step'] - 3}),
                                    ['ImageError', '/second/color/image_raw: ', '57 bytes a row', '60 or more']),
    'principal point outside': (lens(k=np.array([600.0, 0, 320, 0, 600, 240, 0, 0, 1])),
                                ['CalibrationError', '/second/color/camera_info', '320.0', '20x16']),
    'depth fails once': (on('/second/aligned', lambda time, f: {**f, 'data': f['data'] * (round(time) != 3)}),
                         ['ImageError', '/second/aligned_depth_to_color/image_raw', 'valid pixel']),
    'foreign segmentation': (on('/second/segmentation', lambda time, f: {**f, 'data': f['data'] + 100}),
                             ['ImageError', 'labels', '104', 'known']),
    'joint states elsewhere': (
        lambda topic, t, f: (t, {**f, 'topic': '/robot1/joint_states'} if topic == '/joint_states' else f),
        ['TopicError', '/joint_states', "['/robot1/joint_states']", '--joint-states']),
    'fingers in percent': (
        on('/joint_states', lambda time, f: {**f, 'position': np.append(f['position'][:7], [50.0, 50.0])}),
        ['EpisodeError', 'gripper_finger_left_joint 50', '100.0000 m', '0.0800 m', 'rad or metres']),
    'no instruction': (drop('/instruction'), ['EpisodeError', '--instruction']),
}


@pytest.fixture(scope='module')
def imported_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp('bags')
    make_bag(folder / 'demo')
    (outcome,) = import_bags([folder / 'demo'], folder / 'store', SETTINGS)
    assert outcome.outcome == 'imported', outcome.reason
    return folder / 'store'


@pytest.fixture
def store_with_one(tmp_path, imported_once):
    return shutil.copytree(imported_once, tmp_path / 'store')


def refused(bag, store, settings=SETTINGS) -> str:
    """Import a bag that must be refused, check that it left no trace, and return the reason."""
    (outcome,) = import_bags([bag], store, settings)
    assert outcome.outcome == 'refused'
    assert str(bag.name) in str(outcome.bag)
    episode, _ = read(store)
    assert episode.rgb[...].any()
    print(outcome.reason)
    return outcome.reason


@pytest.mark.parametrize('name', BAD_BAGS)
def test_when_a_bag_is_wrong_expect_the_cause_and_a_readable_store(tmp_path, store_with_one, name):
    change, words = BAD_BAGS[name]
    reason = refused(make_bag(tmp_path / 'bad', change), store_with_one)
    for word in words:
        assert word in reason
    assert 'Traceback' not in reason and len(reason) < 600


def test_when_the_episode_is_short_expect_the_length_of_a_window(tmp_path, store_with_one):
    reason = refused(make_bag(tmp_path / 'bad', seconds=4.0), store_with_one)
    assert 'EpisodeError' in reason and '9 steps' in reason and '11' in reason


@pytest.mark.parametrize(('storage', 'share'), [
    *((StoragePlugin.MCAP, share) for share in (0.0, 0.01, 0.3, 0.9, 0.999)),
    *((StoragePlugin.SQLITE3, share) for share in (0.0, 0.01, 0.3, 0.9)),
])
def test_when_the_file_is_cut_off_expect_a_bag_error(tmp_path, store_with_one, storage, share):
    bag = make_bag(tmp_path / 'bad', storage=storage)
    (file,) = (path for path in bag.iterdir() if path.suffix in ('.mcap', '.db3'))
    whole = file.read_bytes()
    file.write_bytes(whole[:int(len(whole) * share)])
    reason = refused(bag, store_with_one)
    assert 'BagError' in reason and 'bad' in reason and 'cut off or corrupt' in reason


def test_when_the_middle_of_the_file_is_damaged_expect_a_bag_error(tmp_path, store_with_one):
    bag = make_bag(tmp_path / 'bad')
    (file,) = bag.glob('*.mcap')
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 3:len(whole) // 3 + 64] = bytes(64)
    file.write_bytes(whole)
    assert 'BagError' in refused(bag, store_with_one)


@pytest.mark.parametrize(('make', 'word'), [
    (lambda path: None, 'does not exist'),
    (lambda path: path.mkdir(), 'metadata.yaml'),
    (lambda path: path.write_text('hello'), 'is neither MCAP nor SQLite'),
    (lambda path: path.write_bytes(b'#ROSBAG V2.0\n' + bytes(100)), 'is a bag of ROS 1; `pip install rosbags`'),
    (lambda path: path.write_bytes(b'SQLite format 3\0' + bytes(100)), 'is a SQLite file by another name'),
    (lambda path: path.write_bytes(b'\x89MCAP0\r\n' + bytes(100)), 'is an MCAP file by another name'),
])
def test_when_it_is_no_bag_expect_a_bag_error(tmp_path, store_with_one, make, word):
    make(tmp_path / 'bad')
    reason = refused(tmp_path / 'bad', store_with_one)
    assert 'BagError' in reason and word in reason


def test_when_the_store_has_other_settings_expect_refusal(tmp_path, store_with_one):
    reason = refused(make_bag(tmp_path / 'bad'), store_with_one, ImportSettings(task='AnotherTask'))
    assert 'PutSpatulaOnTable' in reason and 'AnotherTask' in reason


def test_when_another_bag_has_the_name_expect_refusal(tmp_path, store_with_one):
    (tmp_path / 'elsewhere').mkdir()
    other = make_bag(tmp_path / 'elsewhere' / 'demo', seconds=7.0)
    assert 'rename' in refused(other, store_with_one)


@pytest.mark.parametrize(('topics', 'words'), [
    (RobotTopics(('/joint_states', '/other/joint_states')),
     ['TopicError', 'both', '/other/joint_states', 'arm_joint1', 'name one']),
    (RobotTopics(('/ur/joint_states',)), ['TopicError', '/ur/joint_states', '--joint-states']),
    (RobotTopics(tf=('/robot1/tf',)), ['TopicError', '/robot1/tf', "'/tf'", '--tf']),
])
def test_when_topics_of_the_robot_do_not_fit_expect_those_that_there_are(tmp_path, store_with_one, topics, words):
    def change(topic, log_time, fields):
        second = topic == '/joint_states' and round(20 * (log_time - FIRST_STAMP)) % 2
        return log_time, ({**fields, 'topic': '/other/joint_states'} if second else fields)

    bag = make_bag(tmp_path / 'bad', change)
    reason = refused(bag, store_with_one, replace(SETTINGS, robot_topics=topics))
    for word in words:
        assert word in reason
