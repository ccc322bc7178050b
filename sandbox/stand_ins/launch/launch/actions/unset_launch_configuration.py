# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""UnsetLaunchConfiguration: unsets a launch configuration."""

from __future__ import annotations

from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


class UnsetLaunchConfiguration(Action):
    """Unsets a launch configuration in the current scope, if it is set."""

    def __init__(self, name: SomeSubstitutionsType, **kwargs: Any) -> None:
        """Take the name."""
        super().__init__(**kwargs)
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """The name."""
        return self.__name

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context.launch_configurations.pop(perform_substitutions(context, self.name), None)
