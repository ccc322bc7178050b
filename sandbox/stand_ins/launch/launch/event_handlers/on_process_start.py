# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OnProcessStart: what to do when a process was started."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events.process import ProcessStarted
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import OnActionEventBase

if TYPE_CHECKING:
    from ..action import Action


class OnProcessStart(OnActionEventBase):
    """Visits entities when a process (any process by default) was started."""

    def __init__(
        self, *, target_action: Callable[[Action], bool] | Action | None = None,
        on_start: SomeEntitiesType | Callable[[ProcessStarted, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        """Take the action that starts the process and the entities, or a function that yields them."""
        from ..actions import ExecuteLocal
        super().__init__(
            action_matcher=target_action, on_event=on_start, target_event_cls=ProcessStarted,
            target_action_cls=ExecuteLocal, **kwargs)
