# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Errors of predictions whose error is known: the truth moved by a distance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.saved_predictions import analytic_look, moved_truth
from robot4d_core.episodes.recorded_look import read_episode_look
from robot4d_core.evaluation.metrics.image_errors import PSNR_CEILING
from robot4d_core.evaluation.metrics.prediction_errors import prediction_errors


@pytest.fixture(scope='module')
def look(tmp_path_factory):
    return analytic_look(tmp_path_factory.mktemp('errors') / 'store')


def test_the_truth_has_no_error(look):
    for predicted, held in prediction_errors(moved_truth(look), look).values():
        assert predicted.psnr == pytest.approx(PSNR_CEILING)
        assert (predicted.absolute_relative, predicted.delta1) == (0.0, 1.0)
        assert predicted.distance == predicted.moving == 0.0
        assert held.psnr < 30 and held.distance > 0 and held.moving > 20


def test_a_moved_truth_is_as_far_off_as_it_was_moved(look):
    errors = prediction_errors(moved_truth(look, (0.03, 0.0, 0.04)), look)
    assert list(errors) == ['camera_2', 'camera_0']
    for v, (predicted, _) in enumerate(errors.values()):
        assert predicted.distance == pytest.approx(50.0, rel=1e-4)
        assert predicted.moving == pytest.approx(50.0, rel=1e-4)
        z = look.pointmaps()[v][1:, ..., 2]
        assert predicted.absolute_relative == pytest.approx(np.nanmean(0.04 / z), rel=1e-4)


def test_only_frames_with_a_truth_count(tmp_path):
    look = analytic_look(tmp_path / 'store')
    late = read_episode_look(tmp_path / 'store' / 'episode_000003', 10, ('2', '0'))
    assert late.future == 3
    prediction = moved_truth(look)
    views = tuple(
        replace(view, rgb=np.concatenate([seen.rgb[1:], view.rgb[:7]]),
                pointmap=np.concatenate([points[1:], view.pointmap[:7]]))
        for view, seen, points in zip(prediction.views, late.views, late.pointmaps()))
    for predicted, _ in prediction_errors(replace(prediction, views=views), late).values():
        assert predicted.distance == 0.0


def test_without_a_future_there_is_nothing_to_compare(tmp_path):
    look = analytic_look(tmp_path / 'store')
    last = read_episode_look(tmp_path / 'store' / 'episode_000003', 13, ('2', '0'))
    assert prediction_errors(moved_truth(look), last) == {}


def test_where_the_camera_is_unknown_only_colour_is_compared(look):
    predicted, _ = prediction_errors(moved_truth(look), replace(look, T_n_m=None))['camera_0']
    assert predicted.psnr == pytest.approx(PSNR_CEILING)
    assert np.isnan([predicted.absolute_relative, predicted.delta1, predicted.distance, predicted.moving]).all()
