# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The shipped weights on freshly rendered windows of a cell and cameras that training never saw."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.cell.demonstration import demonstrate
from robot4d_core.episodes.windows import sample_windows
from robot4d_core.evaluation.metrics.horizon_error import measure_horizon_error, observation_of
from robot4d_core.generator.engines.diffusion_engine import DEFAULT_MODEL, DiffusionEngine
from robot4d_core.share import share_directory

UNSEEN_SEED = 200_000


@pytest.fixture(scope='module')
def engine():
    engine = DiffusionEngine(device='cpu')
    engine.start()
    return engine


@pytest.fixture(scope='module')
def windows():
    episodes = [demonstrate('PutSpatulaOnTable', UNSEEN_SEED + k, cameras=2)[0] for k in range(2)]
    return sample_windows(episodes, 6, np.random.default_rng(0))


def test_files_are_complete_and_small():
    folder = share_directory() / 'models' / DEFAULT_MODEL
    assert {'README.md', 'model_index.json', 'horizon_error.json', 'curves.json', 'curves.png'} <= {
        path.name for path in folder.iterdir()}
    sizes = [path.stat().st_size for path in folder.rglob('*')]
    assert sum(sizes) < 60e6 and max(sizes) < 16 * 2**20


def test_prediction_has_the_right_shapes(engine, windows):
    prediction = engine.predict(observation_of(windows[0]), seed=0)
    assert prediction.model == f'diffusion:{DEFAULT_MODEL}'
    for view in prediction.views:
        assert view.rgb.shape == view.pointmap.shape == (10, 128, 160, 3)
        assert np.isfinite(view.pointmap).mean() > 0.7


@pytest.mark.timeout(1000)
def test_it_beats_hold_on_moving_pixels(engine, windows):
    report = measure_horizon_error(engine, windows)
    assert report.beats_hold('n')
    assert report.beats_hold('m')
