# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where launch descriptions come from."""

from __future__ import annotations

from .._stand_in import lacks
from .any_launch_description_source import AnyLaunchDescriptionSource
from .any_launch_file_utilities import InvalidLaunchFileError, get_launch_description_from_any_launch_file
from .python_launch_description_source import PythonLaunchDescriptionSource
from .python_launch_file_utilities import (
    InvalidPythonLaunchFileError,
    get_launch_description_from_python_launch_file,
    load_python_launch_file_as_module,
)

__all__ = [
    'AnyLaunchDescriptionSource',
    'InvalidLaunchFileError',
    'InvalidPythonLaunchFileError',
    'PythonLaunchDescriptionSource',
    'get_launch_description_from_any_launch_file',
    'get_launch_description_from_python_launch_file',
    'load_python_launch_file_as_module',
]

__getattr__ = lacks(
    __name__, 'FrontendLaunchDescriptionSource', 'InvalidFrontendLaunchFileError', 'XMLLaunchDescriptionSource',
    'YAMLLaunchDescriptionSource', 'get_launch_description_from_frontend_launch_file')
