# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""SetParametersFromFile: sets parameters of all nodes in scope from a file."""

from __future__ import annotations

from typing import Any

from launch import Action
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class SetParametersFromFile(Action):
    """Sets parameters of the nodes that follow in the scope from a YAML file."""

    def __init__(self, filename: SomeSubstitutionsType, **kwargs: Any) -> None:
        """Take the path of the file."""
        super().__init__(**kwargs)
        self._input_file = normalize_to_list_of_substitutions(filename)

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context.launch_configurations.setdefault('global_params', []).append(
            perform_substitutions(context, self._input_file))
