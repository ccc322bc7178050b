# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Recorded sensor_msgs/CameraInfo as intrinsics, refused where a pinhole camera would not see the images."""

from __future__ import annotations

import cv2
import numpy as np

from robot4d_core.errors import CalibrationError
from robot4d_core.geometry.cameras import PinholeCamera

MAX_DISTORTION = 1.0  # pixels


def add_intrinsics(
    intrinsics: dict[str, PinholeCamera], name: str, topic: str, message, rectified: bool
) -> None:
    """Add what camera_info says of the images: P of rectified ones (image_proc), else K without distortion."""
    matrix = message.p.reshape(3, 4)[:, :3] if rectified else message.k
    try:
        camera = PinholeCamera.from_matrix(matrix, message.width, message.height)
        _refuse_outside(camera)
        if not rectified:
            _refuse_distortion(camera, message)
    except CalibrationError as error:
        raise CalibrationError(f'{topic}: {error}') from None
    before = intrinsics.setdefault(name, camera)
    if camera != before:
        raise CalibrationError(
            f'{topic}: the intrinsics change within the bag, from {_described(before)} to {_described(camera)}; '
            'record one bag per setting')


def _refuse_outside(camera: PinholeCamera) -> None:
    if not (-0.5 <= camera.cx <= camera.width - 0.5 and -0.5 <= camera.cy <= camera.height - 0.5):
        raise CalibrationError(
            f'the principal point ({camera.cx:.1f}, {camera.cy:.1f}) must lie in the image of {camera.width}x'
            f'{camera.height} pixels; record the camera_info that belongs to this image size')


def _refuse_distortion(camera: PinholeCamera, message) -> None:
    if not np.any(message.d):
        return
    shift = np.inf
    if message.distortion_model in ('plumb_bob', 'rational_polynomial'):
        corners = np.array([[x, y] for x in (0, camera.width - 1) for y in (0, camera.height - 1)], float)
        straight = cv2.undistortPoints(corners[:, None], camera.matrix, np.asarray(message.d), P=camera.matrix)
        shift = float(np.linalg.norm(straight[:, 0] - corners, axis=1).max())
    if shift > MAX_DISTORTION:
        raise CalibrationError(
            f"the images are distorted ({message.distortion_model}), in the corners by {shift:.1f} pixels, at most "
            f"{MAX_DISTORTION} is taken for none; rectify colour and depth (image_proc's rectify_node), and name "
            'image_rect topics with --cameras FILE')


def _described(camera: PinholeCamera) -> str:
    numbers = ', '.join(f'{name} {getattr(camera, name):.2f}' for name in ('fx', 'fy', 'cx', 'cy'))
    return f'{camera.width}x{camera.height} with {numbers}'
