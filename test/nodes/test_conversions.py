# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Conversions lose nothing and refuse what does not fit by name."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rclpy.serialization import deserialize_message, serialize_message
from scipy.spatial.transform import Rotation

from core.saved_predictions import assert_same_paths, two_paths
from nodes.bench import CAMERA, frozen_prediction, wall
from robot4d.msg import GripperPlans
from robot4d.msg import Prediction as PredictionMessage
from robot4d_core.errors import CalibrationError, PoseError, PredictionError
from robot4d_core.geometry.lens import LensCamera
from robot4d_core.geometry.poses import make_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.sensors.camera_info import read_camera_info
from robot4d_core.sensors.images import colour_image, depth_image
from robot4d_nodes import conversions as c


def on_the_wire(message):
    """Return the message after a trip through DDS' serialisation."""
    return deserialize_message(serialize_message(message), type(message))


@given(st.floats(0, 4e9))
def test_a_stamp_is_exact_to_half_a_microsecond(seconds):
    assert abs(c.time_from_message(c.time_to_message(seconds)) - seconds) < 5e-7


def test_a_stamp_just_below_a_second_does_not_overflow_into_nanoseconds():
    stamp = c.time_to_message(1.9999999999)
    assert (stamp.sec, stamp.nanosec) == (2, 0)


@given(st.floats(-100, 100))
def test_a_duration_survives(seconds):
    assert c.duration_from_message(c.duration_to_message(seconds)) == pytest.approx(seconds, abs=1e-9)


@given(arrays(float, 3, elements=st.floats(-3, 3)), arrays(float, 3, elements=st.floats(-100, 100)))
def test_poses_and_transforms_survive(rotation, translation):
    pose = make_pose(Rotation.from_rotvec(rotation), translation)
    np.testing.assert_allclose(c.pose_from_message(c.pose_to_message(pose)), pose, atol=1e-12)
    message = c.transform_to_message(pose, 'world', 'tool', 12.5)
    np.testing.assert_allclose(c.transform_from_message(message), pose, atol=1e-12)
    assert (message.header.frame_id, message.child_frame_id) == ('world', 'tool')


def test_a_pose_message_that_was_never_filled_is_refused():
    message = c.pose_to_message(np.eye(4))
    message.orientation.w = 0.0
    with pytest.raises(PoseError, match='length 1'):
        c.pose_from_message(message)


def test_what_is_published_is_what_is_heard():
    rgb, depth = wall()
    colour = on_the_wire(c.image_to_message(rgb, 'rgb8', 1.0, 'camera'))
    np.testing.assert_array_equal(colour_image(colour, '/colour'), rgb)
    back = depth_image(on_the_wire(c.depth_to_message(depth, 1.0, 'camera')), '/depth')
    np.testing.assert_allclose(back, depth, atol=0.5001e-3)
    info = on_the_wire(c.camera_to_message(CAMERA, 1.0, 'camera'))
    assert read_camera_info(info, '/info') == LensCamera(CAMERA)


def test_a_prediction_survives():
    prediction = frozen_prediction(1234.5)
    prediction = replace(prediction, paths=two_paths(len(prediction.time_from_start)))
    back = c.prediction_from_message(on_the_wire(c.prediction_to_message(prediction)))
    for entry in fields(prediction):
        if entry.name not in ('views', 'time_from_start', 'paths'):
            assert getattr(back, entry.name) == getattr(prediction, entry.name)
    np.testing.assert_allclose(back.time_from_start, prediction.time_from_start)
    assert_same_paths(back.paths, prediction.paths)
    for a, b in zip(back.views, prediction.views, strict=True):
        assert (a.name, a.camera) == (b.name, b.camera)
        np.testing.assert_array_equal(a.rgb, b.rgb)
        np.testing.assert_array_equal(a.pointmap, b.pointmap)
        assert a.pointmap.dtype == np.float32


def test_frames_of_a_prediction_are_stamped_with_the_time_they_show():
    message = c.prediction_to_message(frozen_prediction(100.0))
    stamps = [c.time_from_message(image.header.stamp) for image in message.views[1].images]
    np.testing.assert_allclose(stamps, 100 + 0.5 * np.arange(1, 11))


