# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d evaluate`: measure and print a table."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from robot4d_core.commands.evaluate_models import add_model_measurements
from robot4d_core.commands.parsers import add_cell_robot, add_command, add_group, at_least, output, seconds


def add(commands) -> None:
    """Declare the command."""
    evaluate = add_group(commands, 'evaluate', 'measure and print a table')
    add_model_measurements(evaluate)
    _add_autoencoder(evaluate)
    _add_path(evaluate)
    _add_path_ablations(evaluate)
    policy = _add(evaluate, 'policy', _policy, 'success over random object poses and camera pairs')
    policy.add_argument('--engine', default='diffusion', choices=['diffusion', 'oracle', 'hold'], help='generator')
    policy.add_argument('--model', type=Path, default=None, metavar='FOLDER',
                        help='of the diffusion engine, the shipped one without it')
    policy.add_argument('--sensor', default='ideal', choices=['ideal', 'noisy'], help='what the cameras are like')
    policy.add_argument('--max-cycles', type=at_least(1), default=24, help='cycles before a trial is given up')
    policy.add_argument('--execute-steps', type=at_least(1), default=4, metavar='K',
                        help='carry out at most K steps of each prediction, fewer before and after a grip')
    policy.add_argument('--thinking-time', type=seconds, default=3.0, metavar='SECONDS',
                        help='of simulated time from an observation to the motion that comes of it; the arms rest')
    tracking = _add(evaluate, 'tracking', _tracking, 'pose and grip errors on oracle predictions')
    for parser in (policy, tracking):
        parser.add_argument('--json', type=output, default=None, metavar='FILE', help='also write the numbers here')
    expert = _add(evaluate, 'expert', _expert, 'success of the scripted expert')
    expert.add_argument(
        '--held-out-objects', action='store_true', help='objects stand where they never do in training episodes')


def _add_autoencoder(evaluate) -> None:
    autoencoder = add_command(
        evaluate, 'autoencoder', _autoencoder,
        'errors of images and points that are encoded and decoded, also at depth edges; no prediction can be better')
    autoencoder.add_argument('model', type=Path, help='folder of the model')
    autoencoder.add_argument('--store', type=Path, required=True, metavar='FOLDER', help='episode store')
    autoencoder.add_argument('--split', default='validation', choices=['held_out_objects', 'validation'],
                             help='episodes to measure on')
    autoencoder.add_argument('--cameras', default='held_out', choices=['held_out', 'training'],
                             help='cameras to measure with')
    autoencoder.add_argument('--clips', type=at_least(1), default=25, help='number of clips')
    autoencoder.add_argument('--seed', type=at_least(0), default=0, help='of the choice of clips')
    autoencoder.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N')
    autoencoder.add_argument('--json', type=output, default=None, metavar='FILE', help='also write the numbers here')


def _add_path(evaluate) -> None:
    path = add_command(
        evaluate, 'path', _path, 'errors of imagined gripper paths on looks, which no model should have trained on')
    path.add_argument('looks', type=Path, help='store of looks, or a folder of several')
    path.add_argument('--model', type=Path, default=None, metavar='FOLDER', help='the shipped one without it')
    path.add_argument('--split', default=None, choices=['training', 'validation', 'held_out_objects'],
                      help='looks to measure on; None: all')
    path.add_argument('--cameras', nargs=2, default=('0', '1'), metavar=('N', 'M'),
                      help='names, or numbers from 0, of the reference camera and of the other one')
    path.add_argument('--second-view', default='placed', choices=['placed', 'missing'],
                      help='placed where the model infers it, or not there at all')
    path.add_argument('--seed', type=at_least(0), default=0, help='of the choice of points')
    path.add_argument('--json', type=output, default=None, metavar='FILE', help='also write the numbers here')


