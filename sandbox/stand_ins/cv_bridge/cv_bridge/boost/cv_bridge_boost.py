# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What upstream's compiled part offers to Python: OpenCV types of encodings, conversions between encodings."""

from __future__ import annotations

from typing import Any, NoReturn

import cv2
import numpy as np

from cv_bridge.encodings import Encoding, parse_encoding

DTYPES = {
    '8U': np.uint8,
    '8S': np.int8,
    '16U': np.uint16,
    '16S': np.int16,
    '32S': np.int32,
    '32F': np.float32,
    '64F': np.float64,
}

_BAYER_TARGETS = ('GRAY', 'RGB', 'BGR')
_TARGETS = (*_BAYER_TARGETS, 'RGBA', 'BGRA')
_CHANNEL_STEP = cv2.CV_MAKETYPE(cv2.CV_8U, 2)
"""Distance between the OpenCV types of one and of two channels; OpenCV 5 made room for more depths."""


def getCvType(encoding: str) -> int:  # noqa: N802 (upstream's name)
    """Return OpenCV's type (CV_8UC3, ...) of an image encoding; RuntimeError if there is none."""
    parsed = parse_encoding(encoding)
    return cv2.CV_MAKETYPE(getattr(cv2, f'CV_{parsed.depth}'), parsed.channels)


def CV_MAT_DEPTHWrap(cv_type: int) -> int:  # noqa: N802 (upstream's name)
    """Return the depth (CV_8U, ...) of an OpenCV type."""
    return cv_type % _CHANNEL_STEP


def CV_MAT_CNWrap(cv_type: int) -> int:  # noqa: N802 (upstream's name)
    """Return the number of channels of an OpenCV type."""
    return cv_type // _CHANNEL_STEP + 1


def cvtColor2(image: np.ndarray, encoding_in: str, encoding_out: str) -> np.ndarray:  # noqa: N802 (upstream's name)
    """Return a copy of `image` ((H, W) or (H, W, channels)) in another encoding.

    Colours are converted first, then the depth: between integers of 8 and 16 bits full scale of unsigned maps to full
    scale, between other types the values are kept; both are rounded and saturate. Raises RuntimeError where upstream
    has no conversion.
    """
    if encoding_out in ('', encoding_in):
        return image.copy()
    source, target = parse_encoding(encoding_in), parse_encoding(encoding_out)
    if not source.colour and target.colour:
        raise RuntimeError(
            f'[{encoding_in}] is not a color format. but [{encoding_out}] is. The conversion does not make sense'
        )
    if target.colour:
        return _convert_depth(_convert_colour(image, source, target), source, target)
    if source.channels != target.channels and source.colour:
        raise RuntimeError(
            f'[{encoding_in}] is a color format but [{encoding_out}] is not so they must have the same OpenCV type, '
            'CV_8UC3, CV16UC1 ....'
        )
    if source.channels != target.channels:
        raise RuntimeError(f'[{encoding_in}] and [{encoding_out}] do not have the same number of channel')
    return _convert_depth(image.copy(), source, target)


def cvtColorForDisplay(*args: Any, **kwargs: Any) -> NoReturn:  # noqa: N802 (upstream's name)
    """Not offered."""
    raise NotImplementedError('the sandbox stand-in for cv_bridge has no cvtColorForDisplay; scale the image yourself')


def _convert_colour(image: np.ndarray, source: Encoding, target: Encoding) -> np.ndarray:
    if source.colour == target.colour and not source.is_bayer:
        return image.copy()
    if target.colour not in (_BAYER_TARGETS if source.is_bayer else _TARGETS):
        raise RuntimeError(f'Unsupported conversion from [{source.name}] to [{target.name}]')
    if source.is_yuv:
        code = f'COLOR_YUV2{target.colour}_{source.colour}'
    else:
        code = f'COLOR_{source.colour}2{target.colour}'
    try:
        return cv2.cvtColor(image, getattr(cv2, code))
    except cv2.error as error:
        raise RuntimeError(str(error)) from error


def _convert_depth(image: np.ndarray, source: Encoding, target: Encoding) -> np.ndarray:
    dtype = np.dtype(DTYPES[target.depth])
    scale = {(8, 16): 65535 / 255, (16, 8): 255 / 65535}.get((source.bits, target.bits))
    if scale is None and np.can_cast(image.dtype, dtype):
        return image.astype(dtype, copy=False)
    if dtype.kind == 'f':
        return image.astype(dtype)
    limits = np.iinfo(dtype)
    values = np.rint(image.astype(np.float64) * (scale or 1))
    return np.clip(np.nan_to_num(values, nan=limits.min), limits.min, limits.max).astype(dtype)
