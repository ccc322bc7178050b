# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Text on disk: read as UTF-8 whatever the locale, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from robot4d_core.errors import ParameterError


def read_text(path: Path | str) -> str:
    """Read a text in UTF-8, with or without a byte order mark. Raises ParameterError that says why it cannot."""
    try:
        return Path(path).read_text('utf-8-sig')
    except UnicodeDecodeError as error:
        raise ParameterError(f'{path} is not in UTF-8 (at byte {error.start}); save it as UTF-8') from error
    except OSError as error:
        raise ParameterError(f'{path} cannot be read: {error.strerror}') from error


def read_yaml(path: Path | str) -> Any:
    """Read a YAML file. Raises ParameterError that says why it cannot."""
    try:
        return yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise ParameterError(f'{path} is no YAML: {error}') from error


def read_ros_parameters(path: Path | str, example: str = 'robot.yaml') -> dict[str, Any]:
    """Read the parameters that a file has for every node; example: one in config/ like it. Raises ParameterError."""
    content = read_yaml(path)
    try:
        parameters = content['/**']['ros__parameters']
    except (KeyError, TypeError):
        parameters = None
    if not isinstance(parameters, dict):
        raise ParameterError(
            f'{path} holds no parameters under /**: ros__parameters; write it as config/{example} of robot4d')
    return parameters


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8; makes its folder. What was there stays as it is until all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f'{path.name}.unfinished')
    unfinished.write_text(text, 'utf-8')
    unfinished.replace(path)
