# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Errors of imagined paths: numbers of errors that are known, and looks of a real cell."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from robot4d_core.cell.recorder import record
from robot4d_core.errors import ModelError
from robot4d_core.evaluation.path.path_errors import SOON, PathErrors, measure_paths, print_path_errors, summary
from robot4d_core.generator.engines.diffusion_engine import shipped_model
from robot4d_core.prediction import FRAMES


def test_numbers_of_known_errors():
    errors = PathErrors()
    for millimetres in range(1, 12):
        errors.position.append(np.full(FRAMES, millimetres / 1e3))
        errors.turn.append(np.full(FRAMES, np.deg2rad(2.0)))
        errors.closed_right.append(np.arange(FRAMES) < 8)
        errors.aside.append(np.full(SOON, millimetres / 1e3))
    numbers = summary(errors)
    step = numbers['steps'][4]
    assert (step['seconds'], step['median_mm'], step['p90_mm']) == (2.5, pytest.approx(6), pytest.approx(10))
    low, high = step['median_interval_mm']
    assert 1 < low < 6 < high < 11
    assert step['median_turn_deg'] == pytest.approx(2.0) and numbers['closed_right'] == pytest.approx(0.8)
    assert (numbers['aside_median_mm'], numbers['aside_p90_mm']) == (pytest.approx(6), pytest.approx(10))
    assert (numbers['grippers'], numbers['refused'], numbers['placement_mm']) == (11, 0, None)


def test_a_path_that_is_too_fast_is_late_nowhere_but_in_time():
    poses = np.tile(np.eye(4), (1 + FRAMES, 1, 1))
    poses[:, 0, 3] = 0.01 * np.arange(1 + FRAMES)
    closed = np.zeros(1 + FRAMES, bool)
    fast = poses[1:].copy()
    fast[:, 0, 3] *= 2
    errors = PathErrors()
    errors.add(fast, closed[1:], poses, closed)
    np.testing.assert_allclose(errors.position[0], 0.01 * np.arange(1, 1 + FRAMES))
    np.testing.assert_allclose(errors.aside[0], 0, atol=1e-9)
    fast[:, 1, 3] = 0.03
    errors.add(fast, closed[1:], poses, closed)
    np.testing.assert_allclose(errors.aside[1], 0.03)


@pytest.fixture(scope='module')
def looks(tmp_path_factory):
    folder = tmp_path_factory.mktemp('looks') / 'PutSpatulaOnTable'
    return record(folder, 'PutSpatulaOnTable', 1, 2, seed=300_000, looks=True)


@pytest.mark.parametrize('second_view', ['placed', 'missing'])
def test_the_shipped_model_on_looks_that_it_never_saw(looks, second_view):
    names = looks.names[:4]
    errors = measure_paths(looks, names, shipped_model(), ('0', '1'), second_view)
    numbers = print_path_errors(errors, 'a title', Console(quiet=True))['PutSpatulaOnTable']
    assert 1 <= numbers['grippers'] + numbers['refused'] <= 4
    assert numbers['aside_median_mm'] < 15 and numbers['steps'][0]['median_mm'] < 50
    assert (numbers['placement_mm'] is None) == (second_view == 'missing')
    if second_view == 'placed':
        assert numbers['placement_mm'] < 10


def test_a_model_without_paths_is_refused(looks):
    with pytest.raises(ModelError, match='imagines no paths'):
        measure_paths(looks, looks.names[:1], shipped_model().with_name('tabletop_tiny'), ('0', '1'), 'placed')
