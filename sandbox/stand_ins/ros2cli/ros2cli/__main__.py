# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 COMMAND ...`: parses the command line and prints errors as one sentence."""

from __future__ import annotations

import argparse
import sys

from ros2cli import bag, graph, processes
from ros2cli.errors import CommandError, not_offered

UPSTREAM_COMMANDS = 'component control daemon doctor interface multicast node pkg security test trace wtf'.split()
UPSTREAM_VERBS = {
    'action': 'echo find info type',
    'bag': 'burst convert info list record reindex',
    'lifecycle': 'get list nodes',
    'param': 'delete describe dump get list load',
    'service': 'echo find info list type',
    'topic': 'bw delay echo find info list pub type',
}


def main() -> int:
    """Run one command and return its exit status."""
    words = sys.argv[1:]
    command, verb = [*words, '', ''][:2]
    parser = argparse.ArgumentParser(prog='ros2', description="The sandbox's part of the ros2 command.")
    commands = parser.add_subparsers(metavar='COMMAND', required=True)
    for module in (processes, graph, bag):
        module.add_commands(commands)
    try:
        if command in UPSTREAM_COMMANDS:
            raise not_offered(f'ros2 {command}')
        if verb in UPSTREAM_VERBS.get(command, '').split():
            raise not_offered(f'ros2 {command} {verb}')
        arguments = parser.parse_args(words)
        return arguments.run(arguments) or 0
    except NotImplementedError as error:
        print(error, file=sys.stderr)
        return 2
    except CommandError as error:
        print(f'ros2 {command}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main())
