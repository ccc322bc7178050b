# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The memory that a model is said to need covers what it uses, and is not far more."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch

from core.generator.tiny_models import tiny_pipeline
from robot4d_core.errors import MemoryShortage, ModelError
from robot4d_core.generator.model.model_folder import ModelFolder
from robot4d_core.generator.model.model_memory import LIBRARIES, memory_needed, require_memory


@pytest.fixture
def folder(tmp_path):
    tiny_pipeline().save_pretrained(tmp_path / 'tiny')
    return ModelFolder.open(tmp_path / 'tiny')


def test_it_grows_with_the_image(folder):
    path = folder.path / 'model_index.json'
    small = memory_needed(folder)
    path.write_text(json.dumps(json.loads(path.read_text()) | {'image_size': [320, 256]}))
    fixed = LIBRARIES + 4 * sum(parameter.numel() for part in tiny_pipeline().components.values()
                            if isinstance(part, torch.nn.Module) for parameter in part.state_dict().values())
    assert memory_needed(ModelFolder.open(folder.path)) - fixed == pytest.approx(4 * (small - fixed), rel=1e-6)


def test_what_fits_is_let_through(folder):
    require_memory(folder, torch.device('cpu'))


def test_what_does_not_fit_is_refused_with_both_numbers(folder):
    path = folder.path / 'model_index.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {'image_size': [160000, 128000]}))
    with pytest.raises(MemoryShortage, match=r'needs \d{7,} MB on cpu .* at 160000x128000\), \d+ MB are available'):
        require_memory(ModelFolder.open(folder.path), torch.device('cpu'))


def test_an_autoencoder_that_cannot_be_made_is_named(folder):
    path = folder.path / 'rgb_autoencoder' / 'config.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {'patch_size': 0}))
    with pytest.raises(ModelError, match='rgb_autoencoder cannot be loaded'):
        memory_needed(folder)


def test_the_shipped_video_model_uses_no_more_than_it_is_said_to_need():
    """Growth of a process of its own, from before the weights are loaded to the end of a prediction.

    VmHWM begins anew with each program; ru_maxrss would begin with the size of the test process that forked it.
    """
    script = """
import psutil, re
from pathlib import Path
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
from robot4d_core.generator.model.model_folder import ModelFolder
from robot4d_core.generator.model.model_memory import memory_needed
from robot4d_core.share import share_directory
from core.generator.engines.test_diffusion_engine import make_observation
engine = DiffusionEngine(share_directory() / 'models' / 'tabletop_tiny', device='cpu')
before = psutil.Process().memory_info().rss
engine.start()
engine.predict(make_observation(), steps=1, seed=0)
peak = 1024 * int(re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1])
grown = peak - before
print(grown / memory_needed(ModelFolder.open(engine.model)))
"""
    out = subprocess.run([sys.executable, '-c', script], check=True, capture_output=True, text=True, timeout=250,
                         env=os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)})
    assert 0.4 < float(out.stdout) < 1.0
