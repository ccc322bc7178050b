# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LaunchConfigurationNotEquals: do it unless a launch configuration has a certain value."""

from __future__ import annotations

from ..launch_context import LaunchContext
from .launch_configuration_equals import LaunchConfigurationEquals


class LaunchConfigurationNotEquals(LaunchConfigurationEquals):
    """Holds if the launch configuration has another value; None means that it is set. Deprecated upstream."""

    def _predicate_func(self, context: LaunchContext) -> bool:
        return not super()._predicate_func(context)
