# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The `robot4d` command: everything that does not need a running ROS graph."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from robot4d_core import __version__
from robot4d_core.errors import Robot4dError


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand and return its exit status; errors of the user's making are one sentence, not a trace."""
    parser = argparse.ArgumentParser(prog='robot4d', description=__doc__.splitlines()[0])
    parser.add_argument('--version', action='version', version=f'%(prog)s {__version__}')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for add in (_add_record, _add_train, _add_evaluate, _add_report):
        add(commands)
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments) or 0
    except Robot4dError as error:
        print(f'robot4d {arguments.command}: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _command(commands, name: str, run, description: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=description, description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def _add_record(commands) -> None:
    def run(arguments) -> int:
        from robot4d_core.cell.recorder import record
        record(
            arguments.output, arguments.task, arguments.episodes, arguments.cameras,
            seed=arguments.seed, workers=arguments.workers,
        )
        return 0

    parser = _command(commands, 'record', run, 'render demonstrations of the scripted expert')
    parser.add_argument('output', type=Path, help='folder of the episode store; a killed recording continues')
    parser.add_argument('--task', default='PutSpatulaOnTable', help='task of the simulated cell')
    parser.add_argument('--episodes', type=int, default=60, help='number of episodes')
    parser.add_argument('--cameras', type=int, default=6, help='cameras per episode')
    parser.add_argument('--seed', type=int, default=0, help='of the first episode')
    parser.add_argument('--workers', type=int, default=1, help='processes')


def _add_train(commands) -> None:
    def run(arguments) -> int:
        from robot4d_core.generator.training import train_command
        return train_command(arguments)

    from robot4d_core.generator.training_arguments import add_train_arguments
    add_train_arguments(_command(commands, 'train', run, 'render, train and evaluate a model by its recipe'))


def _add_evaluate(commands) -> None:
    parser = commands.add_parser('evaluate', help='measure', description='Measure and print a table.')
    what = parser.add_subparsers(dest='what', required=True, metavar='WHAT')

    def policy(arguments) -> None:
        from robot4d_core.evaluation.policy import evaluate_policy
        evaluate_policy(
            arguments.task, arguments.engine, arguments.trials, arguments.seed, arguments.max_cycles, arguments.json)

    def tracking(arguments) -> None:
        from robot4d_core.evaluation.tracking import evaluate_tracking
        evaluate_tracking(arguments.task, arguments.trials, arguments.seed, json_path=arguments.json)

    def expert(arguments) -> None:
        from robot4d_core.evaluation.expert import evaluate_expert
        trials = evaluate_expert(arguments.task, arguments.trials, arguments.seed)
        print(f'success {sum(trial.success for trial in trials)}/{len(trials)}')

    policy_parser = _add_measurement(what, 'policy', policy, 'success over random object poses and camera pairs')
    policy_parser.add_argument(
        '--engine', default='diffusion', choices=['diffusion', 'oracle', 'hold'], help='generator'
    )
    policy_parser.add_argument('--max-cycles', type=int, default=8, help='cycles before a trial has failed')
    tracking_parser = _add_measurement(what, 'tracking', tracking, 'pose and grip errors on oracle predictions')
    for one in (policy_parser, tracking_parser):
        one.add_argument('--json', type=Path, default=None, metavar='FILE', help='also write the numbers here')
    _add_measurement(what, 'expert', expert, 'success of the scripted expert')


def _add_measurement(what, name: str, run, description: str) -> argparse.ArgumentParser:
    parser = _command(what, name, run, description)
    parser.add_argument('--task', default='PutSpatulaOnTable', help='task of the simulated cell')
    parser.add_argument('--trials', type=int, default=20, help='number of trials')
    parser.add_argument('--seed', type=int, default=0, help='of the first trial')
    return parser


def _add_report(commands) -> None:
    def run(arguments) -> int:
        from robot4d_core.evaluation.demo import exit_status, print_summary, read_summary
        summary = read_summary(arguments.folder)
        if not arguments.quiet:
            print_summary(summary)
        return exit_status(summary)

    parser = _command(commands, 'report', run, 'print what a demo did; exit status 0 when it did what it had to')
    parser.add_argument('folder', type=Path, nargs='?', default=Path('out/demo'), help='output folder of the demo')
    parser.add_argument('--quiet', action='store_true', help='print nothing, only set the exit status')


if __name__ == '__main__':
    sys.exit(main())
