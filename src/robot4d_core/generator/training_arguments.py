# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The command line of `robot4d train`, apart from what trains so that no other command waits for torch."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `robot4d train`."""
    parser.add_argument('recipe', help='name of a recipe under config/recipes, or the path of a recipe YAML')
    parser.add_argument('--data', type=Path, default=Path('out/train/data'), help='episode store of the recipe')
    parser.add_argument('--work', type=Path, default=Path('out/train/work'), help='folder of checkpoints and curves')
    parser.add_argument('--out', type=Path, help='folder of the finished model (default: models/<recipe>)')
    parser.add_argument('--device', default='cpu', choices=['cpu', 'cuda'], help='where to train')
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1, help='processes that render episodes')
