# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OnProcessExit: what to do when a process has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events.process import ProcessExited
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import OnActionEventBase

if TYPE_CHECKING:
    from ..action import Action


class OnProcessExit(OnActionEventBase):
    """Visits entities when a process (any process by default) has ended."""

    def __init__(
        self, *, target_action: Callable[[Action], bool] | Action | None = None,
        on_exit: SomeEntitiesType | Callable[[ProcessExited, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        """Take the action that starts the process and the entities, or a function that yields them."""
        from ..actions import ExecuteLocal
        super().__init__(
            action_matcher=target_action, on_event=on_exit, target_event_cls=ProcessExited,
            target_action_cls=ExecuteLocal, **kwargs)
