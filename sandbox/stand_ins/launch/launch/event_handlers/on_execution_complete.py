# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OnExecutionComplete: what to do when an action has done its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..event import Event
from ..events import ExecutionComplete
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import OnActionEventBase

if TYPE_CHECKING:
    from ..action import Action


class OnExecutionComplete(OnActionEventBase):
    """Visits entities when an action (any action by default) has done its work."""

    def __init__(
        self, *, target_action: Callable[[Action], bool] | Action | None = None,
        on_completion: SomeEntitiesType | Callable[[Event, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        """Take the action and the entities, or a function that yields them."""
        from ..action import Action
        super().__init__(
            action_matcher=target_action, on_event=on_completion, target_event_cls=ExecutionComplete,
            target_action_cls=Action, **kwargs)
