# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How every subcommand is declared."""

from __future__ import annotations

import argparse
from collections.abc import Callable


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
