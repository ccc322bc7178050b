# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ResetLaunchConfigurations: unsets all launch configurations but chosen ones."""

from __future__ import annotations

from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


class ResetLaunchConfigurations(Action):
    """Unsets all launch configurations, then sets the given ones, which are evaluated before."""

    def __init__(
        self, launch_configurations: dict[SomeSubstitutionsType, SomeSubstitutionsType] | None = None, **kwargs: Any,
    ) -> None:
        """Take the launch configurations to set."""
        super().__init__(**kwargs)
        self.__launch_configurations = launch_configurations or {}

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        def perform(text: SomeSubstitutionsType) -> str:
            return perform_substitutions(context, normalize_to_list_of_substitutions(text))

        kept = {perform(name): perform(value) for name, value in self.__launch_configurations.items()}
        context.launch_configurations.clear()
        context.launch_configurations.update(kept)
