# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Clouds are drawn where the camera sees them, near over far."""

import numpy as np

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import make_pose
from robot4d_core.prediction import PredictedView
from robot4d_core.viewer.gripper_line import FOLLOWED, IMAGINED, GripperLine
from robot4d_core.viewer.point_splatting import draw_lines, draw_points, picture_of_clouds, with_lines

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


def test_picture_shows_every_cloud_and_the_lines():
    grid = np.stack(np.meshgrid(np.linspace(-0.3, 0.3, 40), np.linspace(-0.3, 0.3, 40)), axis=-1)
    plane = np.concatenate([grid, np.full((40, 40, 1), 1.0)], axis=-1)
    path = np.stack([make_pose(np.eye(3), [0.05 * k, 0, 0.8]) for k in range(5)])
    lines = [GripperLine(path), GripperLine(path + make_pose(np.zeros((3, 3)), [0, 0.1, 0]), np.ones(5, bool), True)]
    picture = picture_of_clouds([(plane, RED), (plane + [0, 0, 0.2], BLUE)], lines)
    for colour in (RED, BLUE, FOLLOWED[0], IMAGINED[1]):
        assert (picture == colour).all(axis=-1).sum() > 20


def test_lines_lie_where_the_camera_of_a_scaled_image_sees_them():
    view = PredictedView('camera', CAMERA, *np.zeros((2, 1, 24, 32, 3), np.uint8))
    poses = np.stack([make_pose(np.eye(3), [x, 0.1, 1.0]) for x in (-0.3, 0.3)])
    T_n_camera = make_pose(np.eye(3), [0.0, 0.2, 0.0])
    picture = with_lines(view, view.rgb[0], {'camera': T_n_camera}, [GripperLine(poses)], 240)
    rows, columns = np.nonzero((picture == FOLLOWED[0]).all(axis=-1))
    u, v = CAMERA.resized(320, 240).project([[-0.3, -0.1, 1.0], [0.3, -0.1, 1.0]]).T
    assert abs(rows - v[0]).max() <= 2
    np.testing.assert_allclose((columns.min(), columns.max()), u, atol=15)  # the ends are under axes
    assert not with_lines(view, view.rgb[0], {}, [GripperLine(poses)], 240).any()


def test_lines_behind_the_camera_are_left_out():
    image = np.zeros((24, 32, 3), np.uint8)
    draw_lines(image, CAMERA, np.eye(4), [GripperLine(np.stack([make_pose(np.eye(3), [0, 0, z]) for z in (-1, -2)]))])
    assert not image.any()
