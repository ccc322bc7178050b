# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""FindExecutable: the path of a program."""

from __future__ import annotations

import shutil
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


@expose_substitution('find-exec')
class FindExecutable(Substitution):
    """The path of an executable on the PATH."""

    def __init__(self, *, name: SomeSubstitutionsType) -> None:
        """Take the name of the executable."""
        super().__init__()
        self.__name = normalize_to_list_of_substitutions(name)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(find-exec name)`."""
        if len(data) != 1:
            raise AttributeError('find-exec substitution expects 1 argument')
        return cls, {'name': data[0]}

    @property
    def name(self) -> list[Substitution]:
        """The name of the executable."""
        return self.__name

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"FindExec({' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the path; raises SubstitutionFailure if there is no such executable."""
        name = perform_substitutions(context, self.name)
        path = shutil.which(name)
        if path is None:
            raise SubstitutionFailure(f"executable '{name}' not found on the PATH")
        return path
