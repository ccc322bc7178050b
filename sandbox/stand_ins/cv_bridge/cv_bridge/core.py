# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""CvBridge: sensor_msgs images to and from OpenCV's arrays."""

from __future__ import annotations

import sys

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from cv_bridge.boost.cv_bridge_boost import DTYPES, CV_MAT_CNWrap, CV_MAT_DEPTHWrap, cvtColor2, getCvType


class CvBridgeError(TypeError):
    """A conversion that is not possible."""


class CvBridge:
    """Converts images between ROS messages and OpenCV's arrays, (H, W) for one channel, else (H, W, channels)."""

    def __init__(self) -> None:
        self.cvtype_to_name = {
            getattr(cv2, f'CV_{depth}C{channels}'): f'{depth}C{channels}'
            for depth in DTYPES
            for channels in (1, 2, 3, 4)
        }
        self.cvdepth_to_numpy_depth = {
            getattr(cv2, f'CV_{depth}'): np.dtype(dtype).name for depth, dtype in DTYPES.items()
        }
        self.numpy_type_to_cvtype = {np.dtype(dtype).name: depth for depth, dtype in DTYPES.items()}

    def dtype_with_channels_to_cvtype2(self, dtype: np.dtype, n_channels: int) -> str:
        """Return the generic encoding ('8UC3', ...) of an array."""
        return f'{self.numpy_type_to_cvtype[dtype.name]}C{n_channels}'

    def cvtype2_to_dtype_with_channels(self, cvtype: int) -> tuple[str, int]:
        """Return the name of numpy's type and the number of channels of an OpenCV type."""
        return self.cvdepth_to_numpy_depth[CV_MAT_DEPTHWrap(cvtype)], CV_MAT_CNWrap(cvtype)

    def encoding_to_cvtype2(self, encoding: str) -> int:
        """Return OpenCV's type of an image encoding."""
        try:
            return getCvType(encoding)
        except RuntimeError as error:
            raise CvBridgeError(error) from error

    def encoding_to_dtype_with_channels(self, encoding: str) -> tuple[str, int]:
        """Return the name of numpy's type and the number of channels of an image encoding."""
        return self.cvtype2_to_dtype_with_channels(self.encoding_to_cvtype2(encoding))

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = 'passthrough') -> np.ndarray:
        """Return the image in the desired encoding, in this machine's byte order.

        With 'passthrough' and without padding or foreign byte order the array shares the message's memory.
        """
        dtype_name, channels = self.encoding_to_dtype_with_channels(img_msg.encoding)
        dtype = np.dtype(dtype_name).newbyteorder('>' if img_msg.is_bigendian else '<')
        pixel_size = dtype.itemsize * channels
        if img_msg.step < img_msg.width * pixel_size or len(img_msg.data) < img_msg.height * img_msg.step:
            raise CvBridgeError(
                f'Image is wrongly formed: {img_msg.height} rows of {img_msg.width} pixels of {pixel_size} bytes in '
                f'steps of {img_msg.step}, but {len(img_msg.data)} bytes of data'
            )
        padded = np.ndarray(
            shape=(img_msg.height, img_msg.width, channels),
            dtype=dtype,
            buffer=img_msg.data,
            strides=(img_msg.step, pixel_size, dtype.itemsize),
        )
        image = np.ascontiguousarray(padded[..., 0] if channels == 1 else padded)
        if bool(img_msg.is_bigendian) != (sys.byteorder == 'big'):
            image = image.astype(dtype.newbyteorder('='))
        return image if desired_encoding == 'passthrough' else self._convert(image, img_msg.encoding, desired_encoding)

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = 'passthrough'
    ) -> np.ndarray:
        """Return a compressed image as it was compressed (None if it cannot be decoded).

        For conversions to a desired encoding, as upstream does, whatever was decoded counts as bgr8.
        """
        image = cv2.imdecode(np.frombuffer(cmprs_img_msg.data, np.uint8), cv2.IMREAD_UNCHANGED)
        return image if desired_encoding == 'passthrough' else self._convert(image, 'bgr8', desired_encoding)

    def cv2_to_imgmsg(self, cvim: np.ndarray, encoding: str = 'passthrough', header: Header | None = None) -> Image:
        """Return the image as a message; `encoding` must have the array's type, 'passthrough' derives it."""
        cv_type = self.dtype_with_channels_to_cvtype2(_checked(cvim).dtype, cvim.shape[2] if cvim.ndim > 2 else 1)
        if encoding != 'passthrough' and self.cvtype_to_name[self.encoding_to_cvtype2(encoding)] != cv_type:
            raise CvBridgeError(f'encoding specified as {encoding}, but image has incompatible type {cv_type}')
        message = Image(
            height=cvim.shape[0],
            width=cvim.shape[1],
            encoding=cv_type if encoding == 'passthrough' else encoding,
            is_bigendian=cvim.dtype.byteorder == '>',
        )
        if header is not None:
            message.header = header
        message.data.frombytes(cvim.tobytes())
        message.step = len(message.data) // message.height
        return message

    def cv2_to_compressed_imgmsg(self, cvim: np.ndarray, dst_format: str = 'jpg') -> CompressedImage:
        """Return the image (bgr8 or mono8) compressed as a file of type `dst_format` ('jpg', 'png', ...)."""
        message = CompressedImage(format=dst_format)
        try:
            message.data.frombytes(cv2.imencode(f'.{dst_format}', _checked(cvim))[1].tobytes())
        except cv2.error as error:
            raise CvBridgeError(error) from error
        return message

    def _convert(self, image: np.ndarray, encoding: str, desired_encoding: str) -> np.ndarray:
        try:
            return cvtColor2(image, encoding, desired_encoding)
        except RuntimeError as error:
            raise CvBridgeError(error) from error


def _checked(image: np.ndarray) -> np.ndarray:
    if not isinstance(image, (np.ndarray, np.generic)):
        raise TypeError('Your input type is not a numpy array')
    return image
