# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Pixels out of sensor_msgs/Image and CompressedImage messages, as rclpy or rosbags give them.

Compressed images are what image_transport writes: jpeg or png colour, png 16-bit depth, and `compressedDepth` (png),
whose 12 bytes before the png hold the constants of 32FC1's inverse depth quantisation.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

import cv2
import numpy as np

from robot4d_core.errors import ImageError
from robot4d_core.geometry.pointmaps import depth_in_metres

IMAGE, COMPRESSED_IMAGE = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
COLOUR_KINDS = {'': IMAGE, '/compressed': COMPRESSED_IMAGE}
DEPTH_KINDS = {'': IMAGE, '/compressedDepth': COMPRESSED_IMAGE, '/compressed': COMPRESSED_IMAGE}
"""How images are sent: suffix of the topic -> message type, in order of preference."""

PLAUSIBLE_DEPTH = (0.1, 5.0)  # metres, of the median

_RGB_ORDER = {'rgb8': [0, 1, 2], 'rgba8': [0, 1, 2], 'bgr8': [2, 1, 0], 'bgra8': [2, 1, 0]}
_DEPTH = ('16UC1', 'mono16', '32FC1')
_PIXELS = {
    'rgb8': ('u1', 3), 'bgr8': ('u1', 3), 'rgba8': ('u1', 4), 'bgra8': ('u1', 4), 'mono8': ('u1', 1),
    '16UC1': ('u2', 1), 'mono16': ('u2', 1), '32FC1': ('f4', 1), '32FC3': ('f4', 3),
}
_DEPTH_HEADER = struct.Struct('<iff')  # format, then A and B of depth = A / (value - B)


def check_colour(message, topic: str) -> None:
    """Raise ImageError unless message says that it is a whole colour image, in a form that colour_image understands."""
    _check(message, topic, 'colour', _RGB_ORDER, "remap the input to the right topic or change the driver's format")


def check_depth(message, topic: str) -> None:
    """Raise ImageError unless message says that it is a whole depth image, in a form that depth_image understands."""
    _check(message, topic, 'depth', _DEPTH, '16UC1 in millimetres or 32FC1 in metres; take depth aligned to colour')


def colour_image(message, topic: str) -> np.ndarray:
    """Return (H, W, 3) uint8 RGB. Raises ImageError for what is no colour image, and for lost bytes."""
    check_colour(message, topic)
    if not is_compressed(message):
        pixels = raw_pixels(message, topic)
        return pixels if message.encoding == 'rgb8' else np.ascontiguousarray(pixels[..., _RGB_ORDER[message.encoding]])
    pixels = _decompress(message, topic)
    if pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise ImageError(f"{topic}: a colour image must have three channels of 8 bits, got {pixels.dtype} of shape "
                         f"{pixels.shape} ('{message.format}')")
    return np.ascontiguousarray(pixels[..., 2::-1])


def depth_image(message, topic: str) -> np.ndarray:
    """Return (H, W) float32 metres, NaN where invalid.

    Raises ImageError for what is no depth image, for lost bytes, when no pixel is valid, and when the median is no
    distance in a robot's cell: then the unit is another than the encoding stands for.
    """
    check_depth(message, topic)
    if is_compressed(message):
        depth = depth_in_metres(*_decompress_depth(message, topic))
    else:
        depth = depth_in_metres(raw_pixels(message, topic), message.encoding)
    if np.isnan(depth).all():
        raise ImageError(f'{topic}: a depth image has no valid pixel; is the emitter or the alignment off?')
    (low, high), median = PLAUSIBLE_DEPTH, float(np.nanmedian(depth))
    if not low <= median <= high:
        raise ImageError(
            f'{topic}: the median depth is {median:.4g} m, expected {low} to {high} m; the unit is wrong: 16UC1 must '
            'be millimetres, 32FC1 metres')
    return depth


def label_image(message, topic: str) -> np.ndarray:
    """Return (H, W) uint8 labels. Raises ImageError unless the encoding is mono8."""
    _check(message, topic, 'segmentation', ('mono8',), 'leave the topic out')
    return raw_pixels(message, topic)


def is_compressed(message) -> bool:
    """Tell a CompressedImage from an Image."""
    return hasattr(message, 'format')


def image_size(message) -> tuple[int, int] | None:
    """Return (width, height) as the message says, None for a compressed image, which does not."""
    return None if is_compressed(message) else (message.width, message.height)


def raw_pixels(message, topic: str) -> np.ndarray:
    """Return (H, W) or (H, W, channels) of a sensor_msgs/Image in this machine's byte order; raises ImageError.

    Without padding it shares the message's memory.
    """
    item, channels = _layout(message, topic)
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    pixels = np.ascontiguousarray(rows[:, :message.width * channels * item.itemsize]).view(item)
    pixels = pixels.astype(item.newbyteorder('='), copy=False)
    return pixels.reshape(message.height, message.width, channels) if channels > 1 else pixels


def _check(message, topic: str, kind: str, encodings: Collection[str], advice: str) -> None:
    if is_compressed(message):
        return
    if message.encoding not in encodings:
        raise ImageError(f"{topic}: a {kind} image must be {', '.join(encodings)}, got '{message.encoding}'; {advice}")
    _layout(message, topic)


def _layout(message, topic: str) -> tuple[np.dtype, int]:
    """Return the type of a channel and the number of channels; raises ImageError when bytes are missing."""
    kind, channels = _PIXELS[message.encoding]
    item = np.dtype(kind).newbyteorder('>' if message.is_bigendian else '<')
    row = message.width * channels * item.itemsize
    if not row or not message.height or message.step < row or len(message.data) != message.height * message.step:
        raise ImageError(
            f'{topic}: the image says {message.width}x{message.height} {message.encoding} with {message.step} bytes a '
            f'row, which must be {row} or more, and carries {len(message.data)} bytes; the driver sends broken images')
    return item, channels


def _decompress(message, topic: str, offset: int = 0) -> np.ndarray:
    data = np.frombuffer(message.data, np.uint8)[offset:]
    pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if len(data) else None
    if pixels is None:
        raise ImageError(f"{topic}: cannot decompress {len(data)} bytes of format '{message.format}'; jpeg and png are "
                         'understood')
    return pixels


def _decompress_depth(message, topic: str) -> tuple[np.ndarray, str]:
    with_header = 'compressedDepth' in message.format
    if with_header and ('rvl' in message.format or len(message.data) <= _DEPTH_HEADER.size):
        raise ImageError(f"{topic}: cannot decompress depth of format '{message.format}'; set compressedDepth's format "
                         'to png')
    pixels = _decompress(message, topic, _DEPTH_HEADER.size if with_header else 0)
    if pixels.dtype != np.uint16 or pixels.ndim != 2:
        raise ImageError(f"{topic}: compressed depth must be a 16-bit png, got {pixels.dtype} of shape {pixels.shape} "
                         f"('{message.format}'); jpeg destroys depth, take the raw or compressedDepth topic")
    if not with_header or message.format.split(';')[0].strip() != '32FC1':
        return pixels, '16UC1'
    _, a, b = _DEPTH_HEADER.unpack(bytes(message.data[:_DEPTH_HEADER.size]))
    with np.errstate(divide='ignore'):
        return np.where(pixels > 0, a / (pixels.astype(np.float32) - np.float32(b)), np.float32(np.nan)), '32FC1'
