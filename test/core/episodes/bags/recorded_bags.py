# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Small bags such as a robot with two realsense cameras leaves behind, and such bags with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from scipy.spatial.transform import Rotation

from robot4d_core.episodes.bags.writer import BagWriter
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import look_at, make_pose
from shipped_robot import ARMS

ARM = ARMS[0]
SIZE = WIDTH, HEIGHT = 20, 16
CAMERA = PinholeCamera.from_field_of_view(1.0, WIDTH, HEIGHT)
CAMERAS = {'reference': look_at([0.6, 0.4, 1.0], [0, 0, 0]), 'second': look_at([0.6, -0.4, 1.0], [0, 0, 0])}
FIRST_STAMP = 1_700_000_000.0
IMAGE_INTERVAL, ROBOT_INTERVAL = 0.1, 0.05  # seconds
SHUTTER_DELAY = 0.012  # seconds, of the second camera
BASE = make_pose(np.eye(3), [-0.55, 0.0, 0.0])  # T_world_arm_link0
SPEED = np.array([0.02, 0.0, -0.01])  # m/s
TURNING = 0.1  # rad/s
CLOSING = 0.005  # m/s of each finger

Change = Callable[[str, float, dict], tuple[float, dict] | None]
"""Gets topic, log time and the fields of a message; returns log time and fields to write, or None for no message."""


def keep(topic: str, log_time: float, fields: dict) -> tuple[float, dict]:
    """Change nothing."""
    return log_time, fields


def drop(*topics: str) -> Change:
    """Leave the messages of some topics out."""
    return lambda topic, log_time, fields: None if topic in topics else (log_time, fields)


class ChangingWriter(BagWriter):
    """A writer that lets `change` alter or drop each message."""

    def __init__(
        self, folder: Path, storage: StoragePlugin = StoragePlugin.MCAP, change: Change = keep,
        compression: CompressionMode | None = None, types=None,
    ) -> None:
        super().__init__(folder, storage)
        self._change = change
        self._types = types or self._types
        if compression:
            self._writer.set_compression(compression, CompressionFormat.ZSTD)

    def _write(self, topic: str, stamp: float, message_type: str, **fields) -> None:
        changed = self._change(topic, stamp, fields)
        if changed is not None:
            log_time, fields = changed
            fields = dict(fields)
            super()._write(fields.pop('topic', topic), log_time, fields.pop('message_type', message_type), **fields)


def tcp_in_base(time: float) -> np.ndarray:
    """Return T_link0_tcp (4, 4), seconds after the first stamp."""
    return make_pose(Rotation.from_euler('z', TURNING * time), np.array([0.4, 0.1, 0.3]) + SPEED * time)


def joints(time: float) -> np.ndarray:
    """Return the seven joint positions and those of the two fingers, seconds after the first stamp."""
    return np.array([0.1, -0.2, 0.3, -2.0, 0.1, 1.8, 0.5, 0, 0]) + np.append(
        np.full(7, 0.05) * time, [0.04 - CLOSING * time] * 2)


def images(camera: str, tick: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the colour, depth (mm) and segmentation images of a camera's frame."""
    random = np.random.default_rng([tick, len(camera)])
    depth = random.integers(600, 1400, (HEIGHT, WIDTH), np.uint16)
    depth[0] = 0
    return random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), depth, random.integers(0, 5, depth.shape, np.uint8)


def make_bag(
    folder: Path, change: Change = keep, seconds: float = 6.0, storage: StoragePlugin = StoragePlugin.MCAP,
    compression: CompressionMode | None = None, types=None,
) -> Path:
    """Record cameras, joints and transforms for some seconds; types: other message definitions than Jazzy's."""
    with ChangingWriter(folder, storage, change, compression, types) as bag:
        bag.write_text(FIRST_STAMP, '/instruction', 'put the spatula on the table')
        bag.write_transforms(FIRST_STAMP, {
            ('world', 'arm_link0'): BASE,
            **{('world', f'{name}_link'): pose for name, pose in CAMERAS.items()},
            **{(f'{name}_link', f'{name}_color_optical_frame'): np.eye(4) for name in CAMERAS},
        }, static=True)
        for tick in range(round(seconds / ROBOT_INTERVAL) + 1):
            time = tick * ROBOT_INTERVAL
            stamp = FIRST_STAMP + time
            bag.write_joint_states(stamp, [*ARM.joints, *ARM.gripper.finger_joints], joints(time))
            bag.write_transforms(stamp, {('arm_link0', ARM.gripper.tcp): tcp_in_base(time)})
            bag.write_controller_state(stamp, '/arm_controller/controller_state', ARM.joints, joints(time)[:7] + 0.01)
            if tick % round(IMAGE_INTERVAL / ROBOT_INTERVAL) == 0:
                for name, delay in zip(CAMERAS, (0.0, SHUTTER_DELAY)):
                    frame = f'{name}_color_optical_frame'
                    bag.write_camera_info(stamp + delay, f'/{name}/color/camera_info', CAMERA, frame)
                    for topic, encoding, image in zip(
                        ('color/image_raw', 'aligned_depth_to_color/image_raw', 'segmentation/image_raw'),
                        ('rgb8', '16UC1', 'mono8'), images(name, tick // round(IMAGE_INTERVAL / ROBOT_INTERVAL))
                    ):
                        bag.write_image(stamp + delay, f'/{name}/{topic}', image, encoding, frame)
    return folder


def shifted(fields: dict, seconds: float) -> dict:
    """Return the fields with another header stamp; log times stay."""
    header = fields['header']
    stamp = type(header.stamp)(*divmod(header.stamp.sec * 10**9 + header.stamp.nanosec + round(seconds * 1e9), 10**9))
    return {**fields, 'header': type(header)(stamp=stamp, frame_id=header.frame_id)}
