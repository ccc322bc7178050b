# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Images survive the way to messages and back in every encoding, and convert as upstream's do."""

from __future__ import annotations

import array
import time as wall

import cv2
import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError, cvtColorForDisplay, getCvType
from cv_bridge.boost.cv_bridge_boost import cvtColor2
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import Image
from std_msgs.msg import Header

BRIDGE = CvBridge()
DTYPES = {
    '8U': np.uint8,
    '8S': np.int8,
    '16U': np.uint16,
    '16S': np.int16,
    '32S': np.int32,
    '32F': np.float32,
    '64F': np.float64,
}
NAMED = {  # encoding -> (OpenCV's type, whether colours are known)
    **{f'{name}8': f'8UC{len(name)}' for name in ('rgb', 'bgr', 'rgba', 'bgra')},
    **{f'{name}16': f'16UC{len(name)}' for name in ('rgb', 'bgr', 'rgba', 'bgra')},
    'mono8': '8UC1',
    'mono16': '16UC1',
    **{f'bayer_{pattern}{bits}': f'{bits}UC1' for pattern in ('rggb', 'bggr', 'gbrg', 'grbg') for bits in (8, 16)},
    **dict.fromkeys(('yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv'), '8UC2'),
}
depths = st.sampled_from(sorted(DTYPES))


def noise(shape, dtype=np.uint8, seed=0):
    generator = np.random.default_rng(seed)
    if np.dtype(dtype).kind == 'f':
        return generator.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, size=shape, dtype=dtype, endpoint=True)


@given(depths, st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.sampled_from('<>'), st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_any_array_comes_back_from_any_byte_order_and_padding(depth, channels, height, width, order, padding):
    image = noise((height, width, channels), DTYPES[depth])
    message = BRIDGE.cv2_to_imgmsg(image.astype(np.dtype(DTYPES[depth]).newbyteorder(order)))
    size = np.dtype(DTYPES[depth]).itemsize
    assert message.encoding == f'{depth}C{channels}'
    assert (message.height, message.width, message.step) == (height, width, width * channels * size)
    assert bool(message.is_bigendian) == (order == '>' and size > 1)

    rows = np.frombuffer(message.data, np.uint8).reshape(height, -1)
    message.data = array.array('B', np.pad(rows, ((0, 0), (0, padding))).tobytes())
    message.step += padding
    received = BRIDGE.imgmsg_to_cv2(message)
    assert received.dtype == image.dtype
    assert received.dtype.isnative
    assert received.flags.c_contiguous
    np.testing.assert_array_equal(received, image[..., 0] if channels == 1 else image)


@pytest.mark.parametrize(
    ('encoding', 'cv_type'), [*NAMED.items(), ('8U', '8UC1'), ('32F', '32FC1'), ('16SC4', '16SC4')]
)
def test_every_encoding_has_opencvs_type(encoding, cv_type):
    assert BRIDGE.encoding_to_cvtype2(encoding) == getCvType(encoding) == getattr(cv2, f'CV_{cv_type}')
    depth, channels = cv_type.split('C')
    dtype = np.dtype(DTYPES[depth])
    assert BRIDGE.encoding_to_dtype_with_channels(encoding) == (dtype.name, int(channels))
    assert BRIDGE.dtype_with_channels_to_cvtype2(dtype, int(channels)) == cv_type
    image = noise((4, 6, int(channels)), dtype)
    message = BRIDGE.cv2_to_imgmsg(image, encoding)
    assert message.encoding == encoding
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(message).reshape(image.shape), image)


@pytest.mark.parametrize('encoding', ['nonsense', 'CV_8UC3', '8UC', '12UC1', 'nv21', ''])
def test_an_unknown_encoding_is_named(encoding):
    with pytest.raises(CvBridgeError, match='Unrecognized image encoding'):
        BRIDGE.imgmsg_to_cv2(Image(height=1, width=1, step=1, encoding=encoding, data=[0]))
    with pytest.raises(RuntimeError):
        getCvType(encoding)


def convert(image, source, target):
    return BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(image, source), target)


