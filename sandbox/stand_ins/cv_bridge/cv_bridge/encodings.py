# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the names of sensor_msgs/image_encodings.hpp mean: how a pixel is stored and what its channels are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

DEPTHS = ('8U', '8S', '16U', '16S', '32S', '32F', '64F')


class Encoding(NamedTuple):
    """One image encoding."""

    name: str
    depth: str
    """OpenCV's name of a channel's type, one of `DEPTHS`."""
    channels: int
    colour: str | None = None
    """What the channels are, as OpenCV's colour conversions call it; None where the name does not say."""

    @property
    def bits(self) -> int:
        """Number of bits of one channel."""
        return int(self.depth[:-1])

    @property
    def is_bayer(self) -> bool:
        """Whether the pixels see one colour each."""
        return bool(self.colour) and self.colour.startswith('Bayer')

    @property
    def is_yuv(self) -> bool:
        """Whether two pixels share their colour."""
        return self.colour in ('UYVY', 'YUYV')


def _named_encodings() -> Iterator[Encoding]:
    for bits in (8, 16):
        depth = f'{bits}U'
        yield Encoding(f'mono{bits}', depth, 1, 'GRAY')
        for colour in ('RGB', 'BGR', 'RGBA', 'BGRA'):
            yield Encoding(f'{colour.lower()}{bits}', depth, len(colour), colour)
        # OpenCV names a pattern by the second and third pixel of its second row, ROS by its first four pixels.
        for pattern, colour in {'rggb': 'BayerBG', 'bggr': 'BayerRG', 'gbrg': 'BayerGR', 'grbg': 'BayerGB'}.items():
            yield Encoding(f'bayer_{pattern}{bits}', depth, 1, colour)
    for name, colour in {'uyvy': 'UYVY', 'yuv422': 'UYVY', 'yuyv': 'YUYV', 'yuv422_yuy2': 'YUYV'}.items():
        yield Encoding(name, '8U', 2, colour)


_NAMED = {encoding.name: encoding for encoding in _named_encodings()}


def parse_encoding(name: str) -> Encoding:
    """Return what `name` means.

    Raises RuntimeError for a name that cv_bridge does not know; the planar nv21 and nv24 are among these.
    """
    if name in _NAMED:
        return _NAMED[name]
    generic = re.fullmatch(f'({"|".join(DEPTHS)})(?:C([0-9]+))?', name)
    if not generic:
        raise RuntimeError(f'Unrecognized image encoding [{name}]')
    return Encoding(name, generic[1], int(generic[2] or 1))
