# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot of a bag: how every command is told which it is, and which topics tell of it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robot4d_core.commands.parsers import add_description_arguments
from robot4d_core.errors import ParameterError

if TYPE_CHECKING:
    from robot4d_core.episodes.bags.topics import RobotTopics
    from robot4d_core.robot.robot import Robot


def add_robot_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which robot is in a bag, and on which topics."""
    parser.add_argument('--robot', type=Path, default=None, metavar='FILE',
                        help="of a bag: the names of the robot's joints and frames, as config/robot.yaml, with --urdf; "
                             'None: the robot that robot4d left in the bag, else that of the simulated cell')
    parser.add_argument('--urdf', type=Path, default=None, metavar='FILE',
                        help='description (URDF or xacro) of the robot that --robot names')
    add_description_arguments(parser)
    for option, usual, what in (
        ('--joint-states', '/joint_states', 'joint states, of grippers too, merged by name'),
        ('--tf', '/tf', 'transforms'), ('--tf-static', '/tf_static', 'transforms that stay'),
    ):
        parser.add_argument(option, nargs='+', default=None, type=_topic, metavar='TOPIC',
                            help=f'of a bag: the topics of {what}; None: {usual}')


def named_robot(arguments: argparse.Namespace) -> Robot | None:
    """Read the robot of --robot and --urdf, None without. Raises ParameterError, RobotDescriptionError."""
    from robot4d_core.robot.robot import Robot
    from robot4d_core.robot.robot_file import parse_xacro_arguments

    if (arguments.robot is None) != (arguments.urdf is None):
        raise ParameterError('--robot FILE names the robot that --urdf FILE describes; give both, or neither')
    if arguments.robot is None:
        return None
    return Robot.from_files(
        arguments.urdf, arguments.robot, arguments.package_path, parse_xacro_arguments(arguments.xacro_argument))


def robot_topics(arguments: argparse.Namespace) -> RobotTopics:
    """Return the topics that tell of the robot."""
    from robot4d_core.episodes.bags.topics import RobotTopics

    named = {kind: getattr(arguments, kind) for kind in ('joint_states', 'tf', 'tf_static')}
    return RobotTopics(**{kind: tuple(topics) for kind, topics in named.items() if topics is not None})


def _topic(text: str) -> str:
    return '/' + text.lstrip('/')
