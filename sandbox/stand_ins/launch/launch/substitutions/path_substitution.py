# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PathSubstitution: a path to which parts can be appended with `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class PathSubstitution(Substitution):
    """A path; `path / part` joins paths as `pathlib` does."""

    def __init__(self, path: SomeSubstitutionsType) -> None:
        """Take the path."""
        super().__init__()
        self.__path = normalize_to_list_of_substitutions(path)

    def __truediv__(self, part: SomeSubstitutionsType) -> PathSubstitution:
        """Return the path with a part appended."""
        from .path_join_substitution import PathJoinSubstitution
        return PathJoinSubstitution([self, part])

    @property
    def path(self) -> list[Substitution]:
        """The path."""
        return self.__path

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"Path({' + '.join(sub.describe() for sub in self.path)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return perform_substitutions(context, self.path)
