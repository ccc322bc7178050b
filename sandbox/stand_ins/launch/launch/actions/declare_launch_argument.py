# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""DeclareLaunchArgument: an argument of a launch description."""

from __future__ import annotations

from typing import Any

import launch.logging

from ..action import Action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


class DeclareLaunchArgument(Action):
    """Declares an argument; its value is the launch configuration of the same name."""

    def __init__(
        self, name: str, *, default_value: SomeSubstitutionsType | None = None, description: str | None = None,
        choices: list[str] | None = None, **kwargs: Any,
    ) -> None:
        """Take the name, the default (the argument is required if there is none) and the valid values."""
        super().__init__(**kwargs)
        self.__name = name
        self.__logger = launch.logging.get_logger(__name__)
        self.__default_value = None if default_value is None else normalize_to_list_of_substitutions(default_value)
        if choices is not None and len(choices) == 0:
            self.__fail('Provided choices arg is empty. Use None to ignore the choice list.')
        if choices is not None and isinstance(default_value, str) and default_value not in choices:
            self.__fail(f'Provided default_value "{default_value}" is not in provided choices "{choices}".')
        self.__description = _describe(description, choices)
        self.__choices = choices
        self._conditionally_included = False

    @property
    def name(self) -> str:
        """The name."""
        return self.__name

    @property
    def default_value(self) -> list[Substitution] | None:
        """The value if none is given."""
        return self.__default_value

    @property
    def description(self) -> str:
        """What the argument means."""
        return self.__description

    @property
    def choices(self) -> list[str] | None:
        """The valid values, None if all are."""
        return self.__choices

    def execute(self, context: LaunchContext) -> None:
        """Set the default if no value is given; raises RuntimeError for a missing or invalid value."""
        if self.name not in context.launch_configurations:
            if self.default_value is None:
                self.__logger.error(
                    f'Required launch argument "{self.name}" (description: "{self.description}") was not provided')
                raise RuntimeError(f'Required launch argument "{self.name}" was not provided.')
            context.launch_configurations[self.name] = perform_substitutions(context, self.default_value)
        value = context.launch_configurations[self.name]
        if self.choices is not None and value not in self.choices:
            self.__fail(
                f'Argument "{self.name}" provided value "{value}" is not valid. Valid options are: {self.choices}')

    def __fail(self, message: str) -> None:
        self.__logger.error(message)
        raise RuntimeError(message)


def _describe(description: str | None, choices: list[str] | None) -> str:
    if choices is None:
        return 'no description given' if description is None else description
    if description is None:
        return f'One of: {choices}'
    return f"{description}{'' if description.endswith('.') else '.'} Valid choices are: {choices}"
