# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""EnvironmentVariable: the value of an environment variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('env')
class EnvironmentVariable(Substitution):
    """The value of an environment variable, or a default if it is not set."""

    def __init__(self, name: SomeSubstitutionsType, *, default_value: SomeSubstitutionsType | None = None) -> None:
        """Take the name and the default."""
        super().__init__()
        self.__name = normalize_to_list_of_substitutions(name)
        self.__default_value = None if default_value is None else normalize_to_list_of_substitutions(default_value)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(env name [default])`."""
        if not 1 <= len(data) <= 2:
            raise TypeError('env substitution expects 1 or 2 arguments')
        return cls, dict(zip(('name', 'default_value'), data))

    @property
    def name(self) -> list[Substitution]:
        """The name of the variable."""
        return self.__name

    @property
    def default_value(self) -> list[Substitution] | None:
        """The value if the variable is not set."""
        return self.__default_value

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"EnvVar({' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value; raises SubstitutionFailure if it is not set and there is no default."""
        name = perform_substitutions(context, self.name)
        if name in context.environment:
            return context.environment[name]
        if self.default_value is None:
            raise SubstitutionFailure(f"environment variable '{name}' does not exist")
        return perform_substitutions(context, self.default_value)
