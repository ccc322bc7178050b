# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the launch files of robot4d check before the first process starts.

ROS only warns of a parameter file that is not there, and a node then runs with its defaults.
"""

from __future__ import annotations

from pathlib import Path

from launch.actions import OpaqueFunction
from launch.substitutions import LaunchConfiguration

from robot4d_core.errors import ParameterError
from robot4d_core.text_files import read_yaml


def require_files(*, parameters: tuple[str, ...] = (), others: tuple[str, ...] = ()) -> OpaqueFunction:
    """Refuse to launch unless the arguments in parameters are YAML files, and those in others there, or empty."""
    def check(context) -> None:
        for name in parameters:
            file = LaunchConfiguration(name).perform(context)
            try:
                read_yaml(file)
            except ParameterError as error:
                raise ParameterError(f'{name}:={file}: {error}; nothing was started') from error
        for name in others:
            path = LaunchConfiguration(name).perform(context)
            if path and not Path(path).exists():
                raise ParameterError(f'{name}:={path} does not exist; nothing was started')

    return OpaqueFunction(function=check)
