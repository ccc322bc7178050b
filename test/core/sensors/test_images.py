# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every image that real cameras send gives the pixels that were seen, live and out of a bag, or is refused by name."""

import struct

import cv2
import numpy as np
import pytest

from core.sensors.sensor_messages import KINDS, compressed, image
from robot4d_core.errors import ImageError
from robot4d_core.sensors.images import colour_image, depth_image, label_image

RANDOM = np.random.default_rng(0)
RGB = cv2.resize(RANDOM.integers(0, 256, (3, 4, 3), np.uint8), (20, 16), interpolation=cv2.INTER_CUBIC)
DEPTH = RANDOM.integers(300, 3000, (16, 20), np.uint16)
DEPTH[0] = 0
METRES = np.where(DEPTH > 0, DEPTH / 1000, np.nan).astype(np.float32)
TOPIC = '/camera/image'

pytestmark = pytest.mark.parametrize('kind', KINDS)


def file_of(image: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


ALPHA = np.full((16, 20, 1), 255, np.uint8)
BGR = np.ascontiguousarray(RGB[..., ::-1])


@pytest.mark.parametrize(('encoding', 'pixels'), [
    ('rgb8', RGB), ('bgr8', BGR), ('rgba8', np.dstack([RGB, ALPHA])), ('bgra8', np.dstack([BGR, ALPHA])),
])
@pytest.mark.parametrize('padding', [0, 12])
def test_raw_colour_is_exact(kind, encoding, pixels, padding):
    found = colour_image(image(kind, pixels, encoding, padding), TOPIC)
    assert found.dtype == np.uint8 and np.array_equal(found, RGB)


def test_compressed_colour_keeps_red_red(kind):
    for suffix, image_format in (('.png', 'rgb8; png compressed bgr8'), ('.png', 'png')):
        assert np.array_equal(colour_image(compressed(kind, file_of(BGR, suffix), image_format), TOPIC), RGB)
    jpeg = colour_image(compressed(kind, file_of(BGR, '.jpg'), 'rgb8; jpeg compressed bgr8'), TOPIC)
    assert np.abs(jpeg.astype(int) - RGB).mean() < 6


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('padding', [0, 8])
@pytest.mark.parametrize(('encoding', 'pixels'), [('16UC1', DEPTH), ('mono16', DEPTH), ('32FC1', METRES)])
def test_raw_depth_is_exact(kind, encoding, pixels, padding, big_endian):
    found = depth_image(image(kind, pixels, encoding, padding, big_endian), TOPIC)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, METRES, rtol=1e-6)


def test_compressed_depth_is_exact_in_millimetres(kind):
    png = file_of(DEPTH, '.png')
    for data, image_format in (
        (png, '16UC1; png compressed '), (struct.pack('<iff', 0, 0, 0) + png, '16UC1; compressedDepth png'),
    ):
        np.testing.assert_allclose(depth_image(compressed(kind, data, image_format), TOPIC), METRES, rtol=1e-6)


def test_compressed_depth_in_metres_is_as_exact_as_its_quantisation(kind):
    depth = RANDOM.uniform(0.3, 5.0, (16, 20)).astype(np.float32)
    quantisation, farthest = 100.0, 10.0  # compressed_depth_image_transport's defaults
    a = quantisation * (quantisation + 1)
    b = 1 - a / farthest
    values = np.round(a / depth + b).astype(np.uint16)
    values[0] = 0
    data = struct.pack('<iff', 1, a, b) + file_of(values, '.png')
    found = depth_image(compressed(kind, data, '32FC1; compressedDepth png'), TOPIC)
    assert np.isnan(found[0]).all()
    assert np.abs(found[1:] - depth[1:]).max() < 0.5 * 5.0**2 / a + 1e-4  # half a step of 1 / depth


def test_labels_are_exact(kind):
    assert np.array_equal(label_image(image(kind, RGB[..., 0], 'mono8'), TOPIC), RGB[..., 0])


GREY_JPEG = file_of(RGB[..., 0], '.jpg')

REFUSED = {
    'grey': (colour_image, lambda kind: image(kind, RGB[..., 0], 'mono8'), ['rgb8', "got 'mono8'"]),
    'yuv': (colour_image, lambda kind: image(kind, RGB[..., :2], 'yuv422'), ["got 'yuv422'"]),
    'no encoding': (colour_image, lambda kind: image(kind, RGB, ''), ["got ''"]),
    'depth as colour': (colour_image, lambda kind: image(kind, DEPTH, '16UC1'), ["got '16UC1'"]),
    'no jpeg': (colour_image, lambda kind: compressed(kind, b'no image', 'jpeg'), ['8 bytes', "'jpeg'"]),
    'an empty jpeg': (colour_image, lambda kind: compressed(kind, b'', 'jpeg'), ['0 bytes']),
    'a grey jpeg': (colour_image, lambda kind: compressed(kind, GREY_JPEG, 'mono8; jpeg compressed '),
                    ['three channels', 'mono8']),
    'colour as depth': (depth_image, lambda kind: image(kind, RGB, 'rgb8'), ['16UC1', "got 'rgb8'"]),
    'depth as jpeg': (depth_image, lambda kind: compressed(kind, GREY_JPEG, '16UC1; jpeg compressed'),
                      ['16-bit png', 'jpeg destroys depth']),
    'rvl': (depth_image, lambda kind: compressed(kind, b'1234567890123', '16UC1; compressedDepth rvl'), ['rvl', 'png']),
    'compressedDepth of 8 bits': (
        depth_image, lambda kind: compressed(
            kind, bytes(12) + file_of(RGB[..., 0], '.png'), '16UC1; compressedDepth png'),
        ['16-bit png', 'uint8']),
    'labels of 16 bits': (label_image, lambda kind: image(kind, DEPTH, '16UC1'), ["got '16UC1'"]),
    'a byte is missing': (colour_image, lambda kind: image(kind, RGB, 'rgb8', data=RGB.reshape(-1)[:-1]),
                          ['20x16 rgb8 with 60 bytes a row', '959 bytes']),
    'rows shorter than width': (colour_image, lambda kind: image(kind, RGB, 'rgb8', width=21),
                                ['60 bytes', '63 or more']),
    'no step': (colour_image, lambda kind: image(kind, RGB, 'rgb8', step=0), ['0 bytes a row']),
    'no rows': (depth_image, lambda kind: image(kind, DEPTH[:1], '16UC1', height=0, data=RGB[:0].reshape(-1)),
                ['20x0']),
    '32FC1 in millimetres': (depth_image, lambda kind: image(kind, 1000 * METRES, '32FC1'), ['median depth', 'unit']),
    '16UC1 in tenths of a millimetre': (depth_image, lambda kind: image(kind, 10 * DEPTH, '16UC1'), ['median', 'unit']),
    '16UC1 in centimetres': (depth_image, lambda kind: image(kind, DEPTH // 100, '16UC1'), ['median depth', 'unit']),
    'wrong byte order': (depth_image, lambda kind: image(kind, DEPTH.byteswap(), '16UC1'), ['median depth', 'unit']),
    'no valid pixel': (depth_image, lambda kind: image(kind, 0 * DEPTH, '16UC1'), ['no valid pixel']),
}


@pytest.mark.parametrize('name', REFUSED)
def test_what_cannot_be_understood_is_refused_with_the_topic(kind, name):
    read, make, words = REFUSED[name]
    with pytest.raises(ImageError, match='^/camera/image: ') as caught:
        read(make(kind), TOPIC)
    for word in words:
        assert word in str(caught.value)
