# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Pixels out of recorded sensor_msgs/Image and CompressedImage messages.

Compressed images are what image_transport writes: jpeg or png colour, png 16-bit depth, and `compressedDepth` (png),
whose 12 bytes before the png hold the constants of 32FC1's inverse depth quantisation.
"""

from __future__ import annotations

import struct

import cv2
import numpy as np

from robot4d_core.errors import ImageError

IMAGE, COMPRESSED_IMAGE = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'

_RGB_ORDER = {'rgb8': [0, 1, 2], 'rgba8': [0, 1, 2], 'bgr8': [2, 1, 0], 'bgra8': [2, 1, 0]}
_PIXELS = {
    'rgb8': ('u1', 3), 'bgr8': ('u1', 3), 'rgba8': ('u1', 4), 'bgra8': ('u1', 4), 'mono8': ('u1', 1),
    '16UC1': ('u2', 1), 'mono16': ('u2', 1), '32FC1': ('f4', 1),
}
_DEPTH_HEADER = struct.Struct('<iff')  # format, then A and B of depth = A / (value - B)


def colour_pixels(message) -> np.ndarray:
    """Return (H, W, 3) uint8 RGB. Raises ImageError for an encoding that is no colour."""
    if message.__msgtype__ == COMPRESSED_IMAGE:
        return np.ascontiguousarray(_decompress(message.data, message.format, cv2.IMREAD_COLOR)[..., ::-1])
    if message.encoding not in _RGB_ORDER:
        raise ImageError(f"a colour image must be {', '.join(_RGB_ORDER)}, got '{message.encoding}'; "
                         'record the rectified colour stream')
    return np.ascontiguousarray(_raw_pixels(message)[..., _RGB_ORDER[message.encoding]])


def depth_pixels(message) -> tuple[np.ndarray, str]:
    """Return (H, W) and its encoding: '16UC1' (millimetres, 0 invalid) or '32FC1' (metres, NaN invalid).

    Raises ImageError for any other encoding.
    """
    if message.__msgtype__ == COMPRESSED_IMAGE:
        return _decompress_depth(message)
    encoding = '16UC1' if message.encoding == 'mono16' else message.encoding
    if encoding not in ('16UC1', '32FC1'):
        raise ImageError(f"a depth image must be 16UC1 (millimetres) or 32FC1 (metres), got '{message.encoding}'; "
                         'record depth aligned to colour')
    return _raw_pixels(message), encoding


def label_pixels(message) -> np.ndarray:
    """Return (H, W) uint8 labels. Raises ImageError unless the encoding is mono8."""
    if message.encoding != 'mono8':
        raise ImageError(f"a segmentation image must be mono8, got '{message.encoding}'")
    return _raw_pixels(message)


def _raw_pixels(message) -> np.ndarray:
    kind, channels = _PIXELS[message.encoding]
    item = np.dtype(kind).newbyteorder('>' if message.is_bigendian else '<')
    row = message.width * channels * item.itemsize
    if not row or message.step < row or len(message.data) != message.height * message.step:
        raise ImageError(
            f'the image says {message.width}x{message.height} {message.encoding} with {message.step} bytes a row but '
            f'carries {len(message.data)} bytes; the driver sends broken images')
    rows = np.ascontiguousarray(np.reshape(message.data, (message.height, message.step))[:, :row])
    pixels = rows.view(item).astype(item.newbyteorder('='), copy=False)
    return pixels.reshape(message.height, message.width, channels) if channels > 1 else pixels


def _decompress(data: np.ndarray, image_format: str, flags: int) -> np.ndarray:
    pixels = cv2.imdecode(np.asarray(data, np.uint8), flags) if len(data) else None
    if pixels is None:
        raise ImageError(f"cannot decompress {len(data)} bytes of format '{image_format}'; jpeg and png are understood")
    return pixels


def _decompress_depth(message) -> tuple[np.ndarray, str]:
    data, encoding = message.data, message.format.split(';')[0].strip()
    if 'compressedDepth' not in message.format:
        pixels = _decompress(data, message.format, cv2.IMREAD_UNCHANGED)
        if pixels.dtype != np.uint16 or pixels.ndim != 2:
            raise ImageError(f"compressed depth must be a 16-bit png, got {pixels.dtype} of shape {pixels.shape} "
                             f"('{message.format}'); jpeg destroys depth, record the raw or compressedDepth topic")
        return pixels, '16UC1'
    if 'rvl' in message.format or len(data) <= _DEPTH_HEADER.size:
        raise ImageError(f"cannot decompress depth of format '{message.format}'; set compressedDepth's format to png")
    _, a, b = _DEPTH_HEADER.unpack(bytes(data[:_DEPTH_HEADER.size]))
    pixels = _decompress(data[_DEPTH_HEADER.size:], message.format, cv2.IMREAD_UNCHANGED)
    if encoding != '32FC1':
        return pixels, '16UC1'
    with np.errstate(divide='ignore'):
        return np.where(pixels > 0, a / (pixels.astype(np.float32) - np.float32(b)), np.float32(np.nan)), '32FC1'
