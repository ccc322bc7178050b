# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the package's data lies, and the robot description (URDF) expanded from xacro."""

from __future__ import annotations

import threading
from pathlib import Path

from robot4d_core.errors import RobotDescriptionError

CELL_DESCRIPTION = Path('urdf') / 'cell.urdf.xacro'

_XACRO = threading.Lock()  # xacro keeps its stack of files in globals


def share_directory() -> Path:
    """Return the folder that holds urdf/, config/ and models/: the repository's root, or share/robot4d of an install.

    Raises RobotDescriptionError when neither is found above this file.
    """
    here = Path(__file__).absolute()
    for parent in here.parents:
        for candidate in (parent, parent / 'share' / 'robot4d'):
            if (candidate / CELL_DESCRIPTION).is_file():
                return candidate
    raise RobotDescriptionError(
        f'no {CELL_DESCRIPTION} in any folder above {here}; install the package with colcon or pip, '
        'or run from a clone of the repository'
    )


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
