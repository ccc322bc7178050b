# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ExecutionComplete: an action has done its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..event import Event

if TYPE_CHECKING:
    from ..action import Action


class ExecutionComplete(Event):
    """An action has done its work."""

    name = 'launch.events.ExecutionComplete'

    def __init__(self, *, action: Action) -> None:
        """Take the action."""
        self.__action = action

    @property
    def action(self) -> Action:
        """The action."""
        return self.__action
