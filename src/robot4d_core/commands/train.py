# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d train`: a model, by its recipe."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from robot4d_core.commands.parsers import add_cell_robot, add_command, at_least, output

EPILOG = """
A killed training continues when the same command is given again; stages that are finished are not repeated.
`tensorboard --logdir out/train` shows the curves; pictures of what the model makes are in WORK/*/samples.
Many GPUs or nodes, all of which see WORK: `accelerate launch [its options] -m robot4d_core.cli train ...`.
"""


def add(commands) -> None:
    """Declare the command."""
    parser = add_command(commands, 'train', _train, 'render, train and evaluate a model by its recipe')
    parser.formatter_class, parser.epilog = argparse.HelpFormatter, EPILOG
    parser.add_argument('recipe', nargs='?', help='name of a recipe under config/recipes, or the path of a recipe YAML '
                                                  '(default: tabletop_tiny, or put_spatula_svd from SVD weights)')
    parser.add_argument('--init-from-svd', type=Path, metavar='DIR',
                        help='begin with the weights of Stable Video Diffusion, in the folder of a diffusers pipeline')
    parser.add_argument('--ablation', default='full',
                        help='what is left out of the method: no_multi_view_attention, rgb_only, '
                             'rgb_only_multi_view_attention or shared_decoder; shares the other stages of WORK')
    add_cell_robot(parser)
    parser.add_argument('--data', type=Path, help='episode store; the demonstrations that a recipe names are recorded '
                                                  'into it (default: out/train/RECIPE/episodes)')
    parser.add_argument('--looks', type=Path, help='store of looks, from which paths are learned; those that a recipe '
                                                   'names are taken into it (default: out/train/RECIPE/looks)')
    parser.add_argument('--work', type=output, help='folder of checkpoints, curves and pictures '
                                                  '(default: out/train/RECIPE/work)')
    parser.add_argument('--out', type=output, help='folder of the finished model '
                                                 '(default: out/train/RECIPE/model[_ABLATION])')
    parser.add_argument('--device', default='auto', choices=['auto', 'cpu', 'cuda'],
                        help='where to train (default: %(default)s)')
    parser.add_argument('--workers', type=at_least(0), default=os.cpu_count() or 1,
                        help='processes that render episodes and read windows (default: all cores)')


def _train(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    from robot4d_core.evaluation.generation.model_card import write_training_report
    from robot4d_core.generator.training.train import train

    trained = train(arguments)
    if trained is not None:
        write_training_report(trained, Console())
