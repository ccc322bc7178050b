# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""TimerEvent: the time of a timer action has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..event import Event

if TYPE_CHECKING:
    from ..actions import TimerAction


class TimerEvent(Event):
    """The time of a timer action has come."""

    name = 'launch.events.TimerEvent'

    def __init__(self, *, timer_action: TimerAction) -> None:
        """Take the timer action."""
        self.__timer_action = timer_action

    @property
    def timer_action(self) -> TimerAction:
        """The timer action."""
        return self.__timer_action
