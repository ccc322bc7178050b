# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How every subcommand is declared."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable
from pathlib import Path

from robot4d_core.robot.names import CELL, SHIPPED


def add_command(
    commands, name: str, run: Callable[[argparse.Namespace], int | None], description: str
) -> argparse.ArgumentParser:
    """Declare a subcommand; run returns its exit status, None for 0."""
    parser = commands.add_parser(
        name, help=description, description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def add_group(commands, name: str, description: str):
    """Declare a subcommand that has subcommands; returns what those are added to."""
    parser = commands.add_parser(name, help=description, description=description)
    return parser.add_subparsers(dest='subcommand', required=True, metavar='SUBCOMMAND')


def at_least(minimum: int) -> Callable[[str], int]:
    """Make the type of an argument that is a whole number and not smaller than minimum."""
    def parse(text: str) -> int:
        if not text.lstrip('-').isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f'expected a whole number, at least {minimum}, got {text!r}')
        return int(text)

    return parse


def output(text: str) -> Path:
    """Parse the path of a file or folder that will be written: tells before the work whether it can be."""
    path = Path(text)
    try:
        above = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    except OSError as error:
        raise argparse.ArgumentTypeError(f'{text} cannot be written: {error.strerror}') from error
    if not (above.is_dir() or above == path.absolute()):
        raise argparse.ArgumentTypeError(f'{text} cannot be written: {above} is a file')
    if not os.access(above, os.W_OK):
        raise argparse.ArgumentTypeError(f'{text} cannot be written: no permission to write into {above}')
    return path


def seconds(text: str) -> float:
    """Parse a duration, at least 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f'expected seconds, at least 0, got {text!r}')
    return value


def add_cell_robot(parser: argparse.ArgumentParser) -> None:
    """Declare which robot the simulated cell has."""
    parser.add_argument('--robot', choices=SHIPPED, default=CELL,
                        help="of the simulated cell: robot4d's own, or one as it is published")


def add_package_path(parser: argparse.ArgumentParser) -> None:
    """Declare where the packages of a robot description are."""
    parser.add_argument('--package-path', type=Path, action='append', default=[], metavar='FOLDER',
                        help='in which the packages of package:// are looked for, before AMENT_PREFIX_PATH and '
                             'ROS_PACKAGE_PATH; may be given several times')


def add_description_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the files of a robot description are, and the arguments of its xacro."""
    add_package_path(parser)
    parser.add_argument('--xacro-argument', action='append', default=[], metavar='NAME:=VALUE',
                        help='of the robot description; may be given several times')


def image_size(text: str) -> tuple[int, int]:
    """Parse WIDTHxHEIGHT."""
    match = re.fullmatch(r'([1-9]\d*)x([1-9]\d*)', text)
    if match is None:
        raise argparse.ArgumentTypeError(f'expected WIDTHxHEIGHT in pixels, such as 160x128, got {text!r}')
    return int(match[1]), int(match[2])
