# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The errors that end a command with a sentence, and the options that do."""

from __future__ import annotations

import argparse


class CommandError(Exception):
    """Something that the user can put right; the message says how."""


def not_offered(command: str) -> NotImplementedError:
    """Return the error for a command or option that upstream has."""
    return NotImplementedError(
        f"{command} exists in ROS 2 but not in the sandbox's stand-in; see `ros2 --help`, or use a machine with ROS 2")


class _NotOffered(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None) -> None:
        raise not_offered(f'{parser.prog} {option_string}')


def decline(parser: argparse.ArgumentParser, upstream_options: str) -> None:
    """Let the parser answer these options ('-s --long, --another') with NotImplementedError."""
    for option in upstream_options.split(', '):
        parser.add_argument(*option.split(), nargs='*', action=_NotOffered, help=argparse.SUPPRESS)
