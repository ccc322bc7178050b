# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's cv_bridge (4.1, https://github.com/ros-perception/vision_opencv): images as arrays."""

from __future__ import annotations

import re
import sys

import cv2
import numpy as np
from sensor_msgs.msg import Image

__all__ = ['CvBridge', 'CvBridgeError']

_COLOURS = ('rgb8', 'bgr8', 'rgba8', 'bgra8')
_TYPES = {  # of a channel, and how many there are
    **{name: (np.dtype(np.uint8), len(name) - 1) for name in _COLOURS},
    '16UC1': (np.dtype(np.uint16), 1), '32FC1': (np.dtype(np.float32), 1),
}
_UPSTREAM_ENCODING = re.compile(
    '(mono|rgba?|bgra?|bayer_(rggb|bggr|gbrg|grbg))(8|16)|(8U|8S|16U|16S|32S|32F|64F)(C[0-9]+)?|uyvy|yuyv|yuv422(_yuy2)?')
_UPSTREAM_NAMES = """
boost compressed_imgmsg_to_cv2 core cv2_to_compressed_imgmsg cv2_to_imgmsg cvdepth_to_numpy_depth
cvtColorForDisplay cvtype2_to_dtype_with_channels cvtype_to_name dtype_with_channels_to_cvtype2 encoding_to_cvtype2
encoding_to_dtype_with_channels getCvType numpy_type_to_cvtype
""".split()


def __getattr__(name: str) -> None:
    if name in _UPSTREAM_NAMES:
        raise _not_offered(name)
    raise AttributeError(f'{__name__} has no attribute {name!r}')


def _not_offered(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"cv_bridge's {name} exists in ROS 2 but not in the sandbox's stand-in; use imgmsg_to_cv2 with "
        f"{', '.join(_TYPES)}, or a machine with ROS 2")


class CvBridgeError(TypeError):
    """A conversion that is not possible."""


class CvBridge:
    """Converts messages to OpenCV's arrays, (H, W) for one channel, else (H, W, channels)."""

    __getattr__ = staticmethod(__getattr__)

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = 'passthrough') -> np.ndarray:
        """Return the image in the desired encoding, in this machine's byte order.

        With 'passthrough' and without padding or foreign byte order the array shares the message's memory.
        """
        native, channels = _type_of(img_msg.encoding)
        dtype = native.newbyteorder('>' if img_msg.is_bigendian else '<')
        pixel_size = dtype.itemsize * channels
        if img_msg.step < img_msg.width * pixel_size or len(img_msg.data) < img_msg.height * img_msg.step:
            raise CvBridgeError(
                f'Image is wrongly formed: {img_msg.height} rows of {img_msg.width} pixels of {pixel_size} bytes in '
                f'steps of {img_msg.step}, but {len(img_msg.data)} bytes of data')
        shape, strides = (img_msg.height, img_msg.width, channels), (img_msg.step, pixel_size, dtype.itemsize)
        padded = np.ndarray(shape, dtype, img_msg.data, strides=strides)
        image = np.ascontiguousarray(padded[..., 0] if channels == 1 else padded)
        if bool(img_msg.is_bigendian) != (sys.byteorder == 'big'):
            image = image.astype(native)
        return image if desired_encoding == 'passthrough' else _convert(image, img_msg.encoding, desired_encoding)


def _type_of(encoding: str) -> tuple[np.dtype, int]:
    if encoding in _TYPES:
        return _TYPES[encoding]
    if _UPSTREAM_ENCODING.fullmatch(encoding):
        raise _not_offered(f'encoding {encoding}')
    raise CvBridgeError(f'Unrecognized image encoding [{encoding}]')


def _convert(image: np.ndarray, source: str, target: str) -> np.ndarray:
    """Return a copy in another encoding; values of depth images are kept, rounded and saturate."""
    if target in ('', source):
        return image.copy()
    _type_of(target)
    if source in _COLOURS and target in _COLOURS:
        return cv2.cvtColor(image, getattr(cv2, f'COLOR_{source[:-1]}2{target[:-1]}'.upper()))
    if target in _COLOURS:
        raise CvBridgeError(f'[{source}] is not a color format. but [{target}] is. The conversion does not make sense')
    if source in _COLOURS:
        raise CvBridgeError(
            f'[{source}] is a color format but [{target}] is not so they must have the same OpenCV type, '
            'CV_8UC3, CV16UC1 ....')
    if target == '32FC1':
        return image.astype(np.float32)
    return np.clip(np.nan_to_num(np.rint(image)), 0, 65535).astype(np.uint16)
