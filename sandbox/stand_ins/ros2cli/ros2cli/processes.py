# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 launch` and `ros2 run`: find a launch file or an executable of an installed package, and start it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix, get_package_share_directory

from ros2cli.errors import CommandError


def add_commands(commands) -> None:
    """Add `launch` and `run` to the parser's subcommands."""
    launch = commands.add_parser('launch', help='start the nodes of a launch file')
    launch.add_argument('-s', '--show-args', '--show-arguments', action='store_true', help="show the file's arguments")
    launch.add_argument('package', metavar='PACKAGE_OR_PATH', help='package that holds the file, or path of a file')
    launch.add_argument('rest', metavar='FILE', nargs='*', help='name of the file, then arguments: name:=value ...')
    launch.set_defaults(run=run_launch)

    run = commands.add_parser('run', help='start one executable of a package')
    run.add_argument('package', metavar='PACKAGE')
    run.add_argument('executable', metavar='EXECUTABLE')
    run.add_argument('rest', nargs=argparse.REMAINDER, metavar='ARGUMENT', help='passed on, e.g. --ros-args ...')
    run.set_defaults(run=run_executable)


def run_launch(arguments) -> int:
    """Start a launch file, or show its arguments."""
    from launch import LaunchService
    from launch.service import load_launch_file

    path, words = _find_launch_file(arguments.package, arguments.rest)
    values = dict(_split_argument(word) for word in words)
    try:
        description = load_launch_file(path)
    except (Exception, SystemExit) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise CommandError(f'{path} cannot be loaded: {type(error).__name__}: {error}') from error
    if arguments.show_args:
        return _show_arguments(description)
    service = LaunchService(noninteractive=not sys.stdin.isatty())
    service.include_launch_description(description, values)
    return service.run()


def run_executable(arguments) -> int:
    """Become the executable lib/PACKAGE/EXECUTABLE."""
    folder = Path(_of_package(get_package_prefix, arguments.package)) / 'lib' / arguments.package
    executable = folder / arguments.executable
    if not os.access(executable, os.X_OK):
        names = sorted(path.name for path in folder.glob('*') if os.access(path, os.X_OK))
        raise CommandError(f'package {arguments.package} has no executable {arguments.executable!r}, but {names}')
    os.execv(executable, [str(executable), *arguments.rest])


def _find_launch_file(package_or_path: str, rest: list[str]) -> tuple[str, list[str]]:
    if Path(package_or_path).is_file():
        return package_or_path, rest
    if not rest or ':=' in rest[0]:
        raise CommandError(f'{package_or_path!r} is no file; name a package and a launch file of it')
    share = Path(_of_package(get_package_share_directory, package_or_path))
    found = sorted(path for path in share.rglob(rest[0]) if path.is_file())
    if len(found) != 1:
        names = sorted(path.name for path in share.rglob('*.launch.py'))
        raise CommandError(f'package {package_or_path} has {len(found)} files {rest[0]!r}; launch files: {names}')
    return str(found[0]), rest[1:]


def _of_package(lookup, package: str):
    try:
        return lookup(package)
    except (PackageNotFoundError, ValueError) as error:
        raise CommandError(f'package {package!r} is not installed; AMENT_PREFIX_PATH is searched') from error


def _split_argument(word: str) -> tuple[str, str]:
    name, separator, value = word.partition(':=')
    if not separator or not name:
        raise CommandError(f"malformed launch argument '{word}', expected format '<name>:=<value>'")
    return name, value


def _show_arguments(description) -> int:
    from launch import LaunchContext
    from launch.substitutions import perform

    print("Arguments (pass arguments as '<name>:=<value>'):")
    for argument in description.get_launch_arguments():
        print(f"\n    '{argument.name}':\n        {argument.description}")
        if argument.default_value is not None:
            print(f"        (default: '{perform(LaunchContext(), argument.default_value)}')")
    return 0
