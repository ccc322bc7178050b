# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ThisLaunchFileDir: the folder of the current launch file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from .path_substitution import PathSubstitution
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('dirname')
class ThisLaunchFileDir(PathSubstitution):
    """The folder of the launch file that is being launched."""

    def __init__(self) -> None:
        """Take nothing."""
        super().__init__(self)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(dirname)`."""
        if len(data) != 0:
            raise TypeError("dirname substitution doesn't expect arguments")
        return cls, {}

    def describe(self) -> str:
        """Say what will be substituted."""
        return 'ThisLaunchFileDir()'

    def perform(self, context: LaunchContext) -> str:
        """Return the folder; raises SubstitutionFailure outside of a launch file."""
        locals_ = context.get_locals_as_dict()
        if 'current_launch_file_directory' not in locals_:
            raise SubstitutionFailure('ThisLaunchFileDir used outside of a launch file (in a script)')
        return locals_['current_launch_file_directory']
