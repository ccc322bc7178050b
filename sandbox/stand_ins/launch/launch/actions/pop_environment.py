# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PopEnvironment: goes back to the environment that was saved last."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class PopEnvironment(Action):
    """Goes back to the environment that was saved last."""

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context._pop_environment()
