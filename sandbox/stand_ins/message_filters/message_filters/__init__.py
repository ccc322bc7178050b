# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's message_filters (Python, 4.11): the filters that join several topics by time.

Upstream: https://github.com/ros2/message_filters. Offered: SimpleFilter, Subscriber, Cache, TimeSynchronizer and
ApproximateTimeSynchronizer, with upstream's names and signatures.
"""

from __future__ import annotations

from message_filters.cache import Cache
from message_filters.simple_filter import SimpleFilter
from message_filters.subscriber import Subscriber
from message_filters.synchronizers import ApproximateTimeSynchronizer, TimeSynchronizer

__all__ = ['ApproximateTimeSynchronizer', 'Cache', 'SimpleFilter', 'Subscriber', 'TimeSynchronizer']

_NOT_OFFERED = (
    'Chain',
    'ComparisonFilter',
    'DeltaCompare',
    'DeltaFilter',
    'InputAligner',
    'PathDeltaFilter',
)


def __getattr__(name: str) -> None:
    if name in _NOT_OFFERED:
        raise NotImplementedError(f'the sandbox stand-in for message_filters has no {name}; use a ROS 2 installation')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
