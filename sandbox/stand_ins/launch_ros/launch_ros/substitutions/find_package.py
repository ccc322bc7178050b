# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""FindPackagePrefix and FindPackageShare: where a ROS package is installed."""

from __future__ import annotations

from collections.abc import Sequence

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.frontend.expose import expose_substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import PathSubstitution
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class FindPackage(PathSubstitution):
    """Base of the substitutions that find a folder of a package."""

    def __init__(self, package: SomeSubstitutionsType) -> None:
        """Take the name of the package."""
        super().__init__(self)
        self.__package = normalize_to_list_of_substitutions(package)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(find-pkg-prefix package)` or `$(find-pkg-share package)`."""
        if len(data) != 1:
            raise AttributeError('find package substitution expects 1 argument')
        return cls, {'package': data[0]}

    @property
    def package(self) -> list[Substitution]:
        """The name of the package."""
        return self.__package

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"{type(self).__name__}(pkg={' + '.join(sub.describe() for sub in self.package)})"

    def find(self, package_name: str) -> str:
        """Return the folder; derived classes override it."""
        raise NotImplementedError

    def perform(self, context: LaunchContext) -> str:
        """Return the folder; raises PackageNotFoundError if there is no such package."""
        return self.find(perform_substitutions(context, self.package))


@expose_substitution('find-pkg-prefix')
class FindPackagePrefix(FindPackage):
    """The folder into which a package is installed."""

    def find(self, package_name: str) -> str:
        """Return the folder."""
        return get_package_prefix(package_name)


@expose_substitution('find-pkg-share')
class FindPackageShare(FindPackage):
    """The folder of a package's data."""

    def find(self, package_name: str) -> str:
        """Return the folder."""
        return get_package_share_directory(package_name)
