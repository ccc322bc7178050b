# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LaunchConfigurationEquals: do it if a launch configuration has a certain value."""

from __future__ import annotations

import warnings

from ..condition import Condition
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


class LaunchConfigurationEquals(Condition):
    """Holds if the launch configuration has the value; None means that it is not set. Deprecated upstream."""

    def __init__(self, launch_configuration_name: str, expected_value: SomeSubstitutionsType | None) -> None:
        """Take the name of the launch configuration and the value."""
        warnings.warn(
            "The 'LaunchConfigurationEquals' and 'LaunchConfigurationNotEquals' Conditions are deprecated. Use the "
            "'EqualsSubstitution' and 'NotEqualsSubstitution' substitutions instead, in an 'IfCondition'.",
            UserWarning, stacklevel=2)
        self.__launch_configuration_name = launch_configuration_name
        self.__expected_value = (
            None if expected_value is None else normalize_to_list_of_substitutions(expected_value))
        super().__init__(predicate=self._predicate_func)

    def _predicate_func(self, context: LaunchContext) -> bool:
        expected = None if self.__expected_value is None else perform_substitutions(context, self.__expected_value)
        return context.launch_configurations.get(self.__launch_configuration_name) == expected
