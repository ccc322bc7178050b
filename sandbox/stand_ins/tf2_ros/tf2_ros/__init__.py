# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's tf2_ros (0.36, https://github.com/ros2/geometry2): frames over /tf and /tf_static."""

from __future__ import annotations

from tf2_ros.buffer import Buffer
from tf2_ros.errors import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TimeoutException,
    TransformException,
    not_offered,
)
from tf2_ros.topics import StaticTransformBroadcaster, TransformBroadcaster, TransformListener

__all__ = [
    'Buffer', 'ConnectivityException', 'ExtrapolationException', 'InvalidArgumentException', 'LookupException',
    'StaticTransformBroadcaster', 'TimeoutException', 'TransformBroadcaster', 'TransformException', 'TransformListener',
]

_UPSTREAM_NAMES = (
    'BufferClient BufferCore BufferInterface ConvertRegistration NotImplementedException Stamped TransformRegistration '
    'TypeException convert'.split())


def __getattr__(name: str) -> object:
    if name in _UPSTREAM_NAMES:
        raise not_offered(name, 'use a Buffer and a TransformListener, or a machine with ROS 2')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