def test_when_a_frame_has_another_size_expect_prediction_error():
    message = c.prediction_to_message(frozen_prediction(1.0))
    message.views[1].pointmaps[3] = c.image_to_message(np.zeros((4, 4, 3), np.float32), '32FC3', 1.0, '')
    with pytest.raises(PredictionError, match="'second'.*64x48.*4x4"):
        c.prediction_from_message(message)


def test_when_height_and_width_are_swapped_expect_prediction_error():
    message = c.prediction_to_message(frozen_prediction(1.0))
    image = message.views[0].images[2]
    image.width, image.height = image.height, image.width
    with pytest.raises(PredictionError, match="'reference'.*64x48.*48x64"):
        c.prediction_from_message(message)


def test_when_a_view_is_distorted_expect_calibration_error():
    message = c.prediction_to_message(frozen_prediction(1.0))
    message.views[1].camera_info.d = [0.1, 0.0, 0.0, 0.0, 0.0]
    with pytest.raises(CalibrationError, match="view 'second'"):
        c.prediction_from_message(message)


def test_when_a_view_lacks_frames_expect_prediction_error():
    message = c.prediction_to_message(frozen_prediction(1.0))
    message.views[0].images = message.views[0].images[:-1]
    with pytest.raises(PredictionError, match='reference'):
        c.prediction_from_message(message)


def test_a_prediction_without_views_is_refused():
    with pytest.raises(PredictionError, match='at least one view'):
        c.prediction_from_message(PredictionMessage())


def gripper_plan(confidence: float = 0.9, message: str = '') -> GripperPlan:
    """Return a plan of three steps."""
    poses = np.stack([make_pose(Rotation.from_euler('z', k), [0.1 * k, 0.2, 0.3]) for k in range(3)])
    return GripperPlan(
        'gripper', 7.25, 'reference_color_optical_frame', uuid4(), 'oracle', np.array([0.5, 1.0, 1.5]), poses,
        np.array([0.08, 0.04, 0.0]), np.array([False, False, True]), np.array([1.0, confidence, 0.5], np.float32),
        ('reference', 'second', 'reference'), poses[0], True, message)


@pytest.mark.parametrize('path_distance', [None, np.array([0.002, np.nan, 0.03], np.float32)])
def test_gripper_plans_survive(path_distance):
    plan = replace(gripper_plan(), path_distance=path_distance)
    message = on_the_wire(c.gripper_plans_to_message([plan]))
    assert not message.lost
    (back,) = c.gripper_plans_from_message(message)
    for entry in fields(plan):
        expected, value = getattr(plan, entry.name), getattr(back, entry.name)
        if isinstance(expected, np.ndarray):
            np.testing.assert_allclose(value, expected, atol=1e-9)
        else:
            assert value == expected


def test_one_lost_gripper_makes_the_plans_lost_and_says_why():
    message = c.gripper_plans_to_message([gripper_plan(), gripper_plan(0.0, 'left is hidden')])
    assert message.lost and message.message == 'left is hidden'


def test_plans_without_any_gripper_are_empty():
    assert c.gripper_plans_from_message(GripperPlans(lost=True)) == ()


def test_a_cloud_is_organised_and_keeps_colours_and_holes():
    rgb, depth = wall()
    points = np.dstack([depth, 2 * depth, 3 * depth])
    cloud = on_the_wire(c.cloud_to_message(points, rgb, 1.0, 'camera'))
    assert (cloud.height, cloud.width, cloud.is_dense) == (48, 64, False)
    raw = np.frombuffer(cloud.data, np.uint8).reshape(48, cloud.row_step)[:, :64 * 16].reshape(48, 64, 16)
    np.testing.assert_array_equal(raw[..., :12].copy().view(np.float32), points)
    np.testing.assert_array_equal(raw[..., 12:15][..., ::-1], rgb)


def test_filling_a_message_of_some_megabytes_takes_milliseconds():
    image = np.zeros((1024, 1280, 3), np.uint8)
    started = time.thread_time()
    c.image_to_message(image, 'rgb8', 1.0, 'camera')
    assert time.thread_time() - started < 0.1  # rclpy checks a numpy array item by item: 0.5 s
