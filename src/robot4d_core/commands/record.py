# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d record`: render demonstrations."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from robot4d_core.commands.parsers import add_command, at_least, image_size


def add(commands) -> None:
    """Declare the command."""
    parser = add_command(commands, 'record', _record, 'render demonstrations of the scripted expert')
    parser.add_argument('output', type=Path, help='folder of the episode store; a killed recording continues')
    parser.add_argument('--task', default='PutSpatulaOnTable', help='task of the simulated cell')
    parser.add_argument('--episodes', type=at_least(0), default=60, help='number of episodes')
    parser.add_argument('--cameras', type=at_least(2), default=16, help='cameras per episode')
    parser.add_argument('--seed', type=at_least(0), default=0, help='of the first episode')
    parser.add_argument('--size', type=image_size, default='160x128', metavar='WxH', help='of the images, pixels')
    parser.add_argument('--sensor', choices=['ideal', 'noisy'], default='ideal', help='what the cameras are like')
    parser.add_argument('--split', choices=['training', 'validation', 'held_out_objects'], default=None,
                        help='record those of the episodes only that belong to it, to measure on')
    parser.add_argument('--outside-shell', action='store_true',
                        help='also film with cameras where none stands in training: farther, nearer, lower, opposite')
    parser.add_argument('--workers', type=at_least(1), default=os.cpu_count(), help='processes')
    parser.add_argument('--bag', type=Path, default=None, metavar='FOLDER',
                        help='also write each of the episodes as a rosbag2 below this folder, for `ros2 bag play`')


def _record(arguments: argparse.Namespace) -> None:
    from robot4d_core.cell.recorder import episode_name, record
    from robot4d_core.cell.sensor import SENSORS

    store = record(
        arguments.output, arguments.task, arguments.episodes, arguments.cameras, seed=arguments.seed,
        size=arguments.size, workers=arguments.workers, sensor=SENSORS[arguments.sensor],
        outside_shell=arguments.outside_shell, split=arguments.split,
    )
    print(f'{arguments.output} has {len(store)} episodes; {len(store.failures)} demonstrations failed')
    if arguments.bag:
        from robot4d_core.episodes.bags.exporter import export_episodes

        asked = {episode_name(seed) for seed in range(arguments.seed, arguments.seed + arguments.episodes)}
        export_episodes(store, sorted(asked.intersection(store.names)), arguments.bag)
        print(f'the bags are in {arguments.bag}')
