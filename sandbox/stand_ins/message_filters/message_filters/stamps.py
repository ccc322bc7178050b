# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""When a message was taken: its header's stamp, or, where that is allowed, the time of its arrival."""

from __future__ import annotations

from typing import Any

from rclpy.clock import ROSClock
from rclpy.logging import get_logger
from rclpy.time import Time


def stamp_of(message: Any, allow_headerless: bool, logger: str) -> Time | None:
    """Return the message's time; warn and return None if it has no header and may not go without."""
    if hasattr(message, 'header') and hasattr(message.header, 'stamp'):
        stamp = message.header.stamp
        return stamp if hasattr(stamp, 'nanoseconds') else Time.from_msg(stamp)
    if allow_headerless:
        return ROSClock().now()
    get_logger(logger).warning(
        f'{type(message).__name__} has no header.stamp and is left out; '
        'construct the filter with allow_headerless=True to use the time of arrival instead'
    )
    return None
