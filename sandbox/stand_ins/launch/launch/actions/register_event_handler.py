# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""RegisterEventHandler: registers an event handler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..action import Action
from ..event_handler import BaseEventHandler
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity


class RegisterEventHandler(Action):
    """Registers an event handler; it comes before those that are registered already."""

    def __init__(self, event_handler: BaseEventHandler, **kwargs: Any) -> None:
        """Take the event handler."""
        super().__init__(**kwargs)
        self.__event_handler = event_handler

    @property
    def event_handler(self) -> BaseEventHandler:
        """The event handler."""
        return self.__event_handler

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context.register_event_handler(self.__event_handler)

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return the entities of the event handler."""
        description, entities = self.__event_handler.describe()
        return [(description, entities)] if entities else []
