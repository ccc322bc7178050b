# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Pictures of point clouds without a screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import valid_points
from robot4d_core.geometry.poses import invert_pose, look_at
from robot4d_core.geometry.splatting import draw_points

BACKGROUND = np.array([250, 250, 250], np.uint8)
GRIPPER_PATH = np.array([[255, 170, 0]], np.uint8)
AXIS_COLOURS = np.array([[220, 30, 30], [30, 170, 30], [30, 60, 220]], np.uint8)


def virtual_camera(points: np.ndarray, width: int = 640, height: int = 512) -> tuple[PinholeCamera, np.ndarray]:
    """Place a camera that sees points (N, 3), given in an optical frame: from behind the real camera, up and aside.

    Returns the camera and T_points_virtual (4, 4).
    """
    centre = np.nanmedian(points, axis=0)
    spread = np.nanpercentile(np.linalg.norm(points - centre, axis=1), 90)
    direction = np.array([0.55, -0.65, -1.0])
    eye = centre + direction / np.linalg.norm(direction) * 2.4 * spread
    return PinholeCamera.from_field_of_view(np.radians(50), width, height), look_at(eye, centre, up=(0, -1, 0))


def picture_of_clouds(
    clouds: list[tuple[np.ndarray, np.ndarray]],
    gripper_paths: Sequence[np.ndarray] = (),
    width: int = 640,
    height: int = 512,
    viewpoint: tuple[PinholeCamera, np.ndarray] | None = None,
) -> np.ndarray:
    """Draw clouds, all in one optical frame, with the paths of grippers through them; returns (H, W, 3) uint8.

    clouds: pairs of points (..., 3) metres and colours (..., 3) or (3,) uint8; gripper_paths: (T, 4, 4) poses each;
    viewpoint: what virtual_camera returns, None for one that sees these clouds.
    """
    flat = [
        (points.reshape(-1, 3), np.broadcast_to(colours, points.shape).reshape(-1, 3)) for points, colours in clouds
    ]
    if viewpoint is None:
        everything = np.concatenate([points[valid_points(points)] for points, _ in flat])
        viewpoint = virtual_camera(everything, width, height)
    camera, points_from_camera = viewpoint
    camera_from_points = invert_pose(points_from_camera)
    image = np.broadcast_to(BACKGROUND, (camera.height, camera.width, 3)).copy()
    depth = np.full((camera.height, camera.width), np.inf)
    for points, colours in flat:
        draw_points(image, depth, camera, camera_from_points, points, colours)
    for path in gripper_paths:
        depth[:] = np.inf
        along = np.linspace(0, len(path) - 1, 40 * len(path))
        line = np.stack([np.interp(along, range(len(path)), path[:, i, 3]) for i in range(3)], axis=1)
        draw_points(image, depth, camera, camera_from_points, line, GRIPPER_PATH)
        for pose in path:
            for axis, colour in enumerate(AXIS_COLOURS):
                arrow = pose[:3, 3] + np.linspace(0, 0.035, 40)[:, None] * pose[:3, axis]
                draw_points(image, depth, camera, camera_from_points, arrow, colour)
    return image
