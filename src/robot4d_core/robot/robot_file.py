# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a parameter file like config/robot.yaml says of a robot besides names: base frame, files, speed limits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from robot4d_core.errors import ParameterError
from robot4d_core.share import share_directory
from robot4d_core.text_files import read_ros_parameters


def read_base_frame(file: Path | None = None) -> str:
    """Read base_frame from a parameter file; None: that of the robot that comes with robot4d. Raises ParameterError."""
    frame = read_parameters(file).get('base_frame')
    if not isinstance(frame, str) or not frame:
        raise ParameterError(f'{file}: base_frame must be the name of a frame, got {frame!r}')
    return frame


def read_package_paths(file: Path) -> tuple[Path, ...]:
    """Read package_paths, folders in which packages are looked for, from a parameter file. Raises ParameterError."""
    return to_paths(_texts(file, 'package_paths'))


def read_xacro_arguments(file: Path) -> dict[str, str]:
    """Read xacro_arguments, by name, from a parameter file. Raises ParameterError."""
    return parse_xacro_arguments(_texts(file, 'xacro_arguments'))


def read_velocity_limits(file: Path) -> dict[str, float]:
    """Read joint_velocity_limits, rad/s or m/s by joint, from a parameter file. Raises ParameterError."""
    limits = read_parameters(file).get('joint_velocity_limits', {})
    if not isinstance(limits, dict) or not all(isinstance(limit, int | float) and limit >= 0
                                               for limit in limits.values()):
        raise ParameterError(f'{file}: joint_velocity_limits must be speeds, rad/s or m/s, by joint, got {limits!r}')
    return {str(joint): float(limit) for joint, limit in limits.items()}


def to_paths(texts: Iterable[str]) -> tuple[Path, ...]:
    """Return folders that texts name, ~ for home; empty texts, which ROS needs in lists of nothing, are passed over."""
    return tuple(Path(text).expanduser() for text in texts if text)


def parse_xacro_arguments(texts: Iterable[str]) -> dict[str, str]:
    """Return values by name of NAME:=VALUE; empty texts are passed over. Raises ParameterError."""
    arguments = {}
    for text in filter(None, texts):
        name, separator, value = text.partition(':=')
        if not separator or not name:
            raise ParameterError(f"a xacro argument is written NAME:=VALUE, got '{text}'")
        arguments[name] = value
    return arguments


def _texts(file: Path, name: str) -> list[str]:
    texts = read_parameters(file).get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ParameterError(f'{file}: {name} must be a list of texts, got {texts!r}')
    return texts


def read_parameters(file: Path | None) -> dict[str, Any]:
    """Read all parameters of a file; None: of that of robot4d's own robot. Raises ParameterError."""
    return read_ros_parameters(file or share_directory() / 'config' / 'robot.yaml')
