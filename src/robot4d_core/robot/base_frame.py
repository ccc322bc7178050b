# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The frame that a robot stands in and that does not move, as its parameter file names it."""

from __future__ import annotations

from pathlib import Path

import yaml

from robot4d_core.errors import ParameterError
from robot4d_core.share import share_directory


def read_base_frame(file: Path | None = None) -> str:
    """Read base_frame from a parameter file; None: that of the robot that comes with robot4d. Raises ParameterError."""
    file = file or share_directory() / 'config' / 'robot.yaml'
    try:
        frame = yaml.safe_load(Path(file).read_text(encoding='utf-8'))['/**']['ros__parameters']['base_frame']
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ParameterError(
            f'{file} does not name the base frame: {error!r}; write it as config/robot.yaml of robot4d') from error
    if not isinstance(frame, str) or not frame:
        raise ParameterError(f'{file}: base_frame must be the name of a frame, got {frame!r}')
    return frame
