# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The picture shows every video at the same moments from one point of view."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.saved_predictions import saved_prediction
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.viewer.cloud_video import predicted_clouds, recorded_clouds
from robot4d_core.viewer.moments_picture import PANEL, draw_picture, point_of_view


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    return saved_prediction(tmp_path_factory.mktemp('picture') / 'store')


def share_of(image: np.ndarray, low, high) -> float:
    return float(((image >= low) & (image <= high)).all(axis=-1).mean())


def test_most_of_what_the_first_camera_sees_is_in_sight(saved):
    video = predicted_clouds(saved)
    camera = PinholeCamera.from_field_of_view(np.radians(50), *PANEL)
    points, _ = video.cloud('camera_2', 0)
    local = transform_points(invert_pose(point_of_view(video)), points.astype(float))
    u, v = camera.project(local).T
    inside = (local[:, 2] > 0.1) & (u > 0) & (u < PANEL[0]) & (v > 0) & (v < PANEL[1])
    assert inside.mean() > 0.6


def test_a_row_per_video_and_one_that_tells_the_views_apart(saved, tmp_path):
    red = tuple(replace(view, rgb=np.broadcast_to(np.array([200, 0, 180], np.uint8), view.rgb.shape))
                for view in saved.prediction.views)
    predicted = predicted_clouds(replace(saved, prediction=replace(saved.prediction, views=red)))
    green = tuple(replace(view, rgb=np.broadcast_to(np.array([0, 160, 0], np.uint8), view.rgb.shape))
                  for view in saved.look.views)
    recorded = recorded_clouds(replace(saved.look, views=green, gripper_poses=None), 'recorded', False)
    draw_picture([predicted, recorded], tmp_path / 'picture.png', 'caption')
    rows = np.array_split(cv2.imread(str(tmp_path / 'picture.png'))[..., ::-1], 3)
    assert rows[0].shape[1] == 4 * PANEL[0]
    purple, grass = ([190, 0, 170], [210, 10, 190]), ([0, 150, 0], [10, 170, 10])
    assert share_of(rows[0], *purple) > 0.03 and share_of(rows[0], *grass) < 1e-3
    assert share_of(rows[1], *grass) > 0.03 and share_of(rows[1], *purple) < 1e-3
    blue, brick = ([10, 20, 60], [45, 100, 230]), ([70, 10, 5], [225, 60, 50])
    assert share_of(rows[2], *blue) > 0.01 and share_of(rows[2], *brick) > 0.01


def test_a_shorter_future_leaves_its_last_moments_empty(saved, tmp_path):
    views = tuple(replace(view, rgb=view.rgb[:4], depth=view.depth[:4]) for view in saved.look.views)
    short = recorded_clouds(replace(saved.look, views=views, gripper_poses=None), 'recorded', False)
    draw_picture([predicted_clouds(saved), short], tmp_path / 'picture.png')
    row = np.array_split(cv2.imread(str(tmp_path / 'picture.png')), 3)[1]
    columns = np.array_split(row[row.shape[0] // 4:], 4, axis=1)
    drawn = [float((column < 200).any(axis=-1).mean()) for column in columns]
    assert drawn[0] > 0.1 and drawn[-1] == 0
