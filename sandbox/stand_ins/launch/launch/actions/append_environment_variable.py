# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""AppendEnvironmentVariable: appends to an environment variable."""

from __future__ import annotations

import os
from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import NormalizedValueType, normalize_typed_substitution, perform_typed_substitution


class AppendEnvironmentVariable(Action):
    """Appends to (or prepends to) an environment variable; sets it if it is not set."""

    def __init__(
        self, name: SomeSubstitutionsType, value: SomeSubstitutionsType,
        prepend: bool | SomeSubstitutionsType = False, separator: SomeSubstitutionsType = os.pathsep, **kwargs: Any,
    ) -> None:
        """Take name and value, whether the value comes first, and what separates it from the other values."""
        super().__init__(**kwargs)
        self.__name = normalize_to_list_of_substitutions(name)
        self.__value = normalize_to_list_of_substitutions(value)
        self.__prepend = normalize_typed_substitution(prepend, bool)
        self.__separator = normalize_to_list_of_substitutions(separator)

    @property
    def name(self) -> list[Substitution]:
        """The name."""
        return self.__name

    @property
    def value(self) -> list[Substitution]:
        """The value."""
        return self.__value

    @property
    def prepend(self) -> NormalizedValueType:
        """Whether the value comes first."""
        return self.__prepend

    @property
    def separator(self) -> list[Substitution]:
        """What separates the values."""
        return self.__separator

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        name = perform_substitutions(context, self.name)
        values = [perform_substitutions(context, self.value)]
        prepend = perform_typed_substitution(context, self.prepend, bool)
        separator = perform_substitutions(context, self.separator)
        if name in context.environment:
            values.insert(1 if prepend else 0, context.environment[name])
        context.environment[name] = separator.join(values)
