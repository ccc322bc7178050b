# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d benchmark`: measure how fast it is."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command, add_group, at_least


def add(commands) -> None:
    """Declare the command."""
    benchmark = add_group(commands, 'benchmark', 'measure how fast it is')
    loader = add_command(benchmark, 'loader', _loader, 'training windows per second out of an episode store')
    loader.add_argument('store', type=Path, help='folder of the episode store')
    loader.add_argument('--batch', type=at_least(1), default=4, help='windows per batch')
    loader.add_argument('--workers', type=at_least(0), default=2, help='processes of the DataLoader, 0: none')
    loader.add_argument('--seconds', type=at_least(1), default=5, help='how long each way is measured')
    loader.add_argument('--json', type=Path, default=None, metavar='FILE', help='also write the numbers here')


def _loader(arguments: argparse.Namespace) -> None:
    from robot4d_core.episodes.store import EpisodeStore
    from robot4d_core.evaluation.loader_speed import benchmark_loader

    benchmark_loader(
        EpisodeStore(arguments.store), arguments.batch, arguments.workers, arguments.seconds, arguments.json)
