# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OnActionEventBase: handles the events that come from an action."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from ..action import Action


class OnActionEventBase(BaseEventHandler):
    """Handles one type of events, of one action, of the actions that match, or of all actions."""

    def __init__(
        self, *,
        action_matcher: Callable[[Action], bool] | Action | None,
        on_event: SomeEntitiesType | Callable[[Event, LaunchContext], SomeEntitiesType | None],
        target_event_cls: type[Event],
        target_action_cls: type[Action],
        **kwargs: Any,
    ) -> None:
        """Take whose events of which type are handled, and the entities to visit or a function that yields them."""
        if not issubclass(target_event_cls, Event):
            raise TypeError("'target_event_cls' must be a subclass of 'Event'")
        if not isinstance(action_matcher, (target_action_cls, type(None))) and not callable(action_matcher):
            raise TypeError(f"action_matcher must be an '{target_action_cls.__name__}' instance or a callable")
        self.__target_action_cls = target_action_cls
        self.__target_event_cls = target_event_cls
        self.__action_matcher = action_matcher
        super().__init__(matcher=self.__is_for_this_handler, **kwargs)
        self.__on_event = on_event
        self.__entities = [] if callable(on_event) else _checked_entities(on_event)

    def __is_for_this_handler(self, event: Event) -> bool:
        if not isinstance(event, self.__target_event_cls):
            return False
        if self.__action_matcher is None:
            return True
        if callable(self.__action_matcher):
            return self.__action_matcher(event.action)
        return event.action is self.__action_matcher

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities to visit."""
        super().handle(event, context)
        return self.__on_event(event, context) if callable(self.__on_event) else self.__entities

    def describe(self) -> tuple[str, list[SomeEntitiesType]]:
        """Return a description and the entities known beforehand."""
        text, entities = super().describe()
        return text, entities + self.__entities

    @property
    def handler_description(self) -> str:
        """The handler in words."""
        return '<actions>' if self.__entities else str(self.__on_event)

    @property
    def matcher_description(self) -> str:
        """The matcher in words."""
        text = f'event == {self.__target_event_cls.__name__}'
        if self.__action_matcher is not None:
            text += f' and {self.__target_action_cls.__name__}(event.action)'
        return text


def _checked_entities(entities: SomeEntitiesType | None) -> list[LaunchDescriptionEntity]:
    if not isinstance(entities, collections.abc.Iterable):
        return [entities]
    entities = list(entities)
    for entity in entities:
        if not isinstance(entity, LaunchDescriptionEntity):
            raise TypeError(
                "expected all items in 'on_event' iterable to be of type 'LaunchDescriptionEntity' "
                f"but got '{type(entity)}'")
    return entities
