# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""EmitEvent: emits an event."""

from __future__ import annotations

from typing import Any

from ..action import Action
from ..event import Event
from ..launch_context import LaunchContext
from ..utilities import is_a_subclass


class EmitEvent(Action):
    """Emits an event."""

    def __init__(self, *, event: Event, **kwargs: Any) -> None:
        """Take the event."""
        super().__init__(**kwargs)
        if not is_a_subclass(event, Event):
            raise RuntimeError(f"EmitEvent() expected an event instance, got '{event}' of type '{type(event)}'.")
        self.__event = event

    @property
    def event(self) -> Event:
        """The event."""
        return self.__event

    def execute(self, context: LaunchContext) -> None:
        """Emit the event."""
        context.emit_event_sync(self.__event)
