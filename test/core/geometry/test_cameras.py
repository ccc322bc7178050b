# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Pinhole cameras: projection, the half-pixel rule of resizing, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot4d_core.errors import CalibrationError
from robot4d_core.geometry.cameras import PinholeCamera

cameras = st.builds(
    PinholeCamera,
    width=st.integers(8, 640), height=st.integers(8, 480),
    fx=st.floats(50, 900), fy=st.floats(50, 900), cx=st.floats(0, 640), cy=st.floats(0, 480),
)
points = st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.2, 5)).map(np.array)


@given(cameras, points, st.integers(4, 900), st.integers(4, 900))
def test_resizing_keeps_relative_position_in_the_image(camera, point, width, height):
    resized = camera.resized(width, height)
    before = (camera.project(point) + 0.5) / [camera.width, camera.height]
    after = (resized.project(point) + 0.5) / [width, height]
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-9)


@given(cameras)
def test_resizing_there_and_back_changes_nothing(camera):
    there = camera.resized(2 * camera.width, 3 * camera.height)
    back = there.resized(camera.width, camera.height)
    np.testing.assert_allclose(back.matrix, camera.matrix, rtol=1e-12, atol=1e-9)


def test_halving_averages_pixel_pairs():
    """Pixel u of the half-size image covers pixels 2u and 2u+1, whose middle is 2u + 0.5."""
    camera = PinholeCamera(320, 256, 300.0, 310.0, 159.5, 127.5)
    half = camera.resized(160, 128)
    point = np.array([(10.5 - camera.cx) / camera.fx, (20.5 - camera.cy) / camera.fy, 1.0])
    np.testing.assert_allclose(half.project(point), [5.0, 10.0])


@given(cameras)
def test_rays_project_to_their_own_pixel(camera):
    pixels = camera.project(camera.rays[::7, ::7].astype(float))
    rows, columns = np.mgrid[0:camera.height:7, 0:camera.width:7]
    np.testing.assert_allclose(pixels, np.stack([columns, rows], axis=-1), atol=1e-3)


def test_matrix_round_trip():
    camera = PinholeCamera(320, 256, 300.0, 310.0, 150.0, 120.0)
    assert PinholeCamera.from_matrix(camera.matrix.ravel(), 320, 256) == camera


def test_field_of_view_spans_the_image():
    camera = PinholeCamera.from_field_of_view(np.deg2rad(50), 320, 256)
    top = np.array([0.0, -np.tan(np.deg2rad(25)), 1.0])
    np.testing.assert_allclose(camera.project(top), [159.5, -0.5], atol=1e-9)


def test_points_behind_the_camera_have_no_pixel():
    camera = PinholeCamera.from_field_of_view(1.0, 32, 24)
    assert np.isnan(camera.project(np.array([[0.1, 0.1, -1.0], [0.1, 0.1, 0.0]]))).all()


@pytest.mark.parametrize('matrix', [np.zeros(9), np.full(9, np.nan), np.eye(3)[:2]])
def test_impossible_intrinsics_are_refused(matrix):
    with pytest.raises(CalibrationError):
        PinholeCamera.from_matrix(matrix, 32, 24)


@pytest.mark.parametrize('size', [(0, 24), (32, -1)])
def test_empty_images_are_refused(size):
    with pytest.raises(CalibrationError, match='image size'):
        PinholeCamera(*size, 30.0, 30.0, 16.0, 12.0)
