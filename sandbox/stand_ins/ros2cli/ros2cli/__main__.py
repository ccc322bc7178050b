# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 COMMAND ...`: parses the command line and prints errors as one sentence."""

from __future__ import annotations

import argparse
import sys

from ros2cli import bag, graph, processes
from ros2cli.errors import CommandError

UPSTREAM_ONLY = ['component', 'control', 'daemon', 'doctor', 'interface', 'multicast', 'pkg', 'security', 'wtf']


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands; each leaves its function in `run`."""
    parser = argparse.ArgumentParser(prog='ros2', description="The sandbox's part of the ros2 command.")
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    processes.add_commands(commands)
    graph.add_commands(commands)
    bag.add_commands(commands)
    return parser


def main() -> int:
    """Run one command and return its exit status."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in UPSTREAM_ONLY:
        print(f'ros2 {arguments[0]}: the sandbox does not have this command; use a machine with ROS 2', file=sys.stderr)
        return 2
    parsed = make_parser().parse_args(arguments)
    try:
        return parsed.run(parsed) or 0
    except CommandError as error:
        print(f'ros2 {parsed.command}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main())
