# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Depth and pointmaps: units, invalid pixels, lifting, resizing, normalisation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from robot4d_core.errors import ImageError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import (
    PointmapNormalisation,
    depth_in_metres,
    depth_in_millimetres,
    pointmap_from_depth,
    resize_depth,
    resize_pointmap,
    transform_points,
    valid_points,
)
from robot4d_core.geometry.poses import invert_pose, look_at

CAMERA = PinholeCamera(40, 32, 50.0, 52.0, 19.0, 16.5)
depths = hnp.arrays(np.float32, (32, 40), elements=st.floats(0.25, 4.0, width=32) | st.just(np.nan))


@given(hnp.arrays(np.uint16, (6, 5)))
def test_millimetres_become_metres_and_zero_becomes_nan(image):
    depth = depth_in_metres(image, '16UC1')
    assert depth.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(depth), image == 0)
    np.testing.assert_allclose(depth[image > 0] * 1000, image[image > 0], rtol=1e-6)


def test_metres_stay_and_what_is_not_a_distance_becomes_nan():
    depth = depth_in_metres(np.array([[0.0, -1.0, np.inf, np.nan, 1.25]], np.float32), '32FC1')
    np.testing.assert_array_equal(depth, np.array([[np.nan] * 4 + [1.25]], np.float32))


@pytest.mark.parametrize('encoding', ['8UC1', 'rgb8', '64FC1', ''])
def test_other_depth_encodings_are_refused_by_name(encoding):
    with pytest.raises(ImageError, match=f"'{encoding}'"):
        depth_in_metres(np.ones((2, 2)), encoding)


@given(depths)
def test_lifted_points_project_to_their_pixel_at_their_depth(depth):
    pointmap = pointmap_from_depth(depth, CAMERA)
    valid = np.isfinite(depth)
    np.testing.assert_array_equal(valid_points(pointmap), valid)
    np.testing.assert_array_equal(pointmap[..., 2], depth)
    rows, columns = np.nonzero(valid)
    np.testing.assert_allclose(CAMERA.project(pointmap[valid]), np.stack([columns, rows], -1), atol=1e-3)


def test_lifting_with_the_wrong_intrinsics_is_refused():
    with pytest.raises(ImageError, match='20x16.*40x32'):
        pointmap_from_depth(np.ones((16, 20), np.float32), CAMERA)


@given(depths, st.integers(1, 80), st.integers(1, 64))
def test_resized_depth_holds_only_depths_that_were_measured(depth, width, height):
    resized = resize_depth(depth, width, height)
    assert resized.shape == (height, width)
    assert np.isin(resized[np.isfinite(resized)], depth).all()


@given(st.sampled_from([(20, 16), (10, 8), (80, 64), (120, 96)]))
def test_resized_pointmap_agrees_with_the_resized_camera(size):
    """Nearest neighbour moves a point by at most half a pixel of the coarser of the two images."""
    pointmap = pointmap_from_depth(np.full((32, 40), 1.5, np.float32), CAMERA)
    pixels = CAMERA.resized(*size).project(resize_pointmap(pointmap, *size))
    rows, columns = np.mgrid[0:size[1], 0:size[0]]
    scale = max(1.0, size[0] / CAMERA.width)
    assert np.abs(pixels - np.stack([columns, rows], -1)).max() <= 0.5 * scale + 1e-4


@given(depths)
def test_transform_round_trip_keeps_points_and_holes(depth):
    pointmap = pointmap_from_depth(depth, CAMERA)
    transform = look_at((0.4, -0.3, 0.9), (0.0, 0.0, 0.0))
    moved = transform_points(transform, pointmap)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(transform_points(invert_pose(transform), moved), pointmap, atol=1e-5)


@given(hnp.arrays(np.float64, (7, 3), elements=st.floats(-3, 3)), st.floats(-2, 0), st.floats(0.5, 4))
def test_normalisation_round_trip(points, low, high):
    scale = PointmapNormalisation((low, low - 1, low), (high, high, high + 1))
    np.testing.assert_allclose(scale.denormalise(scale.normalise(points)), points, atol=1e-9)


def test_normalisation_maps_the_bounds_to_one():
    scale = PointmapNormalisation()
    np.testing.assert_allclose(scale.normalise(np.array([[-1.0, 0.5, 2.0]])), [[-1.0, 0.0, 1.0]])
    assert scale.normalise(np.zeros((2, 3), np.float32)).dtype == np.float32


def test_millimetres_survive_the_way_through_metres():
    every = np.arange(2**16, dtype=np.uint16)[None]
    assert np.array_equal(depth_in_millimetres(depth_in_metres(every, '16UC1')), every)
