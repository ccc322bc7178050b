# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ProcessTargetedEvent: something is asked of some processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...event import Event

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


class ProcessTargetedEvent(Event):
    """Base of the events that are for the processes that match."""

    name = 'launch.events.process.ProcessTargetedEvent'

    def __init__(self, *, process_matcher: Callable[[ExecuteLocal], bool]) -> None:
        """Take the matcher, for example `matches_action(action)`, `matches_pid(pid)` or `matches_name(name)`."""
        self.__process_matcher = process_matcher

    @property
    def process_matcher(self) -> Callable[[ExecuteLocal], bool]:
        """The matcher."""
        return self.__process_matcher
