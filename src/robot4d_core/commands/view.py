# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d view`: the clouds of a prediction or an episode over time, in the browser or as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command, add_package_path, output
from robot4d_core.commands.recorded_moment import add_episode_arguments, is_bag, read_episode

ALL_STEPS = 10**6


def add(commands) -> None:
    """Declare the command."""
    parser = add_command(commands, 'view', _view, 'watch the clouds of a prediction or an episode over time')
    parser.add_argument('source', type=Path, metavar='PREDICTION|EPISODE',
                        help="what 'robot4d predict' wrote, or STORE/NAME of an episode")
    add_episode_arguments(parser)
    add_package_path(parser)
    parser.add_argument('--png', type=output, default=None, metavar='FILE',
                        help='draw some moments into this file instead; needs no browser')
    parser.add_argument('--gripper', action=argparse.BooleanOptionalAction, default=True,
                        help='follow the grippers through the video of a prediction (seconds)')
    parser.add_argument('--host', default='127.0.0.1', help='address to serve at; 0.0.0.0: every network')
    parser.add_argument('--port', type=int, default=8080, help='to serve at; 0: any free one')


def _view(arguments: argparse.Namespace) -> int:
    videos, description = _videos(arguments)
    if arguments.png is not None:
        from robot4d_core.viewer.moments_picture import draw_picture

        arguments.png.parent.mkdir(parents=True, exist_ok=True)
        draw_picture(videos, arguments.png, description)
        print(f'picture: {arguments.png}')
        return 0
    from robot4d_core.viewer.browser import CloudViewer

    viewer = CloudViewer(videos, description, arguments.host, arguments.port)
    print(f'open {viewer.url} in a browser; end with Ctrl-C', flush=True)
    try:
        viewer.run()
    finally:
        viewer.stop()


def _videos(arguments: argparse.Namespace):
    """Return what to watch and a line about it."""
    from robot4d_core.viewer.cloud_video import follow_grippers, predicted_clouds, recorded_clouds

    if is_bag(arguments.source) or arguments.source.is_file() or arguments.source.suffix == '.npz':
        from robot4d_core.episodes.prediction_file import read_prediction

        saved = read_prediction(arguments.source, arguments.package_path)
        followed, said = follow_grippers(saved) if arguments.gripper else ([], [])
        for sentence in said:
            print(f'grippers: {sentence}')
        videos = [predicted_clouds(saved, followed)]
        if saved.look.future:
            videos.append(recorded_clouds(saved.look, 'recorded', with_observation=False))
        return videos, f'{saved.look.source}: {saved.prediction.model}, seed {saved.seed}, {saved.steps} steps'
    look = read_episode(arguments, arguments.source, ALL_STEPS)
    return [recorded_clouds(look, 'recorded')], look.source
