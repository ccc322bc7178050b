# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PopLaunchConfigurations: goes back to the launch configurations that were saved last."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class PopLaunchConfigurations(Action):
    """Goes back to the launch configurations that were saved last."""

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context._pop_launch_configurations()
