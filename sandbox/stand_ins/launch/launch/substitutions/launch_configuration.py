# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LaunchConfiguration: the value of a launch configuration."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('var')
class LaunchConfiguration(Substitution):
    """The value of a launch configuration, or a default if it is not set."""

    def __init__(self, variable_name: SomeSubstitutionsType, *, default: Any | Iterable[Any] | None = None) -> None:
        """Take the name and the default; items of the default that are no text are turned into text."""
        super().__init__()
        self.__variable_name = normalize_to_list_of_substitutions(variable_name)
        self.__default = None
        if default is not None:
            items = default
            if isinstance(default, str) or not isinstance(default, collections.abc.Iterable):
                items = [default]
            self.__default = normalize_to_list_of_substitutions(
                item if isinstance(item, (str, Substitution)) else str(item) for item in items)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(var name [default])`."""
        if not 1 <= len(data) <= 2:
            raise TypeError('var substitution expects 1 or 2 arguments')
        return cls, dict(zip(('variable_name', 'default'), data))

    @property
    def variable_name(self) -> list[Substitution]:
        """The name of the launch configuration."""
        return self.__variable_name

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"LaunchConfig({' + '.join(sub.describe() for sub in self.variable_name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value; raises SubstitutionFailure if it is not set and there is no default."""
        name = perform_substitutions(context, self.variable_name)
        if name in context.launch_configurations:
            return context.launch_configurations[name]
        if self.__default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return perform_substitutions(context, self.__default)
