# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d benchmark`: measure how fast it is."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command, add_group, at_least, output


def add(commands) -> None:
    """Declare the command."""
    benchmark = add_group(commands, 'benchmark', 'measure how fast it is')
    _add_loader(benchmark)
    _add_speed(benchmark)


def _add_loader(benchmark) -> None:
    loader = add_command(benchmark, 'loader', _loader, 'training windows per second out of an episode store')
    loader.add_argument('store', type=Path, help='folder of the episode store')
    loader.add_argument('--batch', type=at_least(1), default=4, help='windows per batch')
    loader.add_argument('--workers', type=at_least(0), default=2, help='processes of the DataLoader, 0: none')
    loader.add_argument('--seconds', type=at_least(1), default=5, help='how long each way is measured')
    loader.add_argument('--json', type=output, default=None, metavar='FILE', help='also write the numbers here')


def _add_speed(benchmark) -> None:
    speed = add_command(
        benchmark, 'speed', _speed,
        "operations, seconds and memory of a prediction, beside diffusers' Stable Video Diffusion of the same size")
    speed.add_argument('--configurations', nargs='+', default=['tiny', 'small', 'svd'], metavar='NAME',
                       help='under config/models, or paths of YAML files')
    speed.add_argument('--steps', nargs='+', type=at_least(1), default=[4], metavar='STEPS', help='of denoising')
    speed.add_argument('--device', default='auto',
                       help='auto, cpu (measured in float32), cuda or cuda:N (measured in bfloat16)')
    speed.add_argument('--repeats', type=at_least(1), default=3, help='predictions of which the median is taken')
    speed.add_argument('--count-only', action='store_true', help='count operations and memory, run nothing')
    speed.add_argument('--json', type=output, default=None, metavar='FILE', help='also write the numbers here')


def _loader(arguments: argparse.Namespace) -> None:
    from robot4d_core.episodes.store import EpisodeStore
    from robot4d_core.evaluation.speed.loader_speed import benchmark_loader

    benchmark_loader(
        EpisodeStore(arguments.store), arguments.batch, arguments.workers, arguments.seconds, arguments.json)


def _speed(arguments: argparse.Namespace) -> None:
    from robot4d_core.evaluation.speed.prediction_speed import benchmark_speed

    benchmark_speed(
        arguments.configurations, arguments.steps, arguments.device, arguments.repeats, arguments.count_only,
        arguments.json)
