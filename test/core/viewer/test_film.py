# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The film shows recorded and predicted frames where they belong, in true colours."""

from __future__ import annotations

from dataclasses import replace

import imageio.v2 as imageio
import numpy as np
import pytest

from core.saved_predictions import saved_prediction
from robot4d_core.viewer.captions import BAND
from robot4d_core.viewer.film import HEIGHT, UNKNOWN, depth_colours, depth_scale, write_film

WIDTH = round(40 * HEIGHT / 32)


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    """Recorded images of one colour per frame; the prediction is red in view n and green in view m."""
    saved = saved_prediction(tmp_path_factory.mktemp('film') / 'store')
    views = []
    for view, colour in zip(saved.prediction.views, ([200, 30, 30], [30, 200, 30])):
        views.append(replace(view, rgb=np.broadcast_to(np.array(colour, np.uint8), view.rgb.shape)))
    return replace(saved, prediction=replace(saved.prediction, views=tuple(views)))


def filmed(saved, file) -> np.ndarray:
    write_film(saved, file)
    with imageio.get_reader(file) as reader:
        assert reader.get_meta_data()['fps'] == 2
        return np.stack(list(reader.iter_data()))


def panel(frame: np.ndarray, row: int, column: int) -> np.ndarray:
    """The middle of a panel, away from label and edges: mean colour (3,)."""
    top = row * (HEIGHT + BAND) + BAND
    image = frame[top:top + HEIGHT, column * WIDTH:(column + 1) * WIDTH]
    return image[HEIGHT - 40:HEIGHT - 20, 20:60].reshape(-1, 3).mean(axis=0)


def test_every_panel_shows_its_image(saved, tmp_path):
    film = filmed(saved, tmp_path / 'film.mp4')
    assert film.shape == (10, 2 * (HEIGHT + BAND), 4 * WIDTH, 3)
    for k in (0, 9):
        for row, recorded in enumerate(saved.look.views):
            corner = recorded.rgb[k + 1, -3, 5]
            np.testing.assert_allclose(panel(film[k], row, 0), corner, atol=12)
            np.testing.assert_allclose(panel(film[k], row, 1), [[200, 30, 30], [30, 200, 30]][row], atol=12)
            np.testing.assert_allclose(panel(film[k], row, 2), panel(film[k], row, 3), atol=12)


def test_without_a_future_the_observation_stands_still(saved, tmp_path):
    views = tuple(replace(view, rgb=view.rgb[:1], depth=view.depth[:1]) for view in saved.look.views)
    film = filmed(replace(saved, look=replace(saved.look, views=views)), tmp_path / 'film.mp4')
    assert len(film) == 10
    for k in (0, 9):
        np.testing.assert_allclose(panel(film[k], 0, 0), saved.look.views[0].rgb[0, -3, 5], atol=12)


def test_depth_whose_camera_pose_is_unknown_is_grey(saved, tmp_path):
    film = filmed(replace(saved, look=replace(saved.look, T_n_m=None)), tmp_path / 'film.mp4')
    np.testing.assert_allclose(panel(film[3], 1, 2), UNKNOWN, atol=8)
    assert np.ptp(panel(film[3], 1, 3)) > 30


def test_a_prediction_of_colours_only_is_filmed(saved, tmp_path):
    views = tuple(replace(view, pointmap=np.full_like(view.pointmap, np.nan)) for view in saved.prediction.views)
    film = filmed(replace(saved, prediction=replace(saved.prediction, views=views)), tmp_path / 'film.mp4')
    np.testing.assert_allclose(panel(film[3], 0, 3), UNKNOWN, atol=8)


def test_views_of_different_size_fit_into_one_film(saved, tmp_path):
    n, m = saved.prediction.views
    narrow = replace(m, camera=m.camera.resized(24, 32), rgb=m.rgb[:, :, :24], pointmap=m.pointmap[:, :, :24])
    look = saved.look.resized((40, 32), (24, 32))
    film = filmed(replace(saved, prediction=replace(saved.prediction, views=(n, narrow)), look=look),
                  tmp_path / 'film.mp4')
    assert film.shape[1:3] == (2 * (HEIGHT + BAND), 4 * WIDTH)


def test_near_is_red_far_is_blue_unknown_is_grey():
    colours = depth_colours(np.array([[0.5, 1.0, 1.5, np.nan, 9.0]]), (0.5, 1.5))[0].astype(int)
    assert colours[0, 0] > 2 * colours[0, 2] and colours[2, 2] > colours[2, 0]
    assert tuple(colours[3]) == UNKNOWN and (colours[4] == colours[2]).all()


def test_the_scale_leaves_out_the_outermost_hundredths_and_survives_nothing_known():
    low, high = depth_scale([np.linspace(0, 1, 1001), np.full(3, np.nan)])
    assert (low, high) == pytest.approx((0.01, 0.99), abs=2e-3)
    assert depth_scale([np.full(3, np.nan)]) == (0.0, 1.0)
