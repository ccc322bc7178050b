# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d evaluate generation`, `table`, `steps`, `outside` and `figure`: predictions against what then happened."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from robot4d_core.commands.parsers import add_command, at_least, output

if TYPE_CHECKING:
    from robot4d_core.evaluation.generation.measured_models import Contender, Measurement
    from robot4d_core.evaluation.generation.protocol import Protocol
    from robot4d_core.evaluation.metrics.gripper_masks import Segmenter


def add_model_measurements(evaluate) -> None:
    """Declare the commands."""
    _add_generation(evaluate)
    _add_table(evaluate)
    _add_steps(evaluate)
    _add_outside(evaluate)
    _add_figure(evaluate)


def _add_generation(evaluate) -> None:
    generation = add_command(
        evaluate, 'generation', _generation,
        'errors of predicted images, points, views and gripper paths, on episodes and cameras that no model trained on')
    generation.add_argument('store', type=Path, help='folder of the episode store')
    generation.add_argument('--engine', default='diffusion', choices=['diffusion', 'hold'],
                            help='generator; a frozen scene is always measured beside it')
    generation.add_argument('--model', type=Path, default=None, metavar='FOLDER',
                            help='of the diffusion engine, the shipped one without it')
    generation.add_argument('--steps', type=at_least(1), default=None, help="denoising steps, the engine's without it")
    generation.add_argument('--json', type=output, default=None, metavar='FILE', help='also write the numbers here')
    _add_protocol(generation)
    _add_second_camera(generation)


def _add_table(evaluate) -> None:
    table = add_command(
        evaluate, 'table', _table,
        "the paper's Table 1: several models and hold on every task, with the paper's numbers; a killed run goes on")
    _add_data(table)
    _add_models(table)
    _add_output(table, 'table')
    _add_protocol(table)
    _add_second_camera(table)


def _add_steps(evaluate) -> None:
    steps = add_command(
        evaluate, 'steps', _steps, 'every measure and the time by the number of denoising steps; a killed run goes on')
    _add_data(steps)
    _add_model(steps)
    steps.add_argument('--steps', type=at_least(1), nargs='+', default=[1, 2, 4, 8, 25], help='denoising steps')
    _add_output(steps, 'steps')
    _add_protocol(steps)
    _add_second_camera(steps)


def _add_outside(evaluate) -> None:
    outside = add_command(
        evaluate, 'outside', _outside,
        'every measure by where the second camera stands, inside and outside the training shell, of episodes that '
        '`robot4d record --outside-shell` recorded; a killed run goes on')
    _add_data(outside)
    _add_model(outside)
    outside.add_argument('--steps', type=at_least(1), default=None, help="denoising steps, the model's without it")
    _add_output(outside, 'outside')
    _add_protocol(outside)
    outside.set_defaults(second_camera=None)


def _add_figure(evaluate) -> None:
    figure = add_command(
        evaluate, 'figure', _figure,
        "a picture per task as the paper's figure 4: the truth, what each model predicts and hold, one below the other")
    _add_data(figure)
    _add_models(figure)
    figure.add_argument('--clip', type=at_least(0), default=None,
                        help='number of the clip; without it, one in which grippers are in sight and move as usual')
    _add_output(figure, 'figure')
    _add_protocol(figure)
    _add_second_camera(figure)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--model', type=Path, default=None, metavar='FOLDER', help='the shipped one without it')


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--models', type=_named_folder, nargs='+', required=True, metavar='NAME=FOLDER[@STEPS]',
                        help='of each model; a table compares the first with every other clip by clip, and has numbers '
                             'of the paper beside those called full, no_multi_view_attention, rgb_only and '
                             'rgb_only_multi_view_attention; STEPS of denoising, 0 for the base of a model that '
                             "imagines the robot first: 'robot over a frozen scene=models/tabletop@0'")
    parser.add_argument('--steps', type=at_least(1), default=None,
                        help="denoising steps where no STEPS are given, each model's without it")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('data', type=Path, help='an episode store, or a folder of one per task')


