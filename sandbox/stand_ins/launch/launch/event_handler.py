# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""EventHandler: what to do when a matching event is processed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .event import Event
from .some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class BaseEventHandler:
    """Base of the event handlers: matching, describing, handling only once."""

    def __init__(self, *, matcher: Callable[[Event], bool], handle_once: bool = False) -> None:
        """Take the matcher and whether the handler unregisters itself when it handles its first event."""
        self.__matcher = matcher
        self.__handle_once = handle_once

    @property
    def handle_once(self) -> bool:
        """Whether the handler handles a single event."""
        return self.__handle_once

    @property
    def handler_description(self) -> str | None:
        """The handler in words."""
        return None

    @property
    def matcher_description(self) -> str | None:
        """The matcher in words."""
        return None

    def matches(self, event: Event) -> bool:
        """Whether this handler is for the event."""
        return self.__matcher(event)

    def describe(self) -> tuple[str, list[SomeEntitiesType]]:
        """Return a description and the entities known beforehand."""
        return (
            f"{type(self).__name__}(matcher='{self.matcher_description}', "
            f"handler='{self.handler_description}', handle_once={self.handle_once})", [])

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Make the event available as `context.locals.event`; derived classes return entities to visit."""
        context.extend_locals({'event': event})
        if self.handle_once:
            context.unregister_event_handler(self)
        return None


class EventHandler(BaseEventHandler):
    """Event handler that yields fixed entities."""

    def __init__(
        self, *, matcher: Callable[[Event], bool], entities: SomeEntitiesType | None = None, handle_once: bool = False,
    ) -> None:
        """Take the entities to visit on a matching event."""
        super().__init__(matcher=matcher, handle_once=handle_once)
        self.__entities = entities

    @property
    def entities(self) -> SomeEntitiesType | None:
        """The entities to visit on a matching event."""
        return self.__entities

    def describe(self) -> tuple[str, list[SomeEntitiesType]]:
        """Return a description and the entities."""
        text, entities = super().describe()
        if self.entities:
            entities.extend(self.entities)
        return text, entities

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities."""
        super().handle(event, context)
        return self.entities
