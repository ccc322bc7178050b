# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""AnonName: a name that no one else has."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('anon')
class AnonName(Substitution):
    """A unique name that starts with the given one; the same for the same given name within a launch."""

    def __init__(self, name: SomeSubstitutionsType) -> None:
        """Take the start of the name."""
        super().__init__()
        self.__name = normalize_to_list_of_substitutions(name)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(anon name)`."""
        if len(data) != 1:
            raise TypeError('anon substitution expects 1 argument')
        return cls, {'name': data[0]}

    @property
    def name(self) -> list[Substitution]:
        """The start of the name."""
        return self.__name

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"AnonName({' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the unique name."""
        name = perform_substitutions(context, self.name)
        names = context.launch_configurations.setdefault('anon', {})
        if name not in names:
            names[name] = f'{name}_{os.getpid()}_{random.randint(0, sys.maxsize)}'
        return names[name]
