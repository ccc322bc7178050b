# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every effect of the sensor model against its definition, on planes whose depth is known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot4d_core.cell.sensor import D435, SENSORS, SensorModel, incidence
from robot4d_core.errors import ParameterError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera

WIDTH, HEIGHT = 160, 128
CAMERA = PinholeCamera.from_field_of_view(np.deg2rad(58), WIDTH, HEIGHT)
GREY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def view_of(depth, rgb=GREY) -> CameraView:
    return CameraView('camera', CAMERA, rgb, np.broadcast_to(np.float32(depth), (HEIGHT, WIDTH)))


def tilted_plane(angle: float, distance: float = 1.0) -> np.ndarray:
    """Depth of the plane through (0, 0, distance) whose normal is turned from the optical axis about y."""
    normal = np.array([np.sin(angle), 0.0, np.cos(angle)])
    depth = distance * normal[2] / (CAMERA.rays @ normal)
    return np.where(depth > 0, depth, np.nan).astype(np.float32)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_without_parameters_nothing_changes():
    view = view_of(tilted_plane(0.3), rng().integers(0, 256, GREY.shape, np.uint8))
    seen = SensorModel().apply(view, rng())
    np.testing.assert_array_equal(seen.rgb, view.rgb)
    np.testing.assert_allclose(seen.depth, view.depth, rtol=1e-6)
    assert SensorModel().claimed_camera(CAMERA, rng()) == CAMERA
    np.testing.assert_array_equal(SensorModel().colour_gain(rng()), 1)


@pytest.mark.parametrize('window', [0.0, 3.0, 8.0])
@pytest.mark.parametrize('distance', [0.5, 1.0, 2.0])
def test_depth_noise_grows_with_the_square_of_depth(distance, window):
    sensor = SensorModel(disparity_noise=0.08, matching_window=window)
    errors = [sensor.apply(view_of(distance), rng(seed)).depth - distance for seed in range(10)]
    expected = distance**2 * 0.08 / (433 * 0.05)
    assert np.std(errors) == pytest.approx(expected, rel=0.05)
    assert abs(np.mean(errors)) < 0.15 * expected


def test_noise_is_smooth_over_the_matching_window():
    noise = SensorModel(disparity_noise=0.08, matching_window=8.0).apply(view_of(1.0), rng()).depth - 1
    width = 8.0 * CAMERA.fx / 433
    for distance in (1, 3):
        correlation = np.corrcoef(noise[:, distance:].ravel(), noise[:, :-distance].ravel())[0, 1]
        assert correlation == pytest.approx(np.exp(-distance**2 / (4 * width**2)), abs=0.06)


def test_depths_are_whole_disparity_steps():
    sensor = SensorModel(disparity_step=1 / 32)
    true = tilted_plane(np.deg2rad(40))
    seen = sensor.apply(view_of(true), rng()).depth
    steps = 433 * 0.05 / seen.astype(float) * 32
    np.testing.assert_allclose(steps, np.rint(steps), atol=2e-4)
    assert (np.abs(seen - true) <= 0.51 * true**2 / (433 * 0.05) / 32).all()


def test_the_shadow_lies_left_of_what_is_near_and_is_as_wide_as_the_disparities_differ():
    depth = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    depth[40:80, 70:110] = 0.5
    sensor = SensorModel(shadows=True, baseline=0.1)
    holes = np.isnan(sensor.apply(view_of(depth), rng()).depth)
    width = CAMERA.fx * 0.1 * (1 / 0.5 - 1 / 2.0)
    columns = np.flatnonzero(holes[60])
    assert columns[-1] == 69 and len(columns) == int(width) and (np.diff(columns) == 1).all()
    assert holes.sum() == 40 * int(width)


def test_what_is_seen_too_flatly_has_no_depth():
    true = tilted_plane(np.deg2rad(60))
    limit = np.deg2rad(70)
    seen = SensorModel(incidence_limit=limit).apply(view_of(true), rng()).depth
    normal = np.array([np.sin(np.deg2rad(60)), 0, np.cos(np.deg2rad(60))])
    angle = np.arccos(np.abs(CAMERA.rays @ normal) / np.linalg.norm(CAMERA.rays, axis=-1))
    known = np.isfinite(true)
    assert 0.1 < (angle[known] > limit).mean() < 0.9
    wrong = known & (np.isfinite(seen) != (angle <= limit))
    assert (np.abs(angle[wrong] - limit) < np.deg2rad(0.5)).all()


