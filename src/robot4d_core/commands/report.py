# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d report`: what a demo did."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command


def add(commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands, 'report', _report, 'print what a demo did; exit status 0 when it did what it had to'
    )
    parser.add_argument('folder', type=Path, nargs='?', default=Path('out/demo'), help='output folder of the demo')
    parser.add_argument('--quiet', action='store_true', help='print nothing, only set the exit status')


def _report(arguments: argparse.Namespace) -> int:
    from robot4d_core.evaluation.demo_report import exit_status, print_summary, read_summary

    summary = read_summary(arguments.folder)
    if not arguments.quiet:
        print_summary(summary)
    return exit_status(summary)
