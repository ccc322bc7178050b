# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PushLaunchConfigurations: saves the launch configurations for a later restore."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class PushLaunchConfigurations(Action):
    """Saves the launch configurations for a later restore."""

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context._push_launch_configurations()
