# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Loads launch files of any format that this stand-in knows: Python."""

from __future__ import annotations

import os

from ..invalid_launch_file_error import InvalidLaunchFileError
from ..launch_description import LaunchDescription
from .python_launch_file_utilities import get_launch_description_from_python_launch_file


def get_launch_description_from_any_launch_file(launch_file_path: str) -> LaunchDescription:
    """
    Return the launch description of a file.

    Raises InvalidLaunchFileError if it cannot be loaded, NotImplementedError for XML and YAML launch files.
    """
    extension = os.path.splitext(launch_file_path)[1][1:]
    if extension in ('xml', 'yaml', 'yml'):
        raise NotImplementedError(
            f"the sandbox's stand-in for launch loads Python launch files only, not {launch_file_path}; "
            'run this on a machine with ROS 2 installed')
    try:
        return get_launch_description_from_python_launch_file(launch_file_path)
    except Exception as error:
        raise InvalidLaunchFileError(extension if extension == 'py' else '', likely_errors=[error]) from error
