# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""~/robots as the files in config/robots expect it, of what the sandbox has installed from PyPI."""

from __future__ import annotations

from pathlib import Path

from published_robots import MODELS, ROBOTS

REPOSITORY = Path(__file__).parents[1]


def home_with_robots(folder: Path) -> Path:
    """Make a folder that is a home with the packages in robots; returns it."""
    (folder / 'robots').mkdir()
    for package in (MODELS, ROBOTS.parent):
        (folder / 'robots' / package.name).symlink_to(package)
    return folder


def urdf_of(robot: str) -> Path:
    """Return the description of a robot of config/robots."""
    return REPOSITORY / 'urdf' / 'robots' / f'{robot}.urdf.xacro'


def yaml_of(robot: str) -> Path:
    """Return the names of a robot of config/robots."""
    return REPOSITORY / 'config' / 'robots' / f'{robot}.yaml'
