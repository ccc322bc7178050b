# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PathJoinSubstitution: a path from its parts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions
from .path_substitution import PathSubstitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class PathJoinSubstitution(PathSubstitution):
    """Joins parts with `os.path.join`; a part may itself be a list of texts and substitutions."""

    def __init__(self, substitutions: Iterable[SomeSubstitutionsType]) -> None:
        """Take the parts."""
        self.__substitutions = [normalize_to_list_of_substitutions(part) for part in substitutions]

    @property
    def substitutions(self) -> list[list[Substitution]]:
        """The parts."""
        return self.__substitutions

    def describe(self) -> str:
        """Say what will be substituted."""
        parts = [' + '.join(sub.describe() for sub in part) for part in self.substitutions]
        return f"PathJoin({', '.join(parts)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return os.path.join(*(perform_substitutions(context, part) for part in self.substitutions))
