# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Shutdown: ends the launch."""

from __future__ import annotations

from typing import Any

import launch.logging

from ..events import Shutdown as ShutdownEvent
from ..events.process import ProcessExited
from ..launch_context import LaunchContext
from .emit_event import EmitEvent


class Shutdown(EmitEvent):
    """Ends the launch, for example as `on_exit` of a process that everything else depends on."""

    def __init__(self, *, reason: str = 'reason not given', **kwargs: Any) -> None:
        """Take the reason."""
        super().__init__(event=ShutdownEvent(reason=reason), **kwargs)

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        event = context.get_locals_as_dict().get('event')
        if isinstance(event, ProcessExited):
            launch.logging.get_logger('launch').info(
                f'process[{event.process_name}] was required: shutting down launched system')
        super().execute(context)
