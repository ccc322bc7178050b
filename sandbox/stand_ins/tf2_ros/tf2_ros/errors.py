# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Why a transform cannot be had, and what the stand-in says of what only upstream offers."""

from __future__ import annotations


class TransformException(Exception):
    """The base of all exceptions of tf2."""


class ConnectivityException(TransformException):
    """The frames are in different trees."""


class LookupException(TransformException):
    """A frame does not exist, or the tree has a loop."""


class ExtrapolationException(TransformException):
    """The time is outside of what was received."""


class InvalidArgumentException(TransformException):
    """A frame's name is empty or starts with a slash."""


class TimeoutException(TransformException):
    """The transform did not become available in time."""


def not_offered(name: str, instead: str = 'use a machine with ROS 2') -> NotImplementedError:
    """Return the error for a name that upstream has."""
    return NotImplementedError(f"tf2_ros.{name} exists in ROS 2 but not in the sandbox's stand-in; {instead}")