def _add_output(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument('--out', type=output, default=Path('out/evaluation') / name, metavar='FOLDER',
                        help='for tables, pictures and each measurement as soon as it is made')


def _add_protocol(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--device', default='auto', choices=['auto', 'cpu', 'cuda'], help='of the diffusion engine')
    parser.add_argument('--split', default='held_out_objects', choices=['held_out_objects', 'validation'],
                        help='episodes to measure on')
    parser.add_argument('--cameras', default='held_out', choices=['held_out', 'training'],
                        help='cameras to measure with')
    parser.add_argument('--clips', type=at_least(1), default=25, help='number of predictions')
    parser.add_argument('--seed', type=at_least(0), default=0, help='of the choice of clips and of the sampler')
    parser.add_argument('--i3d', type=Path, default=None, metavar='FILE',
                        help='i3d_torchscript.pt of StyleGAN-V; without it FVD is not measured')
    parser.add_argument('--segmenter', default=None, metavar='MODULE:FUNCTION',
                        help='finds the gripper in images (evaluation/gripper_masks.py); by colour without it')


def _add_second_camera(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--second-camera', default=None, metavar='NAME',
                        help='camera that is the second view of every clip, such as one that `robot4d record '
                             '--outside-shell` adds; another one of CAMERAS without it')


def _named_folder(text: str) -> tuple[str, Path, int | None]:
    """Parse NAME=FOLDER[@STEPS]."""
    match = re.fullmatch(r'([\w. -]+)=(.+?)(?:@(\d+))?', text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f'expected NAME=FOLDER or NAME=FOLDER@STEPS, such as full=out/model, got {text!r}')
    return match[1], Path(match[2]), None if match[3] is None else int(match[3])


def _protocol(arguments: argparse.Namespace, steps: int | None = None) -> tuple[Protocol, Segmenter]:
    from robot4d_core.evaluation.generation.protocol import Protocol
    from robot4d_core.evaluation.metrics.gripper_masks import load_segmenter, segment_by_colour

    segmenter = load_segmenter(arguments.segmenter) if arguments.segmenter else segment_by_colour
    return Protocol(
        arguments.split, arguments.cameras, arguments.clips, arguments.seed, steps, arguments.i3d,
        arguments.second_camera), segmenter


def _contenders(arguments: argparse.Namespace) -> list[Contender]:
    from robot4d_core.evaluation.generation.measured_models import Contender

    return [Contender(name, folder, arguments.steps if steps is None else steps)
            for name, folder, steps in arguments.models]


def _model(arguments: argparse.Namespace) -> Path:
    from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine

    return DiffusionEngine(arguments.model).model


def _measure(arguments: argparse.Namespace, contenders: list[Contender]) -> list[Measurement]:
    from robot4d_core.evaluation.generation.measured_models import measure_models, open_stores_by_task

    return measure_models(
        open_stores_by_task(arguments.data), contenders, *_protocol(arguments), arguments.out / 'measurements',
        _command(), arguments.device)


def _command() -> str:
    return shlex.join(['robot4d', *sys.argv[1:]])


def _generation(arguments: argparse.Namespace) -> None:
    from robot4d_core.episodes.store import EpisodeStore
    from robot4d_core.evaluation.generation.clip_progress import clip_progress
    from robot4d_core.evaluation.generation.protocol import evaluate_generation, write_report
    from robot4d_core.generator.engines.engine import make_engine

    options = {'model': arguments.model, 'device': arguments.device} if arguments.engine == 'diffusion' else {}
    protocol, segmenter = _protocol(arguments, arguments.steps)
    store = EpisodeStore(arguments.store)
    engine = make_engine(arguments.engine, **options)
    engine.start()
    with clip_progress(protocol.count) as advance:
        report = evaluate_generation(store, engine, protocol, segmenter, advance)
    engine.stop()
    write_report(report, _command(), Path('out/evaluation'), arguments.json)


def _table(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.generation.tables.model_table import write_table

    write_table(_measure(arguments, _contenders(arguments)), _command(), arguments.out)


def _steps(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.generation.tables.sampling_steps import contenders_by_steps, write_sampling_steps

    measurements = _measure(arguments, contenders_by_steps(_model(arguments), arguments.steps))
    write_sampling_steps(measurements, _command(), arguments.out)


def _outside(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.generation.tables.outside_shell import contenders_by_second_camera, write_outside_shell

    measurements = _measure(arguments, contenders_by_second_camera(_model(arguments), arguments.steps))
    write_outside_shell(measurements, _command(), arguments.out)


def _figure(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.generation.comparison_figure import draw_tasks
    from robot4d_core.evaluation.generation.measured_models import open_stores_by_task

    draw_tasks(
        open_stores_by_task(arguments.data), _contenders(arguments), *_protocol(arguments), arguments.out,
        arguments.clip, arguments.device)
