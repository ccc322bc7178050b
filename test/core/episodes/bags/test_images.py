# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every image encoding that real bags hold gives the pixels that were seen."""

import struct

import cv2
import numpy as np
import pytest

from robot4d_core.episodes.bags.images import colour_pixels, depth_pixels, label_pixels
from robot4d_core.episodes.bags.writer import ros_types
from robot4d_core.errors import ImageError
from robot4d_core.geometry.pointmaps import depth_in_metres, depth_in_millimetres

TYPES = ros_types().types
RANDOM = np.random.default_rng(0)
RGB = cv2.resize(RANDOM.integers(0, 256, (3, 4, 3), np.uint8), (20, 16), interpolation=cv2.INTER_CUBIC)
DEPTH = RANDOM.integers(300, 2**16, (16, 20), np.uint16)
DEPTH[0] = 0


def header():
    time = TYPES['builtin_interfaces/msg/Time'](sec=1, nanosec=2)
    return TYPES['std_msgs/msg/Header'](stamp=time, frame_id='camera')


def raw(image: np.ndarray, encoding: str, padding: int = 0, big_endian: bool = False):
    rows = image.reshape(len(image), -1)
    rows = (rows.byteswap() if big_endian else rows).view(np.uint8)
    rows = np.hstack([rows, np.zeros((len(rows), padding), np.uint8)])
    return TYPES['sensor_msgs/msg/Image'](
        header=header(), height=image.shape[0], width=image.shape[1], encoding=encoding, is_bigendian=int(big_endian),
        step=rows.shape[1], data=rows.reshape(-1))


def compressed(data: bytes, image_format: str):
    return TYPES['sensor_msgs/msg/CompressedImage'](
        header=header(), format=image_format, data=np.frombuffer(data, np.uint8))


def file_of(image: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


ALPHA = np.full((16, 20, 1), 255, np.uint8)
BGR = np.ascontiguousarray(RGB[..., ::-1])


@pytest.mark.parametrize(('encoding', 'image'), [
    ('rgb8', RGB), ('bgr8', BGR), ('rgba8', np.dstack([RGB, ALPHA])), ('bgra8', np.dstack([BGR, ALPHA])),
])
@pytest.mark.parametrize('padding', [0, 12])
def test_raw_colour_is_exact(encoding, image, padding):
    pixels = colour_pixels(raw(image, encoding, padding))
    assert pixels.dtype == np.uint8 and np.array_equal(pixels, RGB)


def test_compressed_colour_keeps_red_red():
    assert np.array_equal(colour_pixels(compressed(file_of(BGR, '.png'), 'rgb8; png compressed bgr8')), RGB)
    jpeg = colour_pixels(compressed(file_of(BGR, '.jpg'), 'rgb8; jpeg compressed bgr8'))
    assert np.abs(jpeg.astype(int) - RGB).mean() < 6
    assert np.array_equal(colour_pixels(compressed(file_of(BGR, '.png'), 'png')), RGB)


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('padding', [0, 6])
def test_raw_depth_is_exact(big_endian, padding):
    for encoding in ('16UC1', 'mono16'):
        pixels, kind = depth_pixels(raw(DEPTH, encoding, padding, big_endian))
        assert kind == '16UC1' and np.array_equal(pixels, DEPTH)
    metres = (DEPTH / 1000).astype(np.float32)
    pixels, kind = depth_pixels(raw(metres, '32FC1', 0, big_endian))
    assert kind == '32FC1' and np.array_equal(pixels, metres)


def test_compressed_depth_is_exact_in_millimetres():
    png = file_of(DEPTH, '.png')
    for data, image_format in (
        (png, '16UC1; png compressed '), (struct.pack('<iff', 0, 0, 0) + png, '16UC1; compressedDepth png'),
    ):
        pixels, kind = depth_pixels(compressed(data, image_format))
        assert kind == '16UC1' and np.array_equal(pixels, DEPTH)


def test_compressed_depth_in_metres_is_as_exact_as_its_quantisation():
    depth = RANDOM.uniform(0.3, 5.0, (16, 20)).astype(np.float32)
    quantisation, farthest = 100.0, 10.0  # compressed_depth_image_transport's defaults
    a = quantisation * (quantisation + 1)
    b = 1 - a / farthest
    values = np.round(a / depth + b).astype(np.uint16)
    values[0] = 0
    pixels, kind = depth_pixels(compressed(
        struct.pack('<iff', 1, a, b) + file_of(values, '.png'), '32FC1; compressedDepth png'))
    assert kind == '32FC1' and np.isnan(pixels[0]).all()
    assert np.abs(pixels[1:] - depth[1:]).max() < 0.5 * 5.0**2 / a + 1e-4  # half a step of 1 / depth


def test_millimetres_survive_the_way_through_metres():
    every = np.arange(2**16, dtype=np.uint16)[None]
    assert np.array_equal(depth_in_millimetres(depth_in_metres(every, '16UC1')), every)


def test_labels_are_exact():
    assert np.array_equal(label_pixels(raw(RGB[..., 0], 'mono8')), RGB[..., 0])


@pytest.mark.parametrize(('read', 'message', 'word'), [
    (colour_pixels, raw(RGB[..., 0], 'mono8'), 'mono8'),
    (colour_pixels, raw(RGB[:, :, :2].copy(), 'yuv422'), 'yuv422'),
    (colour_pixels, compressed(b'no image', 'jpeg'), 'jpeg'),
    (colour_pixels, compressed(b'', 'jpeg'), '0 bytes'),
    (depth_pixels, raw(RGB, 'rgb8'), 'rgb8'),
    (depth_pixels, compressed(file_of(RGB[..., 0], '.jpg'), '16UC1; jpeg compressed'), 'jpeg destroys depth'),
    (depth_pixels, compressed(b'1234567890123', '16UC1; compressedDepth rvl'), 'rvl'),
    (label_pixels, raw(DEPTH, '16UC1'), '16UC1'),
])
def test_when_the_encoding_is_unknown_expect_its_name(read, message, word):
    with pytest.raises(ImageError, match=word):
        read(message)


def test_when_bytes_are_missing_expect_both_numbers():
    message = raw(RGB, 'rgb8')
    message.data = message.data[:-1]
    with pytest.raises(ImageError, match='20x16 rgb8 with 60 bytes a row but carries 959 bytes'):
        colour_pixels(message)
