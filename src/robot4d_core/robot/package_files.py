# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the files that a robot description names lie on this machine."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from robot4d_core.errors import RobotDescriptionError


def find_package(name: str, package_paths: Sequence[Path] = ()) -> Path:
    """Return the folder of a ROS package, with or without ROS.

    package_paths are looked in first, then AMENT_PREFIX_PATH, then ROS_PACKAGE_PATH, then what pip installed from PyPI
    (example-robot-data); a folder is the package, holds it, or is a workspace with the package somewhere below. Raises
    RobotDescriptionError that names the package.
    """
    ament, ros = ([Path(folder) for folder in os.environ.get(variable, '').split(os.pathsep) if folder]
                  for variable in ('AMENT_PREFIX_PATH', 'ROS_PACKAGE_PATH'))
    workspaces = [*map(Path, package_paths), *ros]
    pip = [Path(entry) / 'cmeel.prefix' / 'share' for entry in sys.path]  # as Pinocchio and robots on PyPI are packed
    for folder in (*map(Path, package_paths), *(prefix / 'share' for prefix in ament), *ros, *pip):
        for candidate in (folder / name, folder):
            if candidate.name == name and candidate.is_dir():
                return candidate
    for workspace in workspaces:
        for manifest in sorted(workspace.glob(f'**/{glob.escape(name)}/package.xml')):
            return manifest.parent
    given = ', '.join(map(str, package_paths)) or 'nothing'
    raise RobotDescriptionError(
        f"package '{name}' is not in package_paths ({given}), AMENT_PREFIX_PATH or ROS_PACKAGE_PATH; install it, or "
        'name the folder that holds it: package_paths in robot.yaml, or --package-path')


def find_file(name: str, folder: Path | None, package_paths: Sequence[Path] = ()) -> Path:
    """Return the file that a description means by a package:// or file:// URL, a path, or one relative to folder.

    folder: of the description, None where it is not known. Raises RobotDescriptionError that names what is missing.
    """
    scheme, separator, rest = name.partition('://')
    if not separator:
        rest = name
    elif scheme == 'package':
        package, _, rest = rest.lstrip('/').partition('/')
        try:
            folder = find_package(package, package_paths)
        except RobotDescriptionError as error:
            raise RobotDescriptionError(f"the robot description names '{name}', but {error}") from error
    elif scheme == 'file':
        rest = unquote(rest)
    else:
        raise RobotDescriptionError(
            f"the robot description names '{name}'; only package:// and file:// URLs and paths are read")
    if folder is None and not Path(rest).is_absolute():
        raise RobotDescriptionError(
            f"the robot description names '{name}', relative to its own folder, which is not known of a text; give its "
            'file (robot_description_file, --urdf)')
    path = (folder or Path()) / rest
    if not path.is_file():
        raise RobotDescriptionError(f"the robot description names '{name}', but {path} is no file; is its package "
                                    'complete?')
    return path.absolute()
