# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Cameras stand where the method puts them, and see the work space."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.cell.cameras import OUTSIDE_SHELL, SHELL, sample_camera_pose, sample_cameras


@pytest.fixture(scope='module')
def placements():
    names = [f'camera_{k}' for k in range(200)]
    return sample_cameras(np.random.default_rng(0), names, 160, 128)


def test_cameras_stand_in_the_shell_in_front_of_the_robot(placements):
    eyes = np.array([placement.T_world_optical[:3, 3] for placement in placements])
    radii = np.linalg.norm(eyes, axis=1)
    assert radii.min() >= 0.7 and radii.max() <= 1.2
    assert (eyes >= [0.2, -0.5, 0.7]).all() and (eyes <= [0.6, 0.5, 1.2]).all()


def test_cameras_look_at_the_table_upright(placements):
    for placement in placements:
        centre = np.linalg.inv(placement.T_world_optical) @ [0, 0, 0, 1]
        pixel = placement.camera.project(centre[:3])
        assert np.abs(pixel - [79.5, 63.5]).max() < 25
        assert placement.T_world_optical[2, 1] < 0, 'y of the image points down'
        np.testing.assert_allclose(placement.T_world_optical[:3, :3].T @ placement.T_world_optical[:3, :3],
                                   np.eye(3), atol=1e-9)


def test_two_cameras_differ(placements):
    assert not np.allclose(placements[0].T_world_optical, placements[1].T_world_optical)


@pytest.mark.parametrize('name', OUTSIDE_SHELL)
def test_regions_outside_the_shell_have_no_camera_of_the_shell(name):
    rng = np.random.default_rng(1)
    poses = np.array([sample_camera_pose(rng, OUTSIDE_SHELL[name]) for _ in range(100)])
    eyes = poses[:, :3, 3]
    radii = np.linalg.norm(eyes, axis=1)
    in_box = ((eyes >= SHELL.low) & (eyes <= SHELL.high)).all(axis=1)
    assert not (in_box & (radii >= SHELL.radii[0]) & (radii <= SHELL.radii[1])).any()
    assert (np.einsum('ki,ki->k', poses[:, :3, 2], -eyes) > 0.95 * radii).all(), 'they look at the table'
