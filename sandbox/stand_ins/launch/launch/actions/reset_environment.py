# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ResetEnvironment: goes back to the environment in which the launch started."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class ResetEnvironment(Action):
    """Goes back to the environment in which the launch started."""

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context._reset_environment()
