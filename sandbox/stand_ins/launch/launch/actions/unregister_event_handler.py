# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""UnregisterEventHandler: unregisters an event handler."""

from __future__ import annotations

from typing import Any

from ..action import Action
from ..event_handler import BaseEventHandler
from ..launch_context import LaunchContext


class UnregisterEventHandler(Action):
    """Unregisters an event handler."""

    def __init__(self, event_handler: BaseEventHandler, **kwargs: Any) -> None:
        """Take the event handler."""
        super().__init__(**kwargs)
        self.__event_handler = event_handler

    @property
    def event_handler(self) -> BaseEventHandler:
        """The event handler."""
        return self.__event_handler

    def execute(self, context: LaunchContext) -> None:
        """Unregister the handler; raises ValueError if it is not registered."""
        context.unregister_event_handler(self.__event_handler)