@pytest.mark.parametrize('bits', [8, 16])
def test_colours_change_places_and_grey_is_weighted(bits):
    image = noise((5, 7, 3), DTYPES[f'{bits}U'])
    r, g, b = np.moveaxis(image, -1, 0)
    opaque = np.full_like(r, 2**bits - 1)
    rgb = f'rgb{bits}'
    np.testing.assert_array_equal(convert(image, rgb, f'bgr{bits}'), np.dstack([b, g, r]))
    np.testing.assert_array_equal(convert(image, rgb, f'rgba{bits}'), np.dstack([r, g, b, opaque]))
    bgra = convert(image, rgb, f'bgra{bits}')
    np.testing.assert_array_equal(bgra, np.dstack([b, g, r, opaque]))
    np.testing.assert_array_equal(convert(bgra, f'bgra{bits}', rgb), image)
    grey = convert(image, rgb, f'mono{bits}')
    assert grey.shape == (5, 7)
    np.testing.assert_allclose(grey, 0.299 * r + 0.587 * g + 0.114 * b, atol=1, rtol=1e-4)
    np.testing.assert_array_equal(convert(grey, f'mono{bits}', rgb), np.dstack([grey] * 3))


def test_depth_changes_keep_full_scale_between_8_and_16_bits():
    every_byte = np.arange(256, dtype=np.uint8).reshape(16, 16)
    wide = convert(every_byte, 'mono8', 'mono16')
    np.testing.assert_array_equal(wide, every_byte.astype(np.uint16) * 257)
    np.testing.assert_array_equal(convert(wide, 'mono16', 'mono8'), every_byte)
    words = noise((64, 64), np.uint16)
    np.testing.assert_array_equal(convert(words, '16UC1', '8UC1'), np.rint(words / 257).astype(np.uint8))
    np.testing.assert_array_equal(convert(np.dstack([every_byte] * 3), 'rgb8', 'mono16'), wide)


def test_other_depth_changes_keep_values_round_and_saturate():
    metres = np.array([[0.5, 1.5, 2.51, -3.0, 1e9, np.nan]], np.float32)
    np.testing.assert_array_equal(convert(metres, '32FC1', '16UC1'), [[0, 2, 3, 0, 65535, 0]])
    integers = np.array([[-(2**31), 2**31 - 1, 300]], np.int32)
    np.testing.assert_array_equal(convert(integers, '32SC1', '16SC1'), [[-32768, 32767, 300]])
    depth = noise((3, 4), np.uint16)
    converted = convert(depth, '16UC1', '32FC1')
    assert converted.dtype == np.float32
    np.testing.assert_array_equal(converted, depth)


@pytest.mark.parametrize(('pattern', 'first_row', 'second_row'), [('rggb', 'rg', 'gb'), ('gbrg', 'gb', 'rg')])
@pytest.mark.parametrize('bits', [8, 16])
def test_bayer_patterns_are_named_by_their_first_pixels(pattern, first_row, second_row, bits):
    colour = {'r': 200, 'g': 100, 'b': 50}
    tile = np.array([[colour[c] for c in first_row], [colour[c] for c in second_row]], DTYPES[f'{bits}U'])
    mosaic = np.tile(tile, (8, 8))
    rgb = convert(mosaic, f'bayer_{pattern}{bits}', f'rgb{bits}')
    np.testing.assert_array_equal(rgb[4:-4, 4:-4], np.broadcast_to([200, 100, 50], (8, 8, 3)))


@pytest.mark.parametrize(('encoding', 'luminance'), [('uyvy', 1), ('yuv422', 1), ('yuyv', 0), ('yuv422_yuy2', 0)])
def test_packed_yuv_has_its_grey_in_every_second_byte(encoding, luminance):
    image = noise((4, 6, 2))
    np.testing.assert_array_equal(convert(image, encoding, 'mono8'), image[..., luminance])
    grey = np.full((4, 6, 2), 128, np.uint8)
    rgb = convert(grey, encoding, 'rgb8')
    assert rgb.shape == (4, 6, 3)
    assert np.ptp(rgb) == 0


@pytest.mark.parametrize(
    ('source', 'target', 'message'),
    [
        ('8UC3', 'rgb8', 'is not a color format'),
        ('8UC3', 'mono16', 'is not a color format'),
        ('rgb8', '8UC1', 'is a color format but'),
        ('8UC3', '8UC2', 'same number of channel'),
        ('rgb8', 'bayer_rggb8', 'Unsupported conversion'),
        ('bayer_rggb8', 'rgba8', 'Unsupported conversion'),
        ('bayer_rggb8', 'bayer_rggb16', 'Unsupported conversion'),
        ('rgb8', 'yuv422', 'Unsupported conversion'),
        ('rgb8', 'nonsense', 'Unrecognized image encoding'),
    ],
)
def test_conversions_without_meaning_are_refused(source, target, message):
    dtype, channels = BRIDGE.encoding_to_dtype_with_channels(source)
    with pytest.raises(CvBridgeError, match=message):
        convert(noise((4, 4, channels), dtype), source, target)


