# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Parameter: the value of a parameter that SetParameter has set."""

from __future__ import annotations

from collections.abc import Sequence

from launch.frontend.expose import expose_substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


@expose_substitution('param')
class Parameter(Substitution):
    """The value of a parameter that was set for all nodes in scope."""

    def __init__(self, name: SomeSubstitutionsType) -> None:
        """Take the name of the parameter."""
        super().__init__()
        self.__name = normalize_to_list_of_substitutions(name)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(param name)`."""
        if len(data) != 1:
            raise AttributeError('param substitutions expect 1 argument')
        return cls, {'name': data[0]}

    @property
    def name(self) -> list[Substitution]:
        """The name of the parameter."""
        return self.__name

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"{type(self).__name__}(name={' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value; raises SubstitutionFailure if the parameter was not set."""
        name = perform_substitutions(context, self.name)
        for param in context.launch_configurations.get('global_params', []):
            if isinstance(param, tuple) and param[0] == name:
                return param[1]
        raise SubstitutionFailure(f"parameter '{name}' not found")
