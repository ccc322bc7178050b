# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One look out of a bag: the newest or one at a time, images that belong together, and only what the bag knows."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from core.episodes.bags.recorded_bags import (
    ARM,
    BASE,
    CAMERA,
    CAMERAS,
    CLOSING,
    FIRST_STAMP,
    images,
    joints,
    make_bag,
    shifted,
    tcp_in_base,
)
from core.saved_predictions import saved_prediction
from robot4d_core.episodes.bags.look import read_bag_look
from robot4d_core.episodes.bags.prediction_bag import write_prediction_bag
from robot4d_core.errors import (
    BagError,
    ImageError,
    ObservationError,
    ParameterError,
    SynchronisationError,
    TopicError,
)
from robot4d_core.geometry.lens import Lens, LensCamera
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.robot import Robot
from shipped_robot import DESCRIPTION


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    return make_bag(tmp_path_factory.mktemp('bags') / 'bag')


def without(*parts):
    """Drop the topics whose names hold one of the parts."""
    return lambda topic, log_time, fields: None if any(part in topic for part in parts) else (log_time, fields)


def on(part, alter):
    """Change the fields of the messages of the topics that begin with a part."""
    return lambda topic, log_time, fields: (log_time, alter(fields) if topic.startswith(part) else fields)


def with_frame(fields, frame):
    return {**fields, 'header': replace(fields['header'], frame_id=frame)}


def seconds_of(look) -> float:
    return look.stamp - FIRST_STAMP


def assert_images(look, moment: int, tick: int):
    for view in look.views:
        colour, depth, _ = images(view.name, tick)
        np.testing.assert_array_equal(view.rgb[moment], colour)
        np.testing.assert_allclose(view.depth[moment], np.where(depth > 0, depth / 1000, np.nan), rtol=1e-6)
        assert view.camera == CAMERA


def test_the_newest_look_has_no_future(bag):
    look = read_bag_look(bag)
    assert seconds_of(look) == pytest.approx(6.0, abs=1e-6) and look.future == 0
    assert [view.name for view in look.views] == ['reference', 'second']
    assert look.frame_id == 'reference_color_optical_frame'
    assert look.instruction == 'put the spatula on the table'
    assert_images(look, 0, 60)
    assert str(bag) in look.source and 'at 6.000 s' in look.source


def test_distorted_images_are_rectified_and_another_lens_is_no_problem_of_the_other_camera(tmp_path):
    lens = (-0.3, 0.1, 0.0, 0.0, 0.0)
    look = read_bag_look(make_bag(tmp_path / 'bag', lambda topic, log_time, fields: (
        log_time, {**fields, 'd': np.array(lens)} if topic == '/second/color/camera_info' else fields), seconds=1.0))
    expected = LensCamera(CAMERA, Lens(lens))
    colour, depth, _ = images('second', 10)
    metres = np.where(depth > 0, depth / 1000, np.nan).astype(np.float32)
    np.testing.assert_array_equal(look.views[1].rgb[0], expected.rectified_colour(colour))
    np.testing.assert_allclose(look.views[1].depth[0], expected.rectified_depth(metres), rtol=1e-6)
    np.testing.assert_array_equal(look.views[0].rgb[0], images('reference', 10)[0])


@pytest.mark.parametrize(('change', 'error', 'words'), [
    (on('/second', lambda fields: with_frame(fields, 'reference_color_optical_frame')), ObservationError,
     'reference and second are both in frame'),
    (on('/second/aligned', lambda fields: with_frame(fields, 'depth_frame')), ImageError, "in frame 'depth_frame'"),
    (on('/second/aligned', lambda fields: {**fields, 'data': (10 * fields['data'].view(np.uint16)).view(np.uint8)}),
     ImageError, '/second/aligned_depth_to_color/image_raw: the median depth'),
    (on('/second/color/image_raw', lambda fields: {**fields, 'step': fields['step'] - 3}), ImageError,
     '/second/color/image_raw: .* 57 bytes a row'),
    (lambda topic, t, fields: (t, shifted(fields, -0.75) if t > FIRST_STAMP + 0.5 and topic.startswith('/second')
                               else fields), SynchronisationError, r'/second/\S+: the stamps jump back by 0\.6'),
], ids=['one frame', 'not aligned', 'unit', 'rows', 'jump'])
def test_what_no_camera_sends_is_refused_as_it_is_live(tmp_path, change, error, words):
    with pytest.raises(error, match=words):
        read_bag_look(make_bag(tmp_path / 'bag', change, seconds=1.0))


