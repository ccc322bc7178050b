# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Two RGB-D views of one scene: the relative pose is right, or refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.box_world import Box, camera_pose, table_scene, view
from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_metres
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.geometry.registration.register_clouds import register_clouds

SHARED = Path(os.environ.get('ROBOT4D_SHARED', Path(__file__).resolve().parents[5] / 'shared'))
REAL_PAIRS = sorted((SHARED / 'data' / 'real_rgbd_pairs').glob('pair_*'))


@pytest.mark.parametrize('texture', [0.0, 0.09], ids=['plain table', 'chequered table'])
@pytest.mark.parametrize('yaws', [(-5, 4), (-30, 20), (40, -45)])
def test_relative_pose_of_two_views_is_recovered(yaws, texture):
    scene, poses = table_scene(3, texture), [camera_pose(yaw) for yaw in yaws]
    n, m = (view(name, scene, pose) for name, pose in zip('nm', poses, strict=True))
    found = register_clouds(n, m)
    metres, radians = pose_distance(found.T_n_m, invert_pose(poses[0]) @ poses[1])
    assert metres < 0.005
    assert np.degrees(radians) < 0.5
    assert found.inlier_share > 0.98
    assert found.residual_m < 0.003


def test_depth_noise_and_holes_are_survived():
    random = np.random.default_rng(0)
    scene, poses = table_scene(4), [camera_pose(-25), camera_pose(25)]
    views = []
    for name, pose in zip('nm', poses, strict=True):
        clean = view(name, scene, pose)
        depth = clean.depth + random.normal(0, 0.003, clean.depth.shape).astype(np.float32) * clean.depth**2
        views.append(replace(clean, depth=np.where(random.random(depth.shape) < 0.1, np.nan, depth)))
    metres, radians = pose_distance(register_clouds(*views).T_n_m, invert_pose(poses[0]) @ poses[1])
    assert metres < 0.01
    assert np.degrees(radians) < 1.0


def test_views_of_different_scenes_are_refused():
    with pytest.raises(RegistrationError, match='cameras left and right.*apart'):
        register_clouds(
            view('left', table_scene(1, texture=0.0)[:1] + table_scene(1)[3:], camera_pose(10)),
            view('right', table_scene(2, texture=0.0)[:1] + table_scene(7)[3:], camera_pose(-40)),
        )


@pytest.mark.parametrize('noise', [0.0, 0.001, 0.003])
def test_an_empty_table_is_refused_because_every_pose_fits(noise):
    random = np.random.default_rng(0)
    table = [Box(make_pose(np.eye(3), (0, 0, -0.02)), (9.0, 9.0, 0.04), (190, 170, 140))]
    views = [view(name, table, camera_pose(yaw)) for name, yaw in (('n', 0), ('m', 35))]
    views = [replace(v, depth=v.depth + random.normal(0, noise, v.depth.shape).astype(np.float32)) for v in views]
    with pytest.raises(RegistrationError, match='distinct objects'):
        register_clouds(*views)


def test_a_camera_without_depth_is_named():
    good = view('reference', table_scene(1), camera_pose(0))
    blind = replace(good, name='second', depth=np.full_like(good.depth, np.nan))
    with pytest.raises(RegistrationError, match='camera second: only 0 pixels'):
        register_clouds(good, blind)


@pytest.mark.skipif(not REAL_PAIRS, reason='no real RGB-D pairs beside the checkout (set ROBOT4D_SHARED)')
def test_real_pairs_are_registered_or_refused_but_never_wrong():
    """The sensor's colour and depth are only roughly registered: the recordings' own truth is good to centimetres."""
    registered = 0
    for folder in REAL_PAIRS:
        truth = json.loads((folder / 'meta.json').read_text())
        try:
            found = register_clouds(*(_real_view(folder, name, truth['K']) for name in 'nm'))
        except RegistrationError:
            continue
        metres, radians = pose_distance(found.T_n_m, np.array(truth['T_n_m_truth']))
        assert metres < 0.08, folder.name
        assert np.degrees(radians) < 4.0, folder.name
        registered += 1
    assert registered >= len(REAL_PAIRS) // 2


def _real_view(folder: Path, name: str, matrix) -> CameraView:
    rgb = cv2.cvtColor(cv2.imread(str(folder / f'{name}_color.jpg')), cv2.COLOR_BGR2RGB)
    depth = depth_in_metres(cv2.imread(str(folder / f'{name}_depth.png'), cv2.IMREAD_UNCHANGED), '16UC1')
    return CameraView(name, PinholeCamera.from_matrix(matrix, 640, 480), rgb, depth)
