# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Colour and depth images come out of messages in every encoding that robot4d takes, and convert as upstream's do."""

from __future__ import annotations

import array
import re
import time as wall

import cv_bridge
import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import Image

from robot4d_nodes.conversions import COLOUR_ENCODINGS, DEPTH_ENCODINGS

BRIDGE = CvBridge()
ENCODINGS = {  # dtype and number of channels
    'rgb8': (np.uint8, 3), 'bgr8': (np.uint8, 3), 'rgba8': (np.uint8, 4), 'bgra8': (np.uint8, 4),
    '16UC1': (np.uint16, 1), '32FC1': (np.float32, 1),
}


def noise(shape, dtype=np.uint8, seed=0):
    generator = np.random.default_rng(seed)
    if np.dtype(dtype).kind == 'f':
        return generator.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, size=shape, dtype=dtype, endpoint=True)


def message_of(image, encoding):
    return Image(
        height=image.shape[0], width=image.shape[1], encoding=encoding, step=image[0].nbytes,
        is_bigendian=image.dtype.byteorder == '>', data=array.array('B', image.tobytes()))


def convert(image, source, target):
    return BRIDGE.imgmsg_to_cv2(message_of(image, source), target)


def test_robot4ds_encodings_are_tested():
    assert {*COLOUR_ENCODINGS, *DEPTH_ENCODINGS} == set(ENCODINGS)


@given(
    st.sampled_from(sorted(ENCODINGS)), st.integers(1, 9), st.integers(1, 9), st.sampled_from('<>'), st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_any_array_comes_back_from_any_byte_order_and_padding(encoding, height, width, order, padding):
    dtype, channels = ENCODINGS[encoding]
    image = noise((height, width, channels), dtype)
    message = message_of(image.astype(np.dtype(dtype).newbyteorder(order)), encoding)
    rows = np.frombuffer(message.data, np.uint8).reshape(height, -1)
    message.data = array.array('B', np.pad(rows, ((0, 0), (0, padding))).tobytes())
    message.step += padding
    received = BRIDGE.imgmsg_to_cv2(message)
    assert received.dtype == image.dtype
    assert received.dtype.isnative
    assert received.flags.c_contiguous
    np.testing.assert_array_equal(received, image[..., 0] if channels == 1 else image)


@pytest.mark.parametrize('encoding', ['nonsense', 'CV_8UC3', '8UC', '12UC1', 'nv21', ''])
def test_an_unknown_encoding_is_named(encoding):
    with pytest.raises(CvBridgeError, match='Unrecognized image encoding'):
        BRIDGE.imgmsg_to_cv2(Image(height=1, width=1, step=1, encoding=encoding, data=[0]))


def test_colours_change_places():
    image = noise((5, 7, 3))
    r, g, b = np.moveaxis(image, -1, 0)
    opaque = np.full_like(r, 255)
    np.testing.assert_array_equal(convert(image, 'rgb8', 'bgr8'), np.dstack([b, g, r]))
    np.testing.assert_array_equal(convert(image, 'rgb8', 'rgba8'), np.dstack([r, g, b, opaque]))
    bgra = convert(image, 'rgb8', 'bgra8')
    np.testing.assert_array_equal(bgra, np.dstack([b, g, r, opaque]))
    np.testing.assert_array_equal(convert(bgra, 'bgra8', 'rgb8'), image)


@pytest.mark.parametrize('source', COLOUR_ENCODINGS)
@pytest.mark.parametrize('target', COLOUR_ENCODINGS)
def test_every_colour_encoding_converts_to_every_other(source, target):
    image = noise((4, 6, ENCODINGS[source][1]))
    channels = {name: image[..., i] for i, name in enumerate(source[:-1])}
    channels.setdefault('a', np.full((4, 6), 255, np.uint8))
    np.testing.assert_array_equal(convert(image, source, target), np.dstack([channels[c] for c in target[:-1]]))


def test_depth_changes_keep_values_round_and_saturate():
    metres = np.array([[0.5, 1.5, 2.51, -3.0, 1e9, np.nan]], np.float32)
    np.testing.assert_array_equal(convert(metres, '32FC1', '16UC1'), [[0, 2, 3, 0, 65535, 0]])
    depth = noise((3, 4), np.uint16)
    converted = convert(depth, '16UC1', '32FC1')
    assert converted.dtype == np.float32
    np.testing.assert_array_equal(converted, depth)


@pytest.mark.parametrize(('source', 'target', 'message'), [
    ('16UC1', 'rgb8', 'is not a color format'),
    ('32FC1', 'bgra8', 'is not a color format'),
    ('rgb8', '16UC1', 'is a color format but'),
    ('rgb8', 'nonsense', 'Unrecognized image encoding'),
])
def test_conversions_without_meaning_are_refused(source, target, message):
    dtype, channels = ENCODINGS[source]
    with pytest.raises(CvBridgeError, match=message):
        convert(noise((4, 4, channels), dtype), source, target)


def test_an_image_is_copied_only_when_it_must_be():
    message = message_of(noise((4, 5, 3)), 'rgb8')
    view, copy = BRIDGE.imgmsg_to_cv2(message), BRIDGE.imgmsg_to_cv2(message, 'rgb8')
    message.data[0] ^= 255
    assert view[0, 0, 0] == message.data[0] != copy[0, 0, 0]
    assert copy.flags.writeable


def test_messages_that_contradict_themselves_are_refused():
    message = message_of(noise((4, 4, 3)), 'rgb8')
    for step in (11, 13):
        message.step = step
        with pytest.raises(CvBridgeError, match='wrongly formed'):
            BRIDGE.imgmsg_to_cv2(message)


def test_a_large_image_is_not_copied_element_by_element():
    message = message_of(noise((800, 1100, 3)), 'rgb8')
    start = wall.thread_time()
    BRIDGE.imgmsg_to_cv2(message)
    assert wall.thread_time() - start < 0.1


@pytest.mark.parametrize(('ask', 'named'), [
    (lambda: BRIDGE.cv2_to_imgmsg(noise((4, 4))), 'cv2_to_imgmsg'),
    (lambda: BRIDGE.compressed_imgmsg_to_cv2, 'compressed_imgmsg_to_cv2'),
    (lambda: cv_bridge.getCvType, 'getCvType'),
    (lambda: cv_bridge.cvtColorForDisplay, 'cvtColorForDisplay'),
    *((lambda encoding=encoding: convert(noise((4, 4, 3)), encoding, 'rgb8'), f'encoding {encoding}')
      for encoding in ('mono8', 'rgb16', 'bayer_rggb8', '8UC3', '64F', 'yuv422', 'yuyv')),
    (lambda: convert(noise((4, 4, 3)), 'rgb8', 'mono8'), 'encoding mono8'),
])
def test_what_only_upstream_offers_is_named(ask, named):
    sentence = f"cv_bridge's {named} exists in ROS 2 but not in the sandbox's stand-in; use imgmsg_to_cv2 with rgb8"
    with pytest.raises(NotImplementedError, match=re.escape(sentence)):
        ask()


def test_what_upstream_does_not_offer_either_is_unknown():
    for owner in (cv_bridge, BRIDGE):
        with pytest.raises(AttributeError):
            _ = owner.nonsense
    with pytest.raises(TypeError):
        BRIDGE.imgmsg_to_cv2(Image(), nonsense=True)