def test_a_time_chooses_the_newest_look_up_to_it_and_its_future(bag):
    look = read_bag_look(bag, 0.68)
    assert seconds_of(look) == pytest.approx(0.7, abs=1e-6) and look.future == 10  # 0.05 s of tolerance
    look = read_bag_look(bag, 3.04)
    assert seconds_of(look) == pytest.approx(3.0, abs=1e-6) and look.future == 6
    for moment in range(7):
        assert_images(look, moment, 30 + 5 * moment)


def test_extrinsics_and_gripper_are_those_of_tf_and_joint_states(bag):
    look = read_bag_look(bag, 1.0, ('second', 'reference'))
    T_n_world = invert_pose(CAMERAS['second'])
    np.testing.assert_allclose(look.T_n_m, T_n_world @ CAMERAS['reference'], atol=1e-9)
    stamps = seconds_of(look) + 0.5 * np.arange(10)  # tf ends before the last image of the second camera
    assert look.future == 10
    np.testing.assert_allclose(look.gripper_poses[:, 0], [T_n_world @ BASE @ tcp_in_base(t) for t in stamps], atol=1e-4)
    np.testing.assert_allclose(look.openings[:, 0], 0.08 - 2 * CLOSING * stamps, atol=2 * CLOSING * 0.02)


def test_every_gripper_is_that_of_tf_and_joint_states(tmp_path):
    saved = saved_prediction(tmp_path / 'store', grippers=2)
    write_prediction_bag(saved, tmp_path / 'bag')
    look = read_bag_look(tmp_path / 'bag', 0.0, tuple(view.name for view in saved.look.views))
    assert look.openings.shape == (11, 2)
    np.testing.assert_allclose(look.gripper_poses, saved.look.gripper_poses, atol=1e-9)


def test_a_bag_of_images_alone_is_enough(tmp_path):
    bag = make_bag(tmp_path / 'bag', without('/tf', 'joint_states', 'instruction', 'controller'), seconds=1.0)
    look = read_bag_look(bag, 0.0)
    assert look.future == 2
    assert (look.T_n_m, look.gripper_poses, look.openings, look.instruction) == (None, None, None, '')
    assert look.pointmaps()[0].shape == (3, CAMERA.height, CAMERA.width, 3) and look.pointmaps()[1] is None


def test_a_gap_ends_the_future(tmp_path):
    def change(topic, log_time, fields):
        return None if topic == '/second/color/image_raw' and 1.9 < log_time - FIRST_STAMP < 2.2 else (log_time, fields)

    look = read_bag_look(make_bag(tmp_path / 'bag', change, seconds=3.0), 0.5)
    assert look.future == 2


def test_the_newest_look_is_one_that_every_stream_has(tmp_path):
    def change(topic, log_time, fields):
        ends = 1.25 if topic == '/second/aligned_depth_to_color/image_raw' else 3.0
        return None if log_time - FIRST_STAMP > ends else (log_time, fields)

    look = read_bag_look(make_bag(tmp_path / 'bag', change, seconds=2.0))
    assert seconds_of(look) == pytest.approx(1.2, abs=1e-6)
    assert_images(look, 0, 12)


def test_cameras_with_different_clocks_are_refused(tmp_path):
    def change(topic, log_time, fields):
        return log_time, shifted(fields, 100.0) if topic.startswith('/second/') else fields

    with pytest.raises(SynchronisationError, match=r'/second/color.* no message within 0.05 s .* synchronise the clo'):
        read_bag_look(make_bag(tmp_path / 'bag', change, seconds=1.0))


def test_a_time_before_the_first_look_is_refused(bag):
    with pytest.raises(ParameterError, match='no look of both cameras up to -1.0 s after .* first is at 0.000 s'):
        read_bag_look(bag, -1.0)


@pytest.mark.parametrize(('topic', 'expected'), [
    ('/second/aligned_depth', "no aligned depth of camera 'second': expected /second/aligned_depth_to_color/image_raw"),
    ('/second/color/camera_info', "no intrinsics of camera 'second'"),
    ('/second/color/image_raw', 'expected two or more cameras'),
])
def test_a_missing_topic_is_named(tmp_path, topic, expected):
    with pytest.raises(TopicError, match=expected):
        read_bag_look(make_bag(tmp_path / 'bag', without(topic), seconds=0.5))


def test_no_bag_is_named(tmp_path):
    with pytest.raises(BagError, match='does not exist'):
        read_bag_look(tmp_path / 'bag.mcap')


JOINTS = [*ARM.joints, *ARM.gripper.finger_joints]


