# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d train`: a model, by its recipe."""

from __future__ import annotations

import argparse

from robot4d_core.commands.parsers import add_command
from robot4d_core.generator.training_arguments import add_train_arguments


def add(commands) -> None:
    """Declare the command."""
    add_train_arguments(add_command(commands, 'train', _train, 'render, train and evaluate a model by its recipe'))


def _train(arguments: argparse.Namespace) -> int:
    from robot4d_core.generator.training import train_command

    return train_command(arguments)
