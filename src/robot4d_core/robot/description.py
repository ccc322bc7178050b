# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot description (URDF), expanded from xacro."""

from __future__ import annotations

import threading
from pathlib import Path

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.share import share_directory

CELL_DESCRIPTION = Path('urdf') / 'cell.urdf.xacro'

_XACRO = threading.Lock()  # xacro keeps its stack of files in globals


def load_robot_description(path: Path | str | None = None, **xacro_args) -> str:
    """Return URDF XML; path: a .urdf or .xacro file, None for our robot cell; xacro_args: its arguments.

    Raises RobotDescriptionError when the file is missing or xacro cannot expand it.
    """
    import xacro

    path = Path(path) if path is not None else share_directory() / CELL_DESCRIPTION
    if not path.is_file():
        raise RobotDescriptionError(f'robot description {path} does not exist; give the path of a URDF or xacro file')
    try:
        with _XACRO:
            document = xacro.process_file(str(path), mappings={name: str(value) for name, value in xacro_args.items()})
    except Exception as error:  # xacro raises its own, expat's and Python's errors alike
        raise RobotDescriptionError(f'xacro cannot expand {path}: {error}') from error
    return document.toxml()
