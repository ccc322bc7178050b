# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""SetRemap: sets a remapping rule of all nodes in scope."""

from __future__ import annotations

from typing import Any

from launch import Action, Substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class SetRemap(Action):
    """Sets a remapping rule of the nodes that follow in the scope."""

    def __init__(self, src: SomeSubstitutionsType, dst: SomeSubstitutionsType, **kwargs: Any) -> None:
        """Take the name to replace and its replacement."""
        super().__init__(**kwargs)
        self.__src = normalize_to_list_of_substitutions(src)
        self.__dst = normalize_to_list_of_substitutions(dst)

    @property
    def src(self) -> list[Substitution]:
        """The name to replace."""
        return self.__src

    @property
    def dst(self) -> list[Substitution]:
        """The replacement."""
        return self.__dst

    def execute(self, context: LaunchContext) -> None:
        """Execute the action."""
        context.launch_configurations.setdefault('ros_remaps', []).append(
            (perform_substitutions(context, self.__src), perform_substitutions(context, self.__dst)))
