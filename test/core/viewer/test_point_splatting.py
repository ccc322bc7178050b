# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Clouds are drawn where the camera sees them, near over far."""

import numpy as np

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import make_pose
from robot4d_core.viewer.point_splatting import draw_points, picture_of_clouds

CAMERA = PinholeCamera(32, 24, 30.0, 30.0, 15.5, 11.5)
RED, BLUE = np.array([255, 0, 0], np.uint8), np.array([0, 0, 255], np.uint8)


def test_points_appear_where_the_camera_projects_them_and_nearer_ones_in_front():
    image, depth = np.zeros((24, 32, 3), np.uint8), np.full((24, 32), np.inf)
    near, far = np.array([[0.1, 0.05, 1.0]]), np.array([[0.2, 0.1, 2.0]])
    column, row = np.rint(CAMERA.project(near[0])).astype(int)
    for points, colour in ((near, RED), (far, BLUE)):
        draw_points(image, depth, CAMERA, np.eye(4), points, colour, radius=0)
    assert (image[row, column] == RED).all() and depth[row, column] == 1.0
    assert (image.any(axis=-1)).sum() == 1


def test_points_behind_the_camera_and_invalid_points_are_left_out():
    image, depth = np.zeros((24, 32, 3), np.uint8), np.full((24, 32), np.inf)
    draw_points(image, depth, CAMERA, np.eye(4), np.array([[0, 0, -1.0], [np.nan, 0, 1]]), RED)
    assert not image.any()


def test_picture_shows_every_cloud_and_the_path():
    grid = np.stack(np.meshgrid(np.linspace(-0.3, 0.3, 40), np.linspace(-0.3, 0.3, 40)), axis=-1)
    plane = np.concatenate([grid, np.full((40, 40, 1), 1.0)], axis=-1)
    path = np.stack([make_pose(np.eye(3), [0.05 * k, 0, 0.8]) for k in range(5)])
    picture = picture_of_clouds([(plane, RED), (plane + [0, 0, 0.2], BLUE)], [path])
    for colour in (RED, BLUE, np.array([255, 170, 0])):
        assert (picture == colour).all(axis=-1).sum() > 20
