# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Messages of sensors as rclpy gives them to a node and as rosbags gives them out of a bag."""

from __future__ import annotations

import array
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from robot4d_core.episodes.bags.writer import ros_types

KINDS = ('bag', 'live') if find_spec('sensor_msgs') else ('bag',)
_TYPES = ros_types().types


def header(frame_id: str = 'camera') -> dict:
    """Return the fields of a header."""
    return {'type': 'std_msgs/msg/Header', 'stamp': {'type': 'builtin_interfaces/msg/Time', 'sec': 1, 'nanosec': 2},
            'frame_id': frame_id}


def message(kind: str, fields: dict):
    """Return a message out of a bag or of rclpy; fields: `type`, and values, dicts for messages inside."""
    made = {name: message(kind, value) if isinstance(value, dict) else value
            for name, value in fields.items() if name != 'type'}
    if kind == 'bag':
        return _TYPES[fields['type']](**made)
    package, _, name = fields['type'].split('/')
    lists = {key: array.array('B', value.tobytes()) if isinstance(value, np.ndarray) and value.dtype == np.uint8
             else value for key, value in made.items()}
    return getattr(import_module(f'{package}.msg'), name)(**lists)


def image(kind: str, pixels: np.ndarray, encoding: str, padding: int = 0, big_endian: bool = False, **changes):
    """Return an Image of pixels (H, W) or (H, W, channels)."""
    rows = pixels.reshape(len(pixels), -1)
    rows = np.ascontiguousarray(rows.byteswap() if big_endian else rows).view(np.uint8)
    rows = np.hstack([rows, np.zeros((len(rows), padding), np.uint8)])
    return message(kind, {
        'type': 'sensor_msgs/msg/Image', 'header': header(), 'height': pixels.shape[0], 'width': pixels.shape[1],
        'encoding': encoding, 'is_bigendian': int(big_endian), 'step': rows.shape[1], 'data': rows.reshape(-1),
        **changes})


def compressed(kind: str, data: bytes, image_format: str):
    """Return a CompressedImage of the bytes of a file."""
    return message(kind, {'type': 'sensor_msgs/msg/CompressedImage', 'header': header(), 'format': image_format,
                          'data': np.frombuffer(data, np.uint8)})


def camera_info(kind: str, camera, roi: tuple[int, int, int, int] = (0, 0, 0, 0), **changes):
    """Return the CameraInfo of a PinholeCamera; roi: x, y, width, height."""
    fields = {
        'type': 'sensor_msgs/msg/CameraInfo', 'header': header(), 'height': camera.height, 'width': camera.width,
        'distortion_model': 'plumb_bob', 'd': np.zeros(5), 'k': camera.matrix.ravel(), 'r': np.eye(3).ravel(),
        'p': np.hstack([camera.matrix, np.zeros((3, 1))]).ravel(), 'binning_x': 0, 'binning_y': 0,
        'roi': {'type': 'sensor_msgs/msg/RegionOfInterest', 'do_rectify': False,
                **dict(zip(('x_offset', 'y_offset', 'width', 'height'), roi, strict=True))}}
    return message(kind, {**fields, **changes})
