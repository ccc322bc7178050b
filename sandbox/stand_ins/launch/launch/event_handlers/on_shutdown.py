# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OnShutdown: what to do when the launch ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..events import Shutdown
from ..some_entities_type import SomeEntitiesType
from ..utilities import is_a_subclass

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class OnShutdown(BaseEventHandler):
    """Visits entities when the launch ends."""

    def __init__(
        self, *, on_shutdown: SomeEntitiesType | Callable[[Shutdown, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        """Take the entities or a function that yields them."""
        super().__init__(matcher=lambda event: is_a_subclass(event, Shutdown), **kwargs)
        self.__on_shutdown = on_shutdown

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities to visit."""
        super().handle(event, context)
        return self.__on_shutdown(event, context) if callable(self.__on_shutdown) else self.__on_shutdown

    @property
    def handler_description(self) -> str:
        """The handler in words."""
        return str(self.__on_shutdown)

    @property
    def matcher_description(self) -> str:
        """The matcher in words."""
        return 'event issubclass of launch.events.Shutdown'