@pytest.mark.parametrize('target', ['8UC3', 'rgb8', '16UC3'])
def test_a_colour_image_can_give_up_its_meaning(target):
    image = noise((4, 4, 3))
    scale = 257 if target == '16UC3' else 1
    np.testing.assert_array_equal(convert(image, 'rgb8', target), image.astype(np.uint16) * scale)


def test_an_image_is_copied_only_when_it_must_be():
    message = BRIDGE.cv2_to_imgmsg(noise((4, 5, 3)), 'rgb8')
    view, copy = BRIDGE.imgmsg_to_cv2(message), BRIDGE.imgmsg_to_cv2(message, 'rgb8')
    message.data[0] ^= 255
    assert view[0, 0, 0] == message.data[0] != copy[0, 0, 0]
    assert copy.flags.writeable
    original = noise((4, 5, 3))
    assert not np.shares_memory(cvtColor2(original, 'rgb8', '8UC3'), original)


def test_an_encoding_must_fit_the_array():
    with pytest.raises(CvBridgeError, match='encoding specified as rgba8, but image has incompatible type 8UC3'):
        BRIDGE.cv2_to_imgmsg(noise((2, 2, 3)), 'rgba8')
    for not_an_array in (1, [[1]], None):
        with pytest.raises(TypeError, match='not a numpy array'):
            BRIDGE.cv2_to_imgmsg(not_an_array)
        with pytest.raises(TypeError, match='not a numpy array'):
            BRIDGE.cv2_to_compressed_imgmsg(not_an_array)


def test_a_header_is_taken_over_and_parts_of_arrays_are_packed():
    image = noise((6, 8, 3))
    message = BRIDGE.cv2_to_imgmsg(image[::2, 1:5], 'bgr8', Header(frame_id='camera'))
    assert message.header.frame_id == 'camera'
    assert (message.height, message.width, message.step) == (3, 4, 12)
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(message), image[::2, 1:5])


def test_messages_that_contradict_themselves_are_refused():
    message = BRIDGE.cv2_to_imgmsg(noise((4, 4, 3)), 'rgb8')
    for step in (11, 13):
        message.step = step
        with pytest.raises(CvBridgeError, match='wrongly formed'):
            BRIDGE.imgmsg_to_cv2(message)


LOSSLESS = ('png', 'bmp', 'dib', 'tif', 'tiff')


@pytest.mark.parametrize('extension', [*LOSSLESS, 'jpg', 'jpeg', 'jpe', 'sr', 'ras'])
@pytest.mark.parametrize('shape', [(40, 60), (40, 60, 1), (40, 60, 3)])
def test_compressed_images_come_back(extension, shape):
    image = cv2.blur(noise(shape), (9, 9)).reshape(shape)
    message = BRIDGE.cv2_to_compressed_imgmsg(image, extension)
    assert message.format == extension
    received = BRIDGE.compressed_imgmsg_to_cv2(message)
    assert received.dtype == np.uint8
    assert received.shape == ((40, 60) if shape[2:] in ((), (1,)) else shape)
    if extension in LOSSLESS:
        np.testing.assert_array_equal(received.reshape(shape), image)
    elif extension.startswith('jp'):
        assert np.abs(received.astype(int).reshape(shape) - image).mean() < 6


@pytest.mark.parametrize('image', [noise((4, 4), np.uint16), noise((4, 4, 4)), noise((4, 4, 3), np.uint16)])
def test_png_keeps_depth_and_transparency(image):
    message = BRIDGE.cv2_to_compressed_imgmsg(image, 'png')
    np.testing.assert_array_equal(BRIDGE.compressed_imgmsg_to_cv2(message), image)


def test_compression_to_an_unknown_format_is_refused():
    with pytest.raises(CvBridgeError):
        BRIDGE.cv2_to_compressed_imgmsg(noise((4, 4)), 'no_such_format')


def test_compressed_colours_are_bgr():
    image = np.full((4, 4, 3), [255, 0, 10], np.uint8)
    message = BRIDGE.cv2_to_compressed_imgmsg(image, 'png')
    np.testing.assert_array_equal(BRIDGE.compressed_imgmsg_to_cv2(message, 'rgb8'), image[..., ::-1])


def test_what_is_not_offered_says_so():
    with pytest.raises(NotImplementedError, match='cvtColorForDisplay'):
        cvtColorForDisplay(noise((4, 4)), 'mono8', 'bgr8')


def test_a_large_image_is_not_copied_element_by_element():
    image = noise((800, 1100, 3))
    start = wall.thread_time()
    BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(image, 'rgb8'))
    assert wall.thread_time() - start < 0.1
