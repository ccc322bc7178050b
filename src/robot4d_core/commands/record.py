# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d record`: render demonstrations, or looks."""

from __future__ import annotations

import argparse
import os

from robot4d_core.commands.parsers import add_cell_robot, add_command, at_least, image_size, output
from robot4d_core.errors import ParameterError


def add(commands) -> None:
    """Declare the command."""
    parser = add_command(commands, 'record', _record, 'render demonstrations of the scripted expert, or looks')
    parser.add_argument('output', type=output, help='folder of the episode store; a killed recording continues')
    parser.add_argument('--task', default='PutSpatulaOnTable', help='task of the simulated cell')
    add_cell_robot(parser)
    parser.add_argument('--episodes', type=at_least(0), default=60, help='number of episodes, or scenes')
    parser.add_argument('--looks', action='store_true',
                        help='of each scene take ten looks, in the place of a demonstration: short episodes that begin '
                             "at rest, displaced from the expert's way")
    parser.add_argument('--cameras', type=at_least(2), default=None, help='per episode; None: 16, for looks 4')
    parser.add_argument('--seed', type=at_least(0), default=0, help='of the first episode')
    parser.add_argument('--size', type=image_size, default='160x128', metavar='WxH', help='of the images, pixels')
    parser.add_argument('--sensor', choices=['ideal', 'noisy'], default='ideal', help='what the cameras are like')
    parser.add_argument('--split', choices=['training', 'validation', 'held_out_objects'], default=None,
                        help='record those of the episodes only that belong to it, to measure on')
    parser.add_argument('--outside-shell', action='store_true',
                        help='also film with cameras where none stands in training: farther, nearer, lower, opposite')
    parser.add_argument('--workers', type=at_least(1), default=os.cpu_count(), help='processes')
    parser.add_argument('--bag', type=output, default=None, metavar='FOLDER',
                        help='also write each of the episodes as a rosbag2 below this folder, for `ros2 bag play`')


def _record(arguments: argparse.Namespace) -> None:
    from robot4d_core.cell.recorder import record
    from robot4d_core.cell.sensor import SENSORS

    if arguments.looks and arguments.outside_shell:
        raise ParameterError('--looks and --outside-shell exclude each other: looks are to learn from, cameras outside '
                             'the shell to measure with')
    store = record(
        arguments.output, arguments.task, arguments.episodes, arguments.cameras or (4 if arguments.looks else 16),
        seed=arguments.seed, size=arguments.size, workers=arguments.workers, sensor=SENSORS[arguments.sensor],
        outside_shell=arguments.outside_shell, split=arguments.split, looks=arguments.looks,
        robot=arguments.robot,
    )
    what = 'looks' if arguments.looks else 'episodes'
    print(f'{arguments.output} has {len(store)} {what}; {len(store.failures)} failed')
    if arguments.bag:
        from robot4d_core.episodes.bags.exporter import export_episodes

        seeds = range(arguments.seed, arguments.seed + arguments.episodes)
        asked = [name for name in store.names if store.attributes(name)['seed'] in seeds]
        export_episodes(store, asked, arguments.bag)
        print(f'the bags are in {arguments.bag}')
