# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PythonLaunchDescriptionSource: a launch description in a Python file."""

from __future__ import annotations

from ..launch_description import LaunchDescription
from ..launch_description_source import LaunchDescriptionSource
from ..some_substitutions_type import SomeSubstitutionsType
from .python_launch_file_utilities import get_launch_description_from_python_launch_file


class PythonLaunchDescriptionSource(LaunchDescriptionSource):
    """A launch description in a Python file."""

    def __init__(self, launch_file_path: SomeSubstitutionsType) -> None:
        """Take the path of the file."""
        super().__init__(None, launch_file_path, 'interpreted python launch file')

    def _get_launch_description(self, location: str) -> LaunchDescription:
        return get_launch_description_from_python_launch_file(location)
