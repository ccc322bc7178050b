# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d evaluate`: measure and print a table."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from robot4d_core.commands.evaluate_models import add_model_measurements
from robot4d_core.commands.parsers import add_command, add_group, at_least, seconds


def add(commands) -> None:
    """Declare the command."""
    evaluate = add_group(commands, 'evaluate', 'measure and print a table')
    add_model_measurements(evaluate)
    _add_autoencoder(evaluate)
    policy = _add(evaluate, 'policy', _policy, 'success over random object poses and camera pairs')
    policy.add_argument('--engine', default='diffusion', choices=['diffusion', 'oracle', 'hold'], help='generator')
    policy.add_argument('--max-cycles', type=at_least(1), default=8, help='cycles before a trial is given up')
    policy.add_argument('--execute-steps', type=at_least(1), default=None, metavar='K',
                        help='carry out the first K steps of each prediction, then look again; None: all')
    policy.add_argument('--thinking-time', type=seconds, default=3.0, metavar='SECONDS',
                        help='of simulated time from an observation to the motion that comes of it; the arms rest')
    tracking = _add(evaluate, 'tracking', _tracking, 'pose and grip errors on oracle predictions')
    for parser in (policy, tracking):
        parser.add_argument('--json', type=Path, default=None, metavar='FILE', help='also write the numbers here')
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
    autoencoder.add_argument('--json', type=Path, default=None, metavar='FILE', help='also write the numbers here')


def _add(evaluate, name: str, run, description: str) -> argparse.ArgumentParser:
    parser = add_command(evaluate, name, run, description)
    parser.add_argument('--task', default='PutSpatulaOnTable', help='task of the simulated cell')
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


def _policy(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.policy.trials import evaluate_policy

    evaluate_policy(
        arguments.task, arguments.engine, arguments.trials, arguments.seed, arguments.max_cycles, arguments.json,
        arguments.execute_steps, arguments.thinking_time)


def _tracking(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.tracking.oracle_tracking import evaluate_tracking

    evaluate_tracking(arguments.task, arguments.trials, arguments.seed, json_path=arguments.json)


def _expert(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.policy.expert_trials import evaluate_expert

    trials = evaluate_expert(arguments.task, arguments.trials, arguments.seed, arguments.held_out_objects)
    print(f'success {sum(trial.success for trial in trials)}/{len(trials)}')
