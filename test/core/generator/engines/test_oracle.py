# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The oracle shows what the cell then does, in the frame of the reference camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import EngineError, PredictionCancelled
from robot4d_core.generator.engines.engine import make_engine
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.observation import Observation, SimulatorState


def observe(cell):
    views = []
    for placement in cell.scene.cameras:
        view = cell.render(placement.name)
        views.append(CameraView(placement.name, placement.camera, view.rgb, view.depth))
    state = SimulatorState(cell.scene.to_json(), cell.state())
    return Observation(cell.time, 'reference_color_optical_frame', tuple(views), simulator=state)


@pytest.fixture(scope='module')
def cell():
    cell = RobotCell(Scene.sample('PutSpatulaOnTable', seed=4))
    Expert(cell).advance(1.0)
    yield cell
    cell.close()


@pytest.fixture(scope='module')
def observation(cell):
    return observe(cell)


@pytest.fixture(scope='module')
def oracle():
    engine = make_engine('oracle')
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture(scope='module')
def prediction(oracle, observation):
    return oracle.predict(observation)


def test_prediction_has_the_promised_form(prediction, observation):
    assert prediction.model == 'oracle'
    assert (prediction.stamp, prediction.frame_id) == (observation.stamp, observation.frame_id)
    np.testing.assert_allclose(prediction.time_from_start, np.arange(1, 11) * 0.5)
    assert [view.name for view in prediction.views] == ['reference', 'second']
    assert prediction.views[0].rgb.shape == (10, 256, 320, 3)


def test_prediction_is_what_the_cell_then_shows(cell, prediction, observation):
    cell.restore(observation.simulator.state)
    expert = Expert(cell)
    for frame in range(3):
        expert.advance(0.5)
        for view, placement in zip(prediction.views, cell.scene.cameras, strict=True):
            shown = cell.render(placement.name)
            assert np.array_equal(view.rgb[frame], shown.rgb)
            T_reference_camera = invert_pose(cell.scene.cameras[0].T_world_optical) @ placement.T_world_optical
            expected = transform_points(T_reference_camera, pointmap_from_depth(shown.depth, placement.camera))
            np.testing.assert_allclose(view.pointmap[frame], expected, atol=1e-5)


def test_both_views_put_the_table_in_one_plane_of_the_reference_frame(cell, prediction):
    for view in prediction.views:
        world = transform_points(cell.scene.cameras[0].T_world_optical, view.pointmap[0])
        heights = world[..., 2][np.isfinite(world[..., 2])]
        assert np.median(np.abs(heights)) < 0.003


def test_same_observation_gives_the_same_prediction(oracle, observation, prediction):
    again = oracle.predict(observation)
    assert np.array_equal(again.views[1].rgb, prediction.views[1].rgb)


def test_size_can_be_chosen(observation):
    engine = make_engine('oracle', width=160, height=128)
    view = engine.predict(observation).views[1]
    assert view.rgb.shape == (10, 128, 160, 3) and view.camera == observation.views[1].camera.resized(160, 128)
    engine.stop()


def test_progress_counts_frames_and_cancel_stops_between_them(oracle, observation):
    seen = []
    with pytest.raises(PredictionCancelled):
        oracle.predict(observation, progress=lambda *step: seen.append(step), cancelled=lambda: len(seen) >= 2)
    assert seen == [(1, 10), (2, 10)]


def test_when_there_is_no_simulator_expect_refusal(oracle, observation):
    with pytest.raises(EngineError, match='only in simulation'):
        oracle.predict(replace(observation, simulator=None))


@pytest.mark.parametrize('state', [SimulatorState('{}', np.zeros(3)), None])
def test_when_the_state_does_not_fit_expect_named_error(oracle, observation, state):
    state = state or SimulatorState(observation.simulator.scene, np.zeros(3))
    with pytest.raises(EngineError, match='cannot rebuild'):
        oracle.predict(replace(observation, simulator=state))
