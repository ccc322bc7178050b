# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Why a transform cannot be had."""

from __future__ import annotations


class TransformException(Exception):  # noqa: N818 (upstream's name)
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
