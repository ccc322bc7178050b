# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The recorded moment that `robot4d predict` and `robot4d view` begin from: of an episode or of a bag."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robot4d_core.commands.parsers import at_least
from robot4d_core.commands.robot_arguments import add_robot_arguments, named_robot, robot_topics
from robot4d_core.errors import EpisodeError, ParameterError
from robot4d_core.prediction import FRAMES

if TYPE_CHECKING:
    from robot4d_core.episodes.recorded_look import RecordedLook


def add_episode_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which moment and which cameras of an episode are meant."""
    parser.add_argument('--step', type=at_least(0), default=None, help='of an episode; None: the first')
    parser.add_argument('--cameras', nargs=2, default=('0', '1'), metavar=('N', 'M'),
                        help='names, or numbers from 0, of the reference camera and of the other one')


def add_bag_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which moment of a bag is meant, and where its cameras and its robot are."""
    parser.add_argument('--time', type=float, default=None, metavar='SECONDS',
                        help='of a bag: the newest look up to so long after its first image; None: the newest of all')
    parser.add_argument('--topics', type=Path, default=None, metavar='FILE',
                        help="of a bag: the cameras' names and topics, as config/cameras.yaml; None: every "
                             '/NAME/color/image_raw with its depth and camera_info')
    add_robot_arguments(parser)


def read_look(arguments: argparse.Namespace, path: Path) -> RecordedLook:
    """Read the moment of an episode or a bag; raises the named errors of both."""
    if arguments.robot is None:
        _refuse(arguments, 'urdf', 'it describes the robot that --robot FILE names')
    if not is_bag(path):
        for name, instead in (('time', 'choose the moment with --step NUMBER'), ('topics', 'leave it out'),
                              ('robot', 'leave it out, an episode knows its robot itself'),
                              *((topics, 'leave it out') for topics in ('joint_states', 'tf', 'tf_static'))):
            if name != 'robot' or arguments.urdf is None:
                _refuse(arguments, name, f'{path} is no bag; {instead}')
        return read_episode(arguments, path)
    from robot4d_core.episodes.bags.look import read_bag_look
    from robot4d_core.episodes.bags.topics import camera_topics_of_file

    _refuse(arguments, 'step', f'{path} is a bag; choose the moment with --time SECONDS')
    topics = None if arguments.topics is None else camera_topics_of_file(arguments.topics)
    return read_bag_look(
        path, arguments.time, tuple(arguments.cameras), topics, robot=named_robot(arguments),
        robot_topics=robot_topics(arguments), package_paths=arguments.package_path)


def read_episode(arguments: argparse.Namespace, path: Path, moments: int = FRAMES) -> RecordedLook:
    """Read the moment of an episode and at most so many that follow. Raises EpisodeError, ParameterError."""
    from robot4d_core.episodes.recorded_look import read_episode_look
    from robot4d_core.episodes.store import EpisodeStore

    if not path.exists():
        raise EpisodeError(
            f'{path} does not exist; give an episode of a store (STORE/NAME) or the folder of a rosbag2')
    if (path / 'zarr.json').is_file() and not (path.parent / 'zarr.json').is_file():
        names = EpisodeStore(path).names
        raise EpisodeError(f'{path} is a store; give one of its {len(names)} episodes, such as {path / names[0]}'
                           if names else f'{path} is a store without an episode')
    return read_episode_look(path, arguments.step or 0, tuple(arguments.cameras), moments, arguments.package_path)


def is_bag(path: Path) -> bool:
    """Tell whether a path is meant to be a bag, by its folder or its file."""
    return (path / 'metadata.yaml').is_file() or path.suffix in ('.mcap', '.db3', '.bag')


def _refuse(arguments: argparse.Namespace, name: str, why: str) -> None:
    if getattr(arguments, name) is not None:
        raise ParameterError(f'--{name.replace("_", "-")} does not apply: {why}')
