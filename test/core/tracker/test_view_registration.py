# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The second camera's pose, recovered from predicted points alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.box_world import CAMERA, camera_pose, render, table_scene
from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.tracker.view_registration import register_view, static_points

N, M = camera_pose(-20), camera_pose(35)
T_N_M = invert_pose(N) @ M
POINTS = transform_points(T_N_M, pointmap_from_depth(render(table_scene(3), M)[1], CAMERA))


def test_exact_points_give_the_exact_pose():
    found = register_view(POINTS, CAMERA)
    metres, radians = pose_distance(found.T_n_m, T_N_M)
    assert metres < 1e-3
    assert np.degrees(radians) < 0.05
    assert found.residual_px < 0.05
    assert found.inlier_share > 0.99


def test_the_residual_grows_with_the_disagreement_of_the_views():
    random = np.random.default_rng(0)
    residuals = [
        register_view(POINTS + random.normal(0, sigma, POINTS.shape).astype(np.float32), CAMERA).residual_px
        for sigma in (0.001, 0.004, 0.012)
    ]
    assert residuals == sorted(residuals)
    assert residuals[0] < 0.6 < residuals[2]


def test_a_quarter_of_wild_points_does_no_harm():
    random = np.random.default_rng(1)
    points = POINTS.copy()
    wild = random.random(points.shape[:2]) < 0.25
    points[wild] += random.normal(0, 0.3, (wild.sum(), 3)).astype(np.float32)
    metres, radians = pose_distance(register_view(points, CAMERA).T_n_m, T_N_M)
    assert metres < 3e-3
    assert np.degrees(radians) < 0.2


def test_only_points_that_stay_are_used():
    video = np.repeat(POINTS[None], 10, axis=0)
    video[:, :, 100:160, 0] += 0.02 * np.arange(10)[:, None, None]
    static = static_points(video, stride=1)
    assert np.isnan(static[:, 100:160]).all()
    np.testing.assert_array_equal(static[:, :100], POINTS[:, :100])


def test_points_without_a_common_camera_are_refused():
    random = np.random.default_rng(2)
    with pytest.raises(RegistrationError, match='contradict'):
        register_view(random.uniform(0.5, 1.5, POINTS.shape).astype(np.float32), CAMERA)


def test_too_few_pixels_are_refused():
    with pytest.raises(RegistrationError, match='0 static pixels'):
        register_view(np.full_like(POINTS, np.nan), CAMERA)