@given(st.floats(0, np.deg2rad(65)))
def test_incidence_is_the_angle_of_the_plane_along_the_axis(tilt):
    measured = incidence(tilted_plane(tilt), CAMERA)[HEIGHT // 2, WIDTH // 2]
    assert measured == pytest.approx(tilt, abs=np.deg2rad(1.0))


def test_a_depth_edge_is_no_grazing_surface():
    depth = np.full((HEIGHT, WIDTH), 1.5, np.float32)
    depth[:, 80:] = 0.7
    seen = SensorModel(incidence_limit=np.deg2rad(80)).apply(view_of(depth), rng()).depth
    assert np.isfinite(seen).all()


def test_nothing_is_measured_out_of_range():
    true = np.tile(np.linspace(0.1, 4.0, WIDTH, dtype=np.float32), (HEIGHT, 1))
    seen = SensorModel(near=0.3, far=3.0).apply(view_of(true), rng()).depth
    np.testing.assert_array_equal(np.isfinite(seen), (true >= 0.3) & (true <= 3.0))


def test_edges_move_by_the_lateral_noise():
    depth = np.full((HEIGHT, WIDTH), 1.5, np.float32)
    depth[:, 80:] = 0.7
    sensor = SensorModel(lateral_noise=2.0 * 433 / CAMERA.fx)  # 2 pixels of this image
    near = np.mean([sensor.apply(view_of(depth), rng(seed)).depth == np.float32(0.7) for seed in range(50)], (0, 1))
    from scipy.stats import norm
    columns = np.arange(70, 90)
    np.testing.assert_allclose(near[columns], norm.cdf((columns - 79.5) / 2.0), atol=0.03)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_no_depth_comes_where_there_was_none_and_the_same_draw_gives_the_same(seed, share):
    holes = rng(seed).random((HEIGHT, WIDTH)) < share
    view = view_of(np.where(holes, np.nan, tilted_plane(0.5)))
    seen, again = (D435.apply(view, rng(seed), D435.colour_gain(rng(seed))) for _ in range(2))
    assert not np.isfinite(seen.depth[holes]).any()
    assert seen.depth.dtype == np.float32 and seen.rgb.dtype == np.uint8
    np.testing.assert_array_equal(seen.depth, again.depth)
    np.testing.assert_array_equal(seen.rgb, again.rgb)


@pytest.mark.parametrize('grey', [40, 128, 220])
def test_shot_noise(grey):
    seen = SensorModel(shot_noise=3.0).apply(view_of(1.0, np.full_like(GREY, grey)), rng()).rgb
    assert seen.std() == pytest.approx(3.0, rel=0.03) and seen.mean() == pytest.approx(grey, abs=0.1)


def test_the_gain_of_a_camera_is_exposure_times_white_balance():
    sensor = SensorModel(exposure=0.1, white_balance=0.03)
    logarithms = np.log([sensor.colour_gain(rng(seed)) for seed in range(4000)])
    assert logarithms.std(0) == pytest.approx(np.hypot(0.1, 0.03), rel=0.05)
    between = logarithms - logarithms.mean(1, keepdims=True)
    assert np.sqrt(np.square(between).sum(1).mean() / 2) == pytest.approx(0.03, rel=0.05)
    seen = sensor.apply(view_of(1.0), rng(), np.array([1.1, 1.0, 2.5]))
    assert np.unique(seen.rgb.reshape(-1, 3), axis=0).tolist() == [[141, 128, 255]]


def test_claimed_intrinsics_spread_as_stated():
    sensor = SensorModel(focal_error=0.003, centre_error=1.0)
    claimed = [sensor.claimed_camera(CAMERA, rng(seed)) for seed in range(4000)]
    assert np.std([camera.fx / CAMERA.fx for camera in claimed]) == pytest.approx(0.003, rel=0.05)
    for name in ('cx', 'cy'):
        errors = np.array([getattr(camera, name) for camera in claimed]) - getattr(CAMERA, name)
        assert errors.std() == pytest.approx(CAMERA.fx / 433, rel=0.05)
    assert all(camera.fx == camera.fy for camera in claimed)


def test_the_model_is_json_and_comes_back():
    for sensor in (SensorModel(), D435):
        assert SensorModel.from_dict(json.loads(json.dumps(sensor.to_dict(), allow_nan=False))) == sensor
    assert SENSORS == {'ideal': None, 'noisy': D435}


@pytest.mark.parametrize('wrong', [
    {'shot_noise': -1.0}, {'focal_length': 0.0}, {'near': 2.0, 'far': 1.0}, {'exposure': float('nan')},
])
def test_when_a_parameter_cannot_be_expect_refusal(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        replace(SensorModel(), **wrong)


def test_when_a_parameter_does_not_exist_expect_its_name():
    with pytest.raises(ParameterError, match='blur'):
        SensorModel.from_dict({'blur': 1.0})


def test_the_preset_loses_little_of_a_plain_view():
    seen = D435.apply(view_of(tilted_plane(np.deg2rad(40))), rng())
    known = np.isfinite(tilted_plane(np.deg2rad(40)))
    assert np.isfinite(seen.depth[known]).mean() > 0.98
