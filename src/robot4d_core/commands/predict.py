# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d predict`: what comes after one moment of a recording, as file, film and table."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from robot4d_core.commands.parsers import add_command, at_least, output
from robot4d_core.commands.recorded_moment import add_bag_arguments, add_episode_arguments, is_bag, read_look
from robot4d_core.errors import EngineError, PredictionCancelled, PredictionFileError


def add(commands) -> None:
    """Declare the command."""
    parser = add_command(commands, 'predict', _predict, 'imagine what comes after one moment of an episode or a bag')
    parser.add_argument('source', type=Path, metavar='EPISODE|BAG',
                        help='STORE/NAME of an episode, or the folder of a rosbag2')
    add_episode_arguments(parser)
    add_bag_arguments(parser)
    parser.add_argument('--engine', default='diffusion', choices=['diffusion', 'hold', 'oracle'], help='generator')
    parser.add_argument('--model', type=Path, default=None, metavar='FOLDER',
                        help='of the diffusion engine; None: the model that comes with robot4d')
    parser.add_argument('--device', default='auto', help='of the diffusion engine: auto, cpu, cuda, cuda:N')
    parser.add_argument('--steps', type=at_least(1), default=None, help="denoising steps; None: the engine's default")
    parser.add_argument('--seed', type=at_least(0), default=0, help='the same seed gives the same prediction')
    parser.add_argument('--format', default='npz', choices=['npz', 'mcap'],
                        help='npz: plain arrays, described in episodes/prediction_file.py; mcap: a rosbag2')
    parser.add_argument('--output', type=output, default=Path('out/predict'), metavar='FOLDER',
                        help='gets prediction.npz (or the bag prediction/) and prediction.mp4')


def _predict(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from robot4d_core.commands.prediction_in_terminal import predict_in_terminal
    from robot4d_core.episodes.prediction_file import write_npz
    from robot4d_core.episodes.saved_prediction import SavedPrediction
    from robot4d_core.generator.engines.engine import make_engine
    from robot4d_core.viewer.film import write_film

    file = arguments.output / ('prediction' if arguments.format == 'mcap' else 'prediction.npz')
    if arguments.format == 'mcap' and file.exists():
        raise PredictionFileError(f'{file} exists; remove it or choose another folder with --output')
    seconds = {}
    begin = time.perf_counter()
    look = read_look(arguments, arguments.source)
    seconds['read the recording'] = time.perf_counter() - begin
    observation, options = look.observation, {}
    if arguments.engine == 'diffusion':
        options = {'model': arguments.model, 'device': arguments.device}
    elif arguments.engine == 'oracle' and not is_bag(arguments.source):
        from robot4d_core.cell.recorded_state import recorded_state

        begin = time.perf_counter()
        cameras = [view.name for view in observation.views]
        state = recorded_state(arguments.source, arguments.step or 0, cameras)
        observation = replace(observation, simulator=state)
        seconds['do the recording again'] = time.perf_counter() - begin
        size = observation.views[0].camera
        options = {'width': size.width, 'height': size.height}
    begin = time.perf_counter()
    engine = make_engine(arguments.engine, **options)
    seconds['import the engine'] = time.perf_counter() - begin
    begin = time.perf_counter()
    engine.start()
    seconds['load the weights'] = time.perf_counter() - begin
    if engine.needs_robot:
        if observation.robot is None:
            raise EngineError(f"engine '{engine.name}' needs the robot's state, which {look.source} does not hold: "
                              f'{look.robot_unknown}; name another with --robot and --urdf, or predict without by '
                              '--model models/tabletop_tiny')
        engine.use_robot(look.described_robot)
    console = Console()
    try:
        prediction, stages, steps = predict_in_terminal(
            engine, observation, arguments.steps, arguments.seed, console)
    except PredictionCancelled as error:
        print(f'robot4d predict: {error}; nothing is written', file=sys.stderr)
        return 130
    finally:
        engine.stop()
    seconds |= {'encode': stages.before, f'{steps} steps': stages.steps, 'decode': stages.after}
    saved = SavedPrediction(prediction, look, arguments.seed, steps)
    arguments.output.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    if arguments.format == 'mcap':
        from robot4d_core.episodes.bags.prediction_bag import write_prediction_bag

        write_prediction_bag(saved, file)
    else:
        write_npz(saved, file)
    film = arguments.output / 'prediction.mp4'
    write_film(saved, film)
    seconds['write'] = time.perf_counter() - begin
    _print_tables(console, saved, seconds)
    print(f'prediction: {file}\nfilm: {film}\nwatch it with: robot4d view {file}')
    return 0


def _print_tables(console, saved, seconds: dict[str, float]) -> None:
    from rich.table import Table

    from robot4d_core.evaluation.metrics.prediction_errors import prediction_errors

    prediction, look = saved.prediction, saved.look
    table = Table(title=look.source, show_header=False)
    for what, value in (('model', prediction.model), ('seed', saved.seed), ('steps', saved.steps),
                        *((what, f'{value:.2f} s') for what, value in seconds.items())):
        table.add_row(what, str(value))
    console.print(table)
    errors = prediction_errors(prediction, look)
    if not errors:
        console.print('The recording ends with the observation: there is no true future to compare with.')
        return
    table = Table(title=f'against the {look.future} recorded frames that followed')
    for title in ('view', '', 'PSNR (dB)', 'AbsRel', 'delta1', 'mean 3-D error', 'median where it moves'):
        table.add_column(title, justify='right' if table.columns[1:] else 'left')
    for name, pair in errors.items():
        for who, its in zip(('predicted', 'no motion'), pair, strict=True):
            table.add_row(name, who, f'{its.psnr:.1f}', f'{its.absolute_relative:.3f}', f'{its.delta1:.3f}',
                          f'{its.distance:.0f} mm', f'{its.moving:.0f} mm')
    console.print(table)
    if look.T_n_m is None:
        console.print(f"The recording does not know where camera '{look.views[1].name}' stands: its points are not "
                      'compared.')
