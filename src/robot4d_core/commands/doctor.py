# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d doctor`: whether this machine is well; what robot4d understands of a robot, all that is wrong, a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command, add_description_arguments, output
from robot4d_core.errors import RobotDescriptionError


def add(commands) -> None:
    """Declare the command, and that of a robot below it."""
    machine = add_command(commands, 'doctor', _machine, 'look whether all is well: this machine, or a robot')
    group = machine.add_subparsers(dest='subcommand', metavar='[robot]')
    robot = add_command(
        group, 'robot', _robot, 'check a robot as the nodes do, say what was understood of it, and draw it')
    robot.add_argument('--urdf', type=Path, required=True, metavar='FILE', help='its description, URDF or xacro')
    robot.add_argument('--robot', type=Path, required=True, metavar='FILE',
                       help='names of its joints, links, frames and controllers, as those in config/robots')
    add_description_arguments(robot)
    robot.add_argument('--pose', type=_position, nargs='+', default=[], metavar='JOINT:=VALUE',
                       help='where joints are drawn, rad or metres; others: amid their limits, grippers open')
    robot.add_argument('--output', type=output, default=Path('out/doctor_robot.png'), metavar='PNG', help='the picture')


def _machine(_: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from robot4d_core.commands.machine_examination import examine_machine

    table, well = Table('part', '', 'found, or what to do', box=None), True
    for finding in examine_machine():
        table.add_row(finding.part, '[green]OK' if finding.well else '[red]!!', finding.text)
        well &= finding.well
    Console().print(table)
    return 0 if well else 1


def _robot(arguments: argparse.Namespace) -> int:
    from robot4d_core.executor.gripper_command import read_controllers
    from robot4d_core.executor.robot_examination import examine_robot
    from robot4d_core.executor.robot_report import describe_robot, positions_to_draw
    from robot4d_core.robot.description import RobotDescription
    from robot4d_core.robot.names import read_arm_names
    from robot4d_core.robot.robot_file import (
        parse_xacro_arguments,
        read_base_frame,
        read_package_paths,
        read_velocity_limits,
        read_xacro_arguments,
    )
    from robot4d_core.viewer.robot_picture import draw_robot

    file = arguments.robot
    names, base_frame = read_arm_names(file), read_base_frame(file)
    controllers = [read_controllers(file, arm.name) for arm in names]
    description = RobotDescription.from_file(
        arguments.urdf, read_xacro_arguments(file) | parse_xacro_arguments(arguments.xacro_argument),
        (*arguments.package_path, *read_package_paths(file)))
    found = examine_robot(description, names, base_frame, read_velocity_limits(file))
    positions = positions_to_draw(found) | dict(arguments.pose)
    print(f'{arguments.urdf}: {len(description.links)} links, {len(description.joints)} joints that move')
    print('\n'.join(describe_robot(description, names, base_frame, found, controllers, positions)))
    problems = list(found.problems)
    try:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        draw_robot(description, positions, base_frame, [arm.gripper.tcp for arm in names], found.grippers,
                   arguments.output, f'{arguments.urdf.name} with {file.name}')
        print(f'picture: {arguments.output}')
    except RobotDescriptionError as error:
        if not any(str(error) in problem for problem in problems):
            problems.append(f'it cannot be drawn: {error}')
    for problem in problems:
        print(f'problem: {problem}')
    print(f'problems: {len(problems)}' if problems else 'all is well')
    return 1 if problems else 0


def _position(text: str) -> tuple[str, float]:
    joint, _, value = text.partition(':=')
    try:
        return joint, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f'expected JOINT:=VALUE in rad or metres, got {text!r}') from None
