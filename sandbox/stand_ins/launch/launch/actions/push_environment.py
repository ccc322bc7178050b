# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PushEnvironment: saves the environment for a later restore."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class PushEnvironment(Action):
    """Saves the environment for a later restore."""

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context._push_environment()
