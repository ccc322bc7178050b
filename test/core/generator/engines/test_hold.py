# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The frozen scene: the observation, repeated, with every view in the frame of the reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.box_world import camera_pose, observe, table_scene
from robot4d_core.errors import EngineError, PredictionCancelled
from robot4d_core.generator.engines.engine import make_engine
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose

POSES = {'reference': camera_pose(-20), 'second': camera_pose(30)}
OBSERVATION = observe(table_scene(3), POSES)


def test_every_frame_is_the_observation_in_the_frame_of_the_reference():
    engine = make_engine('hold')
    engine.start()
    prediction = engine.predict(OBSERVATION)
    assert (prediction.model, prediction.stamp, prediction.frame_id) == (
        'hold', OBSERVATION.stamp, OBSERVATION.frame_id)
    np.testing.assert_allclose(prediction.time_from_start, np.arange(1, 11) / 2)
    T_reference_second = invert_pose(POSES['reference']) @ POSES['second']
    for view, observed, pose in zip(
        prediction.views, OBSERVATION.views, (np.eye(4), T_reference_second), strict=True
    ):
        assert view.name == observed.name
        assert view.camera == observed.camera
        assert view.rgb.shape == view.pointmap.shape == (10, 256, 320, 3)
        assert view.pointmap.dtype == np.float32
        expected = transform_points(pose, pointmap_from_depth(observed.depth, observed.camera))
        for frame in (0, 9):
            np.testing.assert_array_equal(view.rgb[frame], observed.rgb)
            np.testing.assert_array_equal(valid_points(view.pointmap[frame]), np.isfinite(observed.depth))
            assert np.nanmax(np.abs(view.pointmap[frame] - expected)) < 0.01


def test_a_smaller_prediction_comes_with_its_own_intrinsics():
    prediction = make_engine('hold', width=160, height=128).predict(OBSERVATION)
    view = prediction.views[0]
    assert view.pointmap.shape == (10, 128, 160, 3)
    assert view.camera == OBSERVATION.views[0].camera.resized(160, 128)
    rows, columns = np.nonzero(valid_points(view.pointmap[0]))
    pixels = view.camera.project(view.pointmap[0][rows, columns])
    assert np.abs(pixels - np.stack([columns, rows], axis=-1)).max() <= 0.5 + 1e-3


def test_progress_counts_views_and_cancel_is_heard():
    steps = []
    make_engine('hold', width=80, height=64).predict(OBSERVATION, progress=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2)]
    with pytest.raises(PredictionCancelled):
        make_engine('hold').predict(OBSERVATION, cancelled=lambda: True)


def test_views_that_share_nothing_are_an_engine_error_that_names_them():
    blind = replace(OBSERVATION.views[1], depth=np.full((256, 320), np.nan, np.float32))
    with pytest.raises(EngineError, match='second in the frame of reference'):
        make_engine('hold').predict(replace(OBSERVATION, views=(OBSERVATION.views[0], blind)))
