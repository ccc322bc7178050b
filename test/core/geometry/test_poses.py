# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Rigid transforms: group laws, quaternions, interpolation, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from robot4d_core.errors import PoseError
from robot4d_core.geometry.poses import (
    interpolate_pose,
    invert_pose,
    look_at,
    make_pose,
    pose_distance,
    pose_from_quaternion,
    quaternion_of,
)

vectors = st.tuples(*[st.floats(-2, 2)] * 3).map(np.array)
poses = st.builds(lambda r, t: make_pose(Rotation.from_rotvec(r), t), vectors, vectors)


@given(poses)
def test_inverse_undoes(pose):
    np.testing.assert_allclose(pose @ invert_pose(pose), np.eye(4), atol=1e-12)
    np.testing.assert_allclose(invert_pose(invert_pose(pose)), pose, atol=1e-12)


@given(poses)
def test_quaternion_round_trip(pose):
    np.testing.assert_allclose(pose_from_quaternion(pose[:3, 3], quaternion_of(pose)), pose, atol=1e-12)


@given(poses, poses, poses)
def test_distance_is_a_metric_that_ignores_the_frame(a, b, common):
    metres, radians = pose_distance(a, b)
    np.testing.assert_allclose(pose_distance(b, a), (metres, radians), atol=1e-6)
    np.testing.assert_allclose(pose_distance(common @ a, common @ b), (metres, radians), atol=1e-6)
    np.testing.assert_allclose(metres, np.linalg.norm(a[:3, 3] - b[:3, 3]), atol=1e-9)


@given(poses, poses, st.floats(0, 1))
def test_interpolation_divides_the_way_in_proportion(a, b, fraction):
    metres, radians = pose_distance(a, b)
    assume(radians < 3.0)
    part = pose_distance(a, interpolate_pose(a, b, fraction))
    np.testing.assert_allclose(part, (fraction * metres, fraction * radians), atol=1e-6)


@given(vectors, vectors)
def test_look_at_puts_the_target_on_the_optical_axis(eye, target):
    forward = target - eye
    assume(np.linalg.norm(np.cross(forward, [0.0, 0.0, 1.0])) > 1e-3)
    pose = look_at(eye, target)
    in_camera = invert_pose(pose) @ np.append(target, 1.0)
    np.testing.assert_allclose(in_camera[:3], [0, 0, np.linalg.norm(forward)], atol=1e-6)
    np.testing.assert_allclose(pose[:3, :3].T @ pose[:3, :3], np.eye(3), atol=1e-9)
    assert np.linalg.det(pose[:3, :3]) > 0
    assert pose[2, 1] < 0, 'y points down'


@pytest.mark.parametrize('quaternion', [(0, 0, 0, 0), (0, 0, 0, 1.01), (1, 1, 0, 0)])
def test_quaternions_of_other_length_are_refused(quaternion):
    with pytest.raises(PoseError, match='length 1'):
        pose_from_quaternion((0, 0, 0), quaternion)


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_poses_that_are_not_finite_are_refused(bad):
    with pytest.raises(PoseError, match='finite'):
        pose_from_quaternion((0, bad, 0), (0, 0, 0, 1))
    with pytest.raises(PoseError, match='finite'):
        pose_from_quaternion((0, 0, 0), (0, 0, bad, 1))
