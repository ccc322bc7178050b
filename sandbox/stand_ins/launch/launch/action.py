# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Action: an entity that does something when it is visited."""

from __future__ import annotations

from collections.abc import Iterable

from .condition import Condition
from .launch_context import LaunchContext
from .launch_description_entity import LaunchDescriptionEntity


class Action(LaunchDescriptionEntity):
    """Base of all actions; executed only if its condition (if any) holds."""

    def __init__(self, *, condition: Condition | None = None) -> None:
        """Take the condition under which the action is executed."""
        self.__condition = condition

    @property
    def condition(self) -> Condition | None:
        """The condition under which the action is executed."""
        return self.__condition

    def describe(self) -> str:
        """Say what this action is."""
        return repr(self)

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities that executing this action yields, as far as they are known beforehand."""
        return []

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities that a visit yields unconditionally."""
        return self.get_sub_entities() if self.__condition is None else []

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return the entities that a visit yields if the condition holds."""
        return [('Conditionally included by ' + self.describe(), self.get_sub_entities())] if self.__condition else []

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Execute the action if its condition holds, and announce its completion to those who wait for it."""
        if self.__condition is not None and not self.__condition.evaluate(context):
            return None
        try:
            return self.execute(context)
        finally:
            self.__announce_completion(context)

    def __announce_completion(self, context: LaunchContext) -> None:
        from .events import ExecutionComplete
        event = ExecutionComplete(action=self)
        if not context.would_handle_event(event):
            return
        future = self.get_asyncio_future()
        if future is None:
            context.emit_event_sync(event)
        else:
            future.add_done_callback(lambda _: context.emit_event_sync(event))

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Do the work and return the entities to visit next; derived classes override it."""
        return None
