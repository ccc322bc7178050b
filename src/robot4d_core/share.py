# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the package's data lies."""

from __future__ import annotations

from pathlib import Path

from robot4d_core.errors import InstallationError

CELL_DESCRIPTION = Path('urdf') / 'cell.urdf.xacro'


def share_directory() -> Path:
    """Return the folder that holds urdf/, config/ and models/: the repository's root, or share/robot4d of an install.

    Raises InstallationError when neither is found above this file.
    """
    here = Path(__file__).absolute()
    for parent in here.parents:
        for candidate in (parent, parent / 'share' / 'robot4d'):
            if (candidate / CELL_DESCRIPTION).is_file():
                return candidate
    raise InstallationError(
        f'no {CELL_DESCRIPTION} in any folder above {here}; install the package with colcon or pip, '
        'or run from a clone of the repository'
    )
