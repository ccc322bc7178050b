# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Horizon errors of predictions whose error is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rich.console import Console

from robot4d_core.episodes.windows import Window
from robot4d_core.evaluation.metrics.horizon_error import (
    measure_horizon_error,
    moving_pixels,
    plot_horizon_error,
    print_horizon_error,
)
from robot4d_core.generator.engines.engine import Engine
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.prediction import PredictedView, Prediction, default_time_from_start


def make_window() -> Window:
    """A flat scene in which column 0 rises 5 cm per step, and the gripper covers columns 0 and 1."""
    camera = PinholeCamera(4, 2, 3.0, 3.0, 1.5, 0.5)
    pointmap = np.tile(camera.rays, (2, 11, 1, 1, 1))
    pointmap[:, :, :, 0, 2] -= 0.05 * np.arange(11)[:, None]
    pointmap[:, :, 1, 3] = np.nan
    gripper = np.zeros((2, 11, 2, 4), bool)
    gripper[..., :2] = True
    return Window(
        rgb=np.zeros((2, 11, 2, 4, 3), np.uint8), pointmap=pointmap, observed_pointmap_m=pointmap[1, 0],
        gripper=gripper, cameras=(camera, camera), T_n_m=np.eye(4),
    )


class OffsetEngine(Engine):
    """Predicts the truth of make_window plus an offset."""

    name = 'offset'

    def __init__(self, offset: float) -> None:
        self.offset = np.float32(offset)

    def start(self) -> None:
        """Do nothing."""

    def predict(self, observation, **options) -> Prediction:
        """Return the known future."""
        truth = make_window().pointmap[:, 1:] + self.offset * np.array([1, 0, 0], np.float32)
        views = tuple(
            PredictedView(view.name, view.camera, np.zeros((10, 2, 4, 3), np.uint8), points)
            for view, points in zip(observation.views, truth)
        )
        return Prediction(0.0, observation.frame_id, default_time_from_start(), views, self.name)


def test_moving_pixels_are_those_that_rise_or_change_hands():
    window = make_window()
    window.gripper[1, 5, 0, 2] = True
    moving = moving_pixels(window)
    assert moving[0, :, :, 0].all() and not moving[0, :, :, 1:].any()
    assert moving[1, 4, 0, 2] and not moving[1, 5, 0, 2]


def test_errors_are_those_built_in():
    report = measure_horizon_error(OffsetEngine(0.007), [make_window()] * 2)
    for view in 'nm':
        for region in ('gripper', 'moving'):
            np.testing.assert_allclose(report.median['model', view, region], 7, atol=0.01)
            np.testing.assert_allclose(report.known['model', view, region], 1)
        np.testing.assert_allclose(report.mean['hold', view, 'moving'], 50 * np.arange(1, 11), atol=0.01)
        np.testing.assert_allclose(report.mean['hold', view, 'gripper'], 25 * np.arange(1, 11), atol=0.01)
    assert report.alignment == pytest.approx((7, 7), abs=0.01)


@pytest.mark.parametrize('offset, better', [(0.1, True), (0.5, False)])
def test_beats_hold_only_when_nearer_to_the_truth(offset, better):
    assert measure_horizon_error(OffsetEngine(offset), [make_window()]).beats_hold('m') is better


def test_table_json_and_plot_show_the_numbers(tmp_path):
    report = measure_horizon_error(OffsetEngine(0.007), [make_window()])
    console = Console(width=80, record=True)
    print_horizon_error(report, console)
    row = next(line for line in console.export_text().splitlines() if 'moving n hold' in line)
    assert row.replace('│', ' ').split()[3:] == [*(str(50 * k) for k in range(1, 11)), '275', '275']
    assert json.loads(json.dumps(report.to_dict()))['error_mm']['moving/n/hold']['mean'][9] == 500.0
    plot_horizon_error(report, tmp_path / 'plot.png')
    assert (tmp_path / 'plot.png').stat().st_size > 10_000
