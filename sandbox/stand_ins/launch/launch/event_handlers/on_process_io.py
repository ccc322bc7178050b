# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OnProcessIO: what to do on input for or output of a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events.process import ProcessIO
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import OnActionEventBase

if TYPE_CHECKING:
    from ..action import Action

    OnIO = Callable[[ProcessIO], SomeEntitiesType | None]


class OnProcessIO(OnActionEventBase):
    """Calls a function on input for or output of a process (of any process by default)."""

    def __init__(
        self, *, target_action: Callable[[Action], bool] | Action | None = None,
        on_stdin: OnIO | None = None, on_stdout: OnIO | None = None, on_stderr: OnIO | None = None,
        **kwargs: Any,
    ) -> None:
        """Take the action that starts the process and the functions, which may yield entities to visit."""
        from ..actions import ExecuteLocal

        def handle(event: ProcessIO, _: LaunchContext) -> SomeEntitiesType | None:
            for is_source, on_source in (
                    (event.from_stdout, on_stdout), (event.from_stderr, on_stderr), (event.from_stdin, on_stdin)):
                if is_source and on_source is not None:
                    return on_source(event)
            return None

        super().__init__(
            action_matcher=target_action, on_event=handle, target_event_cls=ProcessIO,
            target_action_cls=ExecuteLocal, **kwargs)
