# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OnIncludeLaunchDescription: visits the launch descriptions that are included by an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..events import IncludeLaunchDescription
from ..some_entities_type import SomeEntitiesType
from ..utilities import is_a_subclass

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class OnIncludeLaunchDescription(BaseEventHandler):
    """Visits the launch descriptions that are included by an event."""

    def __init__(self, **kwargs: Any) -> None:
        """Match the event."""
        super().__init__(matcher=lambda event: is_a_subclass(event, IncludeLaunchDescription), **kwargs)

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the launch description."""
        super().handle(event, context)
        return event.launch_description
