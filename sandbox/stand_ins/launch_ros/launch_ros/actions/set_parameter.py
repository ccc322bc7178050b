# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""SetParameter: sets a parameter of all nodes in scope."""

from __future__ import annotations

from typing import Any

from launch import Action
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions

from ..parameters_type import ParameterName, ParameterValue, SomeParameterValue
from ..utilities.evaluate_parameters import evaluate_parameter_dict
from ..utilities.normalize_parameters import normalize_parameter_dict


class SetParameter(Action):
    """Sets a parameter of the nodes that follow in the scope."""

    def __init__(self, name: SomeSubstitutionsType, value: SomeParameterValue, **kwargs: Any) -> None:
        """Take name and value."""
        super().__init__(**kwargs)
        self.__param_dict = normalize_parameter_dict({tuple(normalize_to_list_of_substitutions(name)): value})

    @property
    def name(self) -> ParameterName:
        """The name."""
        return next(iter(self.__param_dict.keys()))

    @property
    def value(self) -> ParameterValue:
        """The value."""
        return next(iter(self.__param_dict.values()))

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context.launch_configurations.setdefault('global_params', []).extend(
            evaluate_parameter_dict(context, self.__param_dict).items())