def _add_path_ablations(evaluate) -> None:
    ablations = add_command(
        evaluate, 'path-ablations', _path_ablations,
        'train the path model without one of its parts at a time and measure it on validation looks, as rendered and '
        'disturbed; a killed run goes on')
    ablations.add_argument('looks', type=Path, help='store of looks, or a folder of several')
    ablations.add_argument('--steps', type=at_least(1), default=2500, help='of training; 2500 take 8 minutes of a core')
    ablations.add_argument('--only', nargs='+', default=None, metavar='VARIANT', help='variants to train; None: all')
    ablations.add_argument('--work', type=output, default=Path('out/path_ablations'), metavar='FOLDER',
                           help='folder of checkpoints')
    ablations.add_argument('--json', type=output, default=None, metavar='FILE', help='also write the numbers here')


def _add(evaluate, name: str, run, description: str) -> argparse.ArgumentParser:
    parser = add_command(evaluate, name, run, description)
    parser.add_argument('--task', default='PutSpatulaOnTable', help='task of the simulated cell')
    add_cell_robot(parser)
    parser.add_argument('--trials', type=int, default=20, help='number of trials')
    parser.add_argument('--seed', type=int, default=0, help='of the first trial')
    return parser


def _autoencoder(arguments: argparse.Namespace) -> None:
    from robot4d_core.episodes.store import EpisodeStore
    from robot4d_core.evaluation.generation.reconstruction import evaluate_autoencoder, write_report

    report = evaluate_autoencoder(
        EpisodeStore(arguments.store), arguments.model, arguments.split, arguments.cameras, arguments.clips,
        arguments.seed, arguments.device)
    write_report(report, shlex.join(['robot4d', *sys.argv[1:]]), Path('out/evaluation'), arguments.json)


def _path(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    from robot4d_core.episodes.joined_stores import open_stores
    from robot4d_core.episodes.loader import episodes_of
    from robot4d_core.evaluation.path.path_errors import measure_paths, print_path_errors
    from robot4d_core.generator.engines.shipped_model import shipped_model

    model, store = arguments.model or shipped_model(), open_stores(arguments.looks)
    names = store.names if arguments.split is None else episodes_of(store, arguments.split)
    errors = measure_paths(store, names, model, tuple(arguments.cameras), arguments.second_view, arguments.seed)
    title = f'{model.name}: millimetres between imagined and true path, median (90th percentile)'
    numbers = print_path_errors(errors, title, Console())
    _write_numbers(arguments.json, tasks=numbers)


def _path_ablations(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    from robot4d_core.episodes.joined_stores import open_stores
    from robot4d_core.evaluation.path.path_ablations import ablate, read_looks
    from robot4d_core.evaluation.path.path_errors import print_path_errors

    errors = ablate(*read_looks(open_stores(arguments.looks)), arguments.only, arguments.steps, arguments.work)
    numbers = {sensed: print_path_errors(by_name, f'looks {sensed}: millimetres, median (90th percentile)', Console())
               for sensed, by_name in errors.items()}
    _write_numbers(arguments.json, variants=numbers)


def _write_numbers(file: Path | None, **numbers) -> None:
    from robot4d_core.evaluation.measurement_file import describe_machine, write_measurement

    if file is not None:
        command = shlex.join(['robot4d', *sys.argv[1:]])
        write_measurement(file, command, {'machine': describe_machine('torch'), **numbers})


def _policy(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.policy.trials import evaluate_policy

    evaluate_policy(
        arguments.task, arguments.engine, arguments.trials, arguments.seed, arguments.max_cycles, arguments.json,
        arguments.execute_steps, arguments.thinking_time, arguments.model, arguments.sensor, arguments.robot)


def _tracking(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.tracking.oracle_tracking import evaluate_tracking

    evaluate_tracking(
        arguments.task, arguments.trials, arguments.seed, json_path=arguments.json, robot=arguments.robot)


def _expert(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.policy.expert_trials import evaluate_expert

    trials = evaluate_expert(
        arguments.task, arguments.trials, arguments.seed, arguments.held_out_objects, arguments.robot)
    print(f'success {sum(trial.success for trial in trials)}/{len(trials)}')
