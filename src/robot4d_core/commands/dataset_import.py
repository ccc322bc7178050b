# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d dataset import`: demonstrations, or looks, recorded as rosbag2 become episodes."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command, image_size, output
from robot4d_core.commands.robot_arguments import add_robot_arguments, named_robot, robot_topics
from robot4d_core.episodes.splits import SPLITS


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
    add_robot_arguments(parser)


def _import(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Column, Table

    from robot4d_core.episodes.bags.importing.importer import import_bags
    from robot4d_core.episodes.bags.importing.settings import ImportSettings
    from robot4d_core.episodes.bags.topics import camera_topics_of_file

    settings = ImportSettings(
        task=arguments.task, instruction=arguments.instruction, success=arguments.success, split=arguments.split,
        cameras=camera_topics_of_file(arguments.cameras) if arguments.cameras else None,
        robot=named_robot(arguments), package_paths=arguments.package_path,
        robot_topics=robot_topics(arguments), size=arguments.size, tolerance=arguments.tolerance,
        register=arguments.register, looks=arguments.looks)
    outcomes = import_bags(arguments.bags, arguments.output, settings)
    table = Table(Column('bag', overflow='fold'), 'outcome', 'steps', 'reason')
    for outcome in outcomes:
        table.add_row(str(outcome.bag), outcome.outcome, str(outcome.steps or ''), outcome.reason)
    Console().print(table)
    return int(any(outcome.outcome == 'refused' for outcome in outcomes))