def test_the_robot_is_known_between_its_messages_and_nothing_is_said_of_the_second_camera(bag):
    look = read_bag_look(bag, 1.0, ('second', 'reference'))  # stamped 12 ms after a message of the robot's
    robot = look.observation.robot
    assert set(robot.joints) == set(JOINTS)
    np.testing.assert_allclose([robot.joints[name] for name in JOINTS], joints(seconds_of(look)), atol=1e-6)
    np.testing.assert_allclose(robot.T_base_reference, CAMERAS['second'], atol=1e-9)


def test_publishers_that_tell_of_parts_of_the_robot_at_other_times_are_put_together(tmp_path):
    """Arm and fingers come in turn, as from two drivers, and the wheels of another robot too."""
    def change(topic, log_time, fields):
        if topic != '/joint_states':
            return log_time, fields
        tick = round((log_time - FIRST_STAMP) / 0.05)
        part = slice(0, 7) if tick % 2 else slice(7, 9)
        return log_time, {**fields, 'name': ['wheel', *fields['name'][part]],
                          'position': np.append(3.0, fields['position'][part])}

    look = read_bag_look(make_bag(tmp_path / 'bag', change, seconds=2.0), 1.0)
    assert set(look.robot.joints) == {'wheel', *JOINTS}
    for name, position in zip(JOINTS, joints(1.0), strict=True):
        assert look.robot.joints[name] == pytest.approx(position, abs=1e-6)


def test_a_camera_that_the_robot_carries_is_where_it_was_at_the_stamp(tmp_path):
    def change(topic, log_time, fields):
        if topic != '/tf_static':
            return log_time, fields
        carried = [replace(transform, header=replace(transform.header, frame_id=ARM.gripper.tcp))
                   if transform.child_frame_id == 'second_link' else transform for transform in fields['transforms']]
        return log_time, {'transforms': carried}

    look = read_bag_look(make_bag(tmp_path / 'bag', change, seconds=2.0), 1.0, ('second', 'reference'))
    expected = BASE @ tcp_in_base(seconds_of(look)) @ CAMERAS['second']
    np.testing.assert_allclose(look.robot.T_base_reference, expected, atol=1e-4)


def test_another_robot_is_read_by_its_names_and_description(tmp_path):
    other = {joint: f'panda_{k}' for k, joint in enumerate(JOINTS)}

    def change(topic, log_time, fields):
        return log_time, {**fields, 'name': [other[name] for name in fields['name']]} if 'name' in fields else fields

    bag = make_bag(tmp_path / 'bag', change, seconds=1.0)
    assert 'no joint_states with arm_joint1' in read_bag_look(bag).robot_unknown
    urdf = DESCRIPTION.urdf
    for ours, theirs in other.items():
        urdf = urdf.replace(f'"{ours}"', f'"{theirs}"')
    fingers = tuple(other[joint] for joint in ARM.gripper.finger_joints)
    arm = replace(ARM, joints=tuple(other.values())[:7], gripper=replace(ARM.gripper, finger_joints=fingers))
    look = read_bag_look(bag, 1.0, robot=Robot(RobotDescription(urdf), (arm,), 'arm_link0'))
    np.testing.assert_allclose([look.robot.joints[name] for name in other.values()], joints(1.0), atol=1e-6)
    np.testing.assert_allclose(look.robot.T_base_reference, invert_pose(BASE) @ CAMERAS['reference'], atol=1e-9)
    np.testing.assert_allclose(look.openings[0], [sum(joints(1.0)[7:])], atol=1e-6)


@pytest.mark.parametrize(('change', 'expected'), [
    (without('joint_states'), 'no joint_states with arm_joint1 and .*; heard: nothing'),
    (without('/tf'), "tf: no way from 'world' to 'reference_color_optical_frame'"),
    (lambda topic, log_time, fields: (
        log_time, shifted(fields, 7.0) if topic == '/joint_states' else fields),
     r'nearest joint_states with arm_joint1 are \d\.\d\d s from the observation, limit 0\.05 s'),
    (lambda topic, log_time, fields: (
        log_time, {**fields, 'position': fields['position'][:3]} if topic == '/joint_states' else fields),
     'no joint_states with arm_joint1'),
], ids=['no joints', 'no tf', 'other clock', 'too few positions'])
def test_a_bag_that_does_not_know_the_robot_says_why_and_is_enough_for_the_cameras(tmp_path, change, expected):
    look = read_bag_look(make_bag(tmp_path / 'bag', change, seconds=1.0))
    assert look.robot is None and look.observation.robot is None
    assert re.search(expected, look.robot_unknown)
    assert len(look.observation.views) == 2
