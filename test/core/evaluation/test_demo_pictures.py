# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The picture and the film of a demo show what was imagined for a moment beside what the cameras saw at that moment."""

from __future__ import annotations

import imageio.v3 as imageio
import numpy as np
import pytest

from robot4d_core.evaluation.demo_cycle import DemoCycle
from robot4d_core.evaluation.demo_pictures import HEIGHT, draw_cycles, film_cycles
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.prediction import PredictedView, Prediction, default_time_from_start
from robot4d_core.viewer.captions import BAND

CAMERA = PinholeCamera.from_field_of_view(1.0, 64, 48)
OBSERVED, FINALLY, MEANWHILE = np.array([200, 200, 20]), np.array([20, 200, 200]), np.array([200, 20, 200])


def plain(colour) -> np.ndarray:
    """Return an image of one colour."""
    return np.broadcast_to(np.array(colour, np.uint8), (48, 64, 3))


def imagined(step: int) -> np.ndarray:
    """Return the colour of a predicted frame, from 0."""
    return np.array([20, 20 + 20 * step, 20])


def cycle(steps: int) -> DemoCycle:
    """Return a cycle whose images each have a colour of their own."""
    points = np.dstack([CAMERA.rays[..., :2], np.ones((48, 64))]).astype(np.float32)
    rgb, pointmap = np.stack([plain(imagined(k)) for k in range(10)]), np.stack([points] * 10)
    views = tuple(PredictedView(name, CAMERA, rgb, pointmap) for name in ('reference', 'second'))
    prediction = Prediction(1.0, 'reference_color_optical_frame', default_time_from_start(), views, 'test')
    names = [view.name for view in views]
    return DemoCycle(
        prediction, observed=dict.fromkeys(names, plain(OBSERVED)), steps=steps,
        then={name: [plain(MEANWHILE)] * 5 + [plain(FINALLY)] for name in names} if steps else {})


def share_of(image: np.ndarray, colour) -> float:
    return float((np.abs(image[..., :3].astype(int) - colour) < 12).all(axis=-1).mean())


def test_the_picture_has_the_last_executed_step_beside_what_then_happened(tmp_path):
    picture = imageio.imread(draw_cycles([cycle(4), cycle(2)], tmp_path / 'picture.png'))
    assert share_of(picture, FINALLY) > 0.03 and share_of(picture, MEANWHILE) == 0
    assert share_of(picture, imagined(3)) > 0.01 and share_of(picture, imagined(1)) > 0.01
    assert share_of(picture, OBSERVED) > share_of(picture, FINALLY)  # also beside the future of the liveliest cycle


def test_where_nothing_was_executed_the_picture_shows_no_outcome(tmp_path):
    picture = imageio.imread(draw_cycles([cycle(0)], tmp_path / 'picture.png'))
    assert share_of(picture, FINALLY) == 0 and share_of(picture, imagined(9)) > 0.01


@pytest.mark.parametrize(('steps', 'frames'), [(4, 4), (0, 10)])
def test_the_film_has_the_executed_steps_and_ends_with_what_then_happened(tmp_path, steps, frames):
    film = np.stack(list(imageio.imiter(film_cycles([cycle(steps)], tmp_path / 'film.mp4'))))
    assert len(film) == frames
    left, right = np.array_split(film[-1][BAND + 20:HEIGHT], 2, axis=1)
    np.testing.assert_allclose(left.mean(axis=(0, 1)), imagined(frames - 1), atol=8)
    np.testing.assert_allclose(right.mean(axis=(0, 1)), FINALLY if steps else OBSERVED, atol=8)
