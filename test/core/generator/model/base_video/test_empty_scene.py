# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a box hides of a table, against the table without the box."""

from __future__ import annotations

import numpy as np

from core.box_world import CAMERA, Box, camera_pose, render, table_scene
from robot4d_core.generator.model.base_video.empty_scene import uncover
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.poses import invert_pose, make_pose

CAMERAS = [camera_pose(-40), camera_pose(40)]
PLACEMENTS = [np.eye(4), invert_pose(CAMERAS[0]) @ CAMERAS[1]]
HIDING = Box(make_pose(np.eye(3), (0.0, 0.0, 0.25)), (0.12, 0.12, 0.1), (250, 120, 0))


def views(boxes) -> list[CameraView]:
    return [CameraView(str(k), CAMERA, *render(boxes, camera)) for k, camera in enumerate(CAMERAS)]


def test_what_one_view_hides_another_shows():
    scene = table_scene(3)
    seen, true, alone = views([*scene, HIDING]), views(scene), views([HIDING])
    hidden = [np.isfinite(view.depth) & (view.depth <= full.depth + 1e-6) for view, full in zip(alone, seen)]
    for view, full, mask in zip(uncover(seen, PLACEMENTS, hidden), true, hidden, strict=True):
        assert mask.sum() > 500
        error = np.abs(view.depth - full.depth)[mask]
        assert np.median(error) < 0.01 and np.percentile(error, 90) < 0.03
        assert np.abs(view.rgb.astype(int) - full.rgb)[mask].mean() < 12
        np.testing.assert_array_equal(view.rgb[~mask], full.rgb[~mask])


def test_a_plane_goes_on_where_no_view_shows_it():
    table = [Box(make_pose(np.eye(3), (0, 0, -0.02)), (1.6, 1.6, 0.04), (180, 160, 130))]
    rgb, depth = render(table, CAMERAS[0])
    hidden = np.zeros(depth.shape, bool)
    hidden[100:150, 120:200] = True
    view = uncover([CameraView('n', CAMERA, rgb, depth)], [np.eye(4)], [hidden])[0]
    assert np.abs(view.depth - depth)[hidden].max() < 1e-4
    assert np.abs(view.rgb.astype(int) - rgb)[hidden].max() <= 2


def test_depth_that_was_not_measured_stays_unknown():
    rgb, depth = render(table_scene(1), CAMERAS[0])
    depth[:20] = np.nan
    hidden = np.zeros(depth.shape, bool)
    hidden[60:80, 60:80] = True
    view = uncover([CameraView('n', CAMERA, rgb, depth)], [np.eye(4)], [hidden])[0]
    assert np.isnan(view.depth[:20]).all() and np.isfinite(view.depth[hidden]).all()
