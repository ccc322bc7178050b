# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The rigid transform behind corresponding points."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.geometry.rigid_fit import fit_rigid_transform


def random_pose(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return make_pose(Rotation.random(rng=rng).as_matrix(), rng.normal(size=3))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_exact_correspondences_give_the_exact_transform(seed):
    pose = random_pose(seed)
    points = np.random.default_rng(seed).normal(size=(30, 3))
    np.testing.assert_allclose(fit_rigid_transform(points, transform_points(pose, points)), pose, atol=1e-9)


def test_a_fifth_of_gross_outliers_does_not_move_the_transform():
    rng = np.random.default_rng(0)
    pose = random_pose(1)
    points = rng.uniform(-0.5, 0.5, (320, 3))
    target = transform_points(pose, points) + rng.normal(0, 0.005, points.shape)
    target[:64] += rng.uniform(-0.5, 0.5, (64, 3))
    translation, rotation = pose_distance(fit_rigid_transform(points, target), pose)
    assert translation < 0.01
    assert np.degrees(rotation) < 0.5


def test_planar_points_never_give_a_reflection():
    points = np.random.default_rng(0).normal(size=(50, 3)) * (1, 1, 0)
    transform = fit_rigid_transform(points, points)
    np.testing.assert_allclose(np.linalg.det(transform[:3, :3]), 1)
