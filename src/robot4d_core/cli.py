# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The `robot4d` command: everything that does not need a running ROS graph."""

from __future__ import annotations

import argparse
import sys

from robot4d_core import __version__
from robot4d_core.commands import benchmark, dataset, doctor, evaluate, predict, record, report, train, view
from robot4d_core.errors import Robot4dError


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand and return its exit status; errors of the user's making are one sentence, not a trace."""
    parser = argparse.ArgumentParser(prog='robot4d', description=__doc__.splitlines()[0])
    parser.add_argument('--version', action='version', version=f'%(prog)s {__version__}')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for command in (record, dataset, train, predict, view, evaluate, benchmark, report, doctor):
        command.add(commands)
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments) or 0
    except Robot4dError as error:
        print(f'robot4d {arguments.command}: {error}', file=sys.stderr)
        return 2
    except OSError as error:
        where = f': {error.filename}' if error.filename else ''
        print(f'robot4d {arguments.command}: {error.strerror or error}{where}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main())
