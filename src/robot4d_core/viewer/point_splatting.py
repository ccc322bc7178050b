# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Pictures of point clouds and of the ways of grippers without a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose, look_at
from robot4d_core.geometry.splatting import draw_points
from robot4d_core.prediction import PredictedView
from robot4d_core.viewer.gripper_line import GripperLine

BACKGROUND = np.array([250, 250, 250], np.uint8)
NEAREST = 0.05  # metres from a camera to what it draws
FRACTION = 4  # bits of a pixel


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
    lines: Sequence[GripperLine] = (),
    width: int = 640,
    height: int = 512,
    viewpoint: tuple[PinholeCamera, np.ndarray] | None = None,
) -> np.ndarray:
    """Draw clouds, all in one optical frame, with the ways of grippers through them; returns (H, W, 3) uint8.

    clouds: pairs of points (..., 3) metres and colours (..., 3) or (3,) uint8; lines: in the same frame;
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
    draw_lines(image, camera, camera_from_points, lines)
    return image


def draw_lines(
    image: np.ndarray, camera: PinholeCamera, camera_from_points: np.ndarray, lines: Sequence[GripperLine]
) -> None:
    """Draw lines onto an image (H, W, 3) uint8 of a camera, in place and over everything.

    camera_from_points: (4, 4), from the frame of the lines.
    """
    for line in lines:
        segments, colours = line.segments()
        local = transform_points(camera_from_points, segments)
        before = (local[..., 2] > NEAREST).all(axis=1)
        pixels = np.rint(camera.project(local[before].reshape(-1, 3)) * 2**FRACTION).astype(int).reshape(-1, 2, 2)
        for (start, end), colour in zip(pixels.tolist(), colours[before].tolist(), strict=True):
            cv2.line(image, start, end, colour, 2, cv2.LINE_AA, FRACTION)


def with_lines(
    view: PredictedView, image: np.ndarray, cameras: Mapping[str, np.ndarray], lines: Sequence[GripperLine], height: int
) -> np.ndarray:
    """Return an image (H, W, 3) uint8 of a view's camera, scaled to a height, under lines in frame n.

    cameras: T_n_camera (4, 4) by view, as far as known; of another camera the image remains without lines.
    """
    camera = view.camera.resized(round(image.shape[1] * height / image.shape[0] / 2) * 2, height)
    picture = cv2.resize(image, (camera.width, camera.height), interpolation=cv2.INTER_LINEAR)
    if view.name in cameras:
        draw_lines(picture, camera, invert_pose(cameras[view.name]), lines)
    return picture
