# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ExecutableInPackage: an executable of a ROS package."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from launch.frontend.expose import expose_substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from .find_package import FindPackagePrefix


@expose_substitution('exec-in-pkg')
class ExecutableInPackage(FindPackagePrefix):
    """The path of an executable in `lib/<package>` of a package."""

    def __init__(self, executable: SomeSubstitutionsType, package: SomeSubstitutionsType) -> None:
        """Take the names of executable and package."""
        super().__init__(package)
        self.__executable = normalize_to_list_of_substitutions(executable)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(exec-in-pkg executable package)`."""
        if len(data) != 2:
            raise AttributeError('exec-in-pkg substitution expects 2 arguments')
        return cls, {'executable': data[0], 'package': data[1]}

    @property
    def executable(self) -> list[Substitution]:
        """The name of the executable."""
        return self.__executable

    def describe(self) -> str:
        """Say what will be substituted."""
        executable = ' + '.join(sub.describe() for sub in self.executable)
        package = ' + '.join(sub.describe() for sub in self.package)
        return f'ExecInPkg(pkg={package}, exec={executable})'

    def perform(self, context: LaunchContext) -> str:
        """Return the path; raises PackageNotFoundError, or SubstitutionFailure for the executable."""
        executable = perform_substitutions(context, self.executable)
        package = perform_substitutions(context, self.package)
        prefix = super().perform(context)
        libexec = os.path.join(prefix, 'lib', package)
        if not os.path.exists(libexec):
            raise SubstitutionFailure(
                f"package '{package}' found at '{prefix}', but libexec directory '{libexec}' does not exist")
        path = shutil.which(executable, path=libexec)
        if path is None:
            raise SubstitutionFailure(f"executable '{executable}' not found on the libexec directory '{libexec}' ")
        return path
