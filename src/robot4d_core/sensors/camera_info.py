# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/CameraInfo, as rclpy or rosbags give it, understood the same way wherever it comes from.

K and the distortion D are of the images as the sensor gives them, P of those that image_proc has rectified. All are of
the full sensor; binning and a region of interest, in that order of the message's comments, make the image smaller.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from robot4d_core.errors import CalibrationError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.lens import Lens, LensCamera

_POLYNOMIAL = {'plumb_bob', 'rational_polynomial', 'thin_prism', 'tilted'}
_FISHEYE = {'equidistant', 'fisheye'}
_COUNTS = {False: (4, 5, 8, 12, 14), True: (4,)}
_RECTIFIED = re.compile(r'(^|[/_])rect(ified)?([/_]|$)')
_SAME = 1.0  # pixels
_LARGEST = 2**15  # pixels of a side


def names_rectified(topic: str) -> bool:
    """Tell whether a topic is called as those of rectified images are (image_rect, rectified/image)."""
    return bool(_RECTIFIED.search(topic))


def read_camera_info(info, topic: str, colour: str = '', depth: str = '') -> LensCamera:
    """Return the camera that took the images on the topic colour, to which those on depth are aligned.

    Raises CalibrationError that names topic when the camera is not calibrated, its distortion has no known model or the
    numbers contradict each other.
    """
    roi = info.roi
    try:
        camera = _understood(
            info.width, info.height, info.distortion_model,
            *(tuple(map(float, numbers)) for numbers in (info.d, info.k, info.r, info.p)),
            (info.binning_x or 1, info.binning_y or 1), (roi.x_offset, roi.y_offset, roi.width, roi.height),
            names_rectified(colour))
    except CalibrationError as error:
        raise CalibrationError(f'{topic}: {error}') from None
    if camera.lens is not None and names_rectified(depth):
        raise CalibrationError(
            f'{topic}: {colour} is distorted, but {depth} is called rectified; take both as they come, or both '
            'rectified')
    return camera


@lru_cache(maxsize=64)
def _understood(
    width: int, height: int, model: str, d: tuple, k: tuple, r: tuple, p: tuple, binning: tuple[int, int],
    roi: tuple[int, int, int, int], rectified: bool,
) -> LensCamera:
    """Return the same object for the same numbers: it holds the maps of its rectification."""
    if max(width, height) > _LARGEST:
        raise CalibrationError(
            f'no sensor has {width}x{height} pixels; publish the camera_info that belongs to the images')
    projection = np.reshape(p, (3, 4))[:, :3]
    whole = PinholeCamera.from_matrix(projection if rectified else k, width, height)
    _refuse_outside(whole)
    lens = None if rectified else _lens(model, d)
    if lens is None and not rectified and projection.any() and np.allclose(np.reshape(r, (3, 3)), np.eye(3), atol=1e-6):
        _refuse_other(whole, PinholeCamera.from_matrix(projection, width, height))
    return LensCamera(_cut_out(whole, binning, roi), lens)


def _lens(model: str, d: tuple) -> Lens | None:
    if not np.isfinite(d).all():
        raise CalibrationError(f'D must be finite, got {list(d)}; calibrate the camera')
    if not any(d):
        return None
    if model not in _POLYNOMIAL | _FISHEYE:
        raise CalibrationError(
            f"the images are distorted by a model '{model}' that is not known, unlike "
            f"{', '.join(sorted(_POLYNOMIAL | _FISHEYE))}; rectify colour and depth (image_proc), and take the "
            'image_rect topics')
    fisheye = model in _FISHEYE
    if len(d) not in _COUNTS[fisheye]:
        raise CalibrationError(
            f"D of '{model}' must have {' or '.join(map(str, _COUNTS[fisheye]))} numbers, got {len(d)}; calibrate the "
            'camera again')
    return Lens(d, fisheye)


def _refuse_outside(camera: PinholeCamera) -> None:
    if not (-0.5 <= camera.cx <= camera.width - 0.5 and -0.5 <= camera.cy <= camera.height - 0.5):
        raise CalibrationError(
            f'the principal point ({camera.cx:.1f}, {camera.cy:.1f}) must lie in the image of {camera.width}x'
            f'{camera.height} pixels; publish the camera_info that belongs to this image size')


def _refuse_other(camera: PinholeCamera, projection: PinholeCamera) -> None:
    corners = camera.rays[[0, 0, -1, -1], [0, -1, 0, -1]]
    apart = float(np.linalg.norm(camera.project(corners) - projection.project(corners), axis=-1).max())
    if apart > _SAME:
        raise CalibrationError(
            f'K and P differ by {apart:.0f} pixels at the edge although D says that nothing is distorted: are the '
            "images rectified? Then give them a topic with 'image_rect' in its name (remap it), or let the driver "
            'publish their K')


def _cut_out(camera: PinholeCamera, binning: tuple[int, int], roi: tuple[int, int, int, int]) -> PinholeCamera:
    """Return the camera of the region of interest (x, y, width, height; no width and height: all), then binned."""
    x, y, width, height = roi
    width, height = width or camera.width, height or camera.height
    if x + width > camera.width or y + height > camera.height:
        raise CalibrationError(
            f'the region of interest {width}x{height} at ({x}, {y}) must lie in the sensor of {camera.width}x'
            f'{camera.height} pixels')
    columns, rows = width // binning[0], height // binning[1]
    region = PinholeCamera(
        columns * binning[0], rows * binning[1], camera.fx, camera.fy, camera.cx - x, camera.cy - y)
    return region if binning == (1, 1) else region.resized(columns, rows)
