# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d dataset import`: demonstrations, or looks, recorded as rosbag2 become episodes."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command, add_description_arguments, image_size, output
from robot4d_core.episodes.splits import SPLITS
from robot4d_core.errors import ParameterError


def add(dataset) -> None:
    """Declare the command."""
    parser = add_command(
        dataset, 'import', _import, 'bring demonstrations, or looks, recorded as rosbag2 (MCAP, sqlite3) into a store')
    parser.add_argument('bags', type=Path, nargs='+', metavar='BAG', help='folder of a rosbag2: one episode each')
    parser.add_argument('--output', type=output, required=True, metavar='STORE', help='folder of the episode store')
    parser.add_argument('--instruction', default=None, help='sentence; None: read from the topic /instruction')
    parser.add_argument('--task', default=None, help='name of the task; needed unless robot4d wrote the bag')
    parser.add_argument('--success', action=argparse.BooleanOptionalAction, default=None,
                        help='whether the demonstrations succeed; None: they do, unless the bag says otherwise')
    parser.add_argument('--split', choices=SPLITS, default=None, help='None: training, unless the bag says otherwise')
    parser.add_argument('--cameras', type=Path, default=None, metavar='FILE',
                        help="the cameras' names and topics, as config/cameras.yaml; None: every "
                             '/NAME/color/image_raw with its depth and camera_info')
    parser.add_argument('--size', type=image_size, default=None, metavar='WxH',
                        help='to which the images are resized, pixels; None: as recorded')
    parser.add_argument('--tolerance', type=float, default=0.05, metavar='SECONDS',
                        help='between the stamps of what belongs to one step; a bag with a larger gap is refused')
    parser.add_argument('--register', action='store_true',
                        help='estimate from the images where a camera other than the first stands if tf does not say')
    parser.add_argument('--looks', action='store_true',
                        help='the bags are looks: short, from rest, off the usual way; no video is learned from them')
    parser.add_argument('--base-frame', default='world', help='frame that the poses are in')
    parser.add_argument('--robot-description', type=Path, default=None, metavar='URDF',
                        help="with --base-frame as root, to tell the robot's pixels in bags without segmentation; "
                             "None: robot4d's cell")
    add_description_arguments(parser)
    parser.add_argument('--tcp-frame', nargs='+', default=None, metavar='FRAME',
                        help="between the finger pads, one per arm; None: as in robot4d's cell")
    parser.add_argument('--joints', nargs='+', default=None, metavar='JOINT',
                        help='the same number per arm, from base to tool')
    parser.add_argument('--finger-joints', nargs='+', default=None, metavar='JOINT',
                        help='the same number per arm; their positions add up to the opening')


def _import(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Column, Table

    from robot4d_core.episodes.bags.importing.importer import import_bags
    from robot4d_core.episodes.bags.importing.settings import ImportSettings
    from robot4d_core.episodes.bags.topics import camera_topics_of_file
    from robot4d_core.robot.description import RobotDescription
    from robot4d_core.robot.robot_file import parse_xacro_arguments

    file = arguments.robot_description
    description = None if file is None else RobotDescription.from_file(
        file, parse_xacro_arguments(arguments.xacro_argument), arguments.package_path)
    settings = ImportSettings(
        task=arguments.task, instruction=arguments.instruction, success=arguments.success, split=arguments.split,
        cameras=camera_topics_of_file(arguments.cameras) if arguments.cameras else None, arms=_arms(arguments),
        base_frame=arguments.base_frame, robot_description=description, size=arguments.size,
        tolerance=arguments.tolerance, register=arguments.register, looks=arguments.looks)
    outcomes = import_bags(arguments.bags, arguments.output, settings)
    table = Table(Column('bag', overflow='fold'), 'outcome', 'steps', 'reason')
    for outcome in outcomes:
        table.add_row(str(outcome.bag), outcome.outcome, str(outcome.steps or ''), outcome.reason)
    Console().print(table)
    return int(any(outcome.outcome == 'refused' for outcome in outcomes))


def _arms(arguments: argparse.Namespace):
    from robot4d_core.episodes.bags.recorded_arms import RecordedArm, known_arms

    given = arguments.tcp_frame, arguments.joints, arguments.finger_joints
    if given == (None, None, None):
        return None
    arms = known_arms()
    tcps = arguments.tcp_frame or [arms[0].tcp]
    if len(tcps) > len(arms):
        raise ParameterError(f'--tcp-frame names {len(tcps)} arms, at most {len(arms)} are supported')
    arms = arms[:len(tcps)]
    joints = arguments.joints or [joint for arm in arms for joint in arm.joints]
    fingers = arguments.finger_joints or [joint for arm in arms for joint in arm.finger_joints]
    if len(joints) % len(tcps) or len(fingers) % len(tcps):
        raise ParameterError(
            f'{len(tcps)} arms (--tcp-frame) need a multiple of {len(tcps)} --joints and --finger-joints, got '
            f'{len(joints)} and {len(fingers)}')
    of_arm, of_gripper = len(joints) // len(tcps), len(fingers) // len(tcps)
    return [
        RecordedArm(arm.gripper, tuple(joints[of_arm * k:of_arm * (k + 1)]),
                    tuple(fingers[of_gripper * k:of_gripper * (k + 1)]), tcp)
        for k, (arm, tcp) in enumerate(zip(arms, tcps, strict=True))
    ]
