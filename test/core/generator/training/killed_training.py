# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A training that ends by SIGKILL before a step of its own: killed_training.py FOLDER STEPS KILLED_AFTER."""

import os
import signal
import sys
from pathlib import Path

import torch
from accelerate import Accelerator

from core.generator.training.linear_task import diffusion_task
from robot4d_core.generator.training import loop as training_loop
from robot4d_core.generator.training.recipe import StageSettings

torch.set_num_threads(1)
training_loop.CURVE_STEPS = 2
folder, steps, killed_after = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
settings = StageSettings(steps=steps, batch=2, micro_batch=1, learning_rate=1e-3, checkpoint_minutes=0.0, samples=0)
objective, settings, folder, batches = diffusion_task(settings, folder)


def until_killed(plan):
    for k, batch in enumerate(batches(plan)):
        if k == 2 * killed_after + 1:  # in the middle of a step of two micro-batches
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch


training_loop.train_stage(objective, until_killed, settings, folder, Accelerator(cpu=True))
