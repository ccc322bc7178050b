# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where ROS packages and their executables are."""

from __future__ import annotations

import os
import shutil
from typing import Any

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.context import LaunchContext
from launch.not_offered import lacks
from launch.substitutions import Substitution, SubstitutionFailure, parts, perform

__getattr__ = lacks(__name__, 'FindPackage FindPackagePrefix Parameter')


class FindPackageShare(Substitution):
    """The folder of a package's data."""

    def __init__(self, package: Any) -> None:
        self._package = parts(package)

    def perform(self, context: LaunchContext) -> str:
        """Return the folder; raises PackageNotFoundError."""
        return get_package_share_directory(perform(context, self._package))


class ExecutableInPackage(Substitution):
    """The path of an executable in lib/PACKAGE of a package."""

    def __init__(self, executable: Any, package: Any) -> None:
        self._executable, self._package = parts(executable), parts(package)

    def perform(self, context: LaunchContext) -> str:
        """Return the path; raises PackageNotFoundError, or SubstitutionFailure for the executable."""
        executable, package = perform(context, self._executable), perform(context, self._package)
        folder = os.path.join(get_package_prefix(package), 'lib', package)
        path = shutil.which(executable, path=folder)
        if path is None:
            raise SubstitutionFailure(f"executable '{executable}' not found on the libexec directory '{folder}' ")
        return path
