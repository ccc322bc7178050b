# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d record`: render demonstrations."""

from __future__ import annotations

import argparse
from pathlib import Path

from robot4d_core.commands.parsers import add_command


def add(commands) -> None:
    """Declare the command."""
    parser = add_command(commands, 'record', _record, 'render demonstrations of the scripted expert')
    parser.add_argument('output', type=Path, help='folder of the episode store; a killed recording continues')
    parser.add_argument('--task', default='PutSpatulaOnTable', help='task of the simulated cell')
    parser.add_argument('--episodes', type=int, default=60, help='number of episodes')
    parser.add_argument('--cameras', type=int, default=16, help='cameras per episode')
    parser.add_argument('--seed', type=int, default=0, help='of the first episode')
    parser.add_argument('--workers', type=int, default=1, help='processes')


def _record(arguments: argparse.Namespace) -> None:
    from robot4d_core.cell.recorder import record

    record(
        arguments.output, arguments.task, arguments.episodes, arguments.cameras,
        seed=arguments.seed, workers=arguments.workers,
    )
