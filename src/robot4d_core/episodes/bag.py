# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Write RGB-D views, joint states and transforms as rosbag2 (MCAP, zstd) that `ros2 bag play` accepts, without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from robot4d_core.errors import EpisodeError
from robot4d_core.geometry.pointmaps import depth_in_millimetres
from robot4d_core.geometry.poses import quaternion_of
from robot4d_core.observation import CameraView

_FOREVER = QosTime(2147483647, 4294967295)


def _qos(durability: QosDurability) -> Qos:
    return Qos(
        QosHistory.KEEP_LAST, 10, QosReliability.RELIABLE, durability,
        _FOREVER, _FOREVER, QosLiveliness.AUTOMATIC, _FOREVER, False,
    )


class BagWriter:
    """A rosbag2 being written; use as a context manager. Stamps are seconds of the ROS clock.

    Raises EpisodeError when the folder exists already.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists():
            raise EpisodeError(f'{folder} exists; remove it or choose another name for the bag')
        self._types = get_typestore(Stores.ROS2_JAZZY)
        self._writer = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        self._connections = {}

    def __enter__(self) -> BagWriter:
        self._writer.open()
        return self

    def __exit__(self, *_) -> None:
        self._writer.close()

    def write_view(self, stamp: float, view: CameraView, frame_id: str) -> None:
        """Write colour (rgb8), aligned depth (16UC1) and camera_info under realsense-ros's topic names."""
        camera, header = view.camera, self._header(stamp, frame_id)
        millimetres = depth_in_millimetres(view.depth)
        self._write(f'/{view.name}/color/camera_info', stamp, 'sensor_msgs/msg/CameraInfo', header=header,
                    height=camera.height, width=camera.width, distortion_model='plumb_bob', d=np.zeros(5),
                    k=camera.matrix.ravel(), r=np.eye(3).ravel(), p=_projection(camera.matrix),
                    binning_x=0, binning_y=0,
                    roi=self._make('sensor_msgs/msg/RegionOfInterest', x_offset=0, y_offset=0, height=0, width=0,
                                   do_rectify=False))
        for topic, image, encoding in (
            ('color/image_raw', view.rgb, 'rgb8'), ('aligned_depth_to_color/image_raw', millimetres, '16UC1'),
        ):
            self._write(f'/{view.name}/{topic}', stamp, 'sensor_msgs/msg/Image', header=header,
                        height=camera.height, width=camera.width, encoding=encoding, is_bigendian=0,
                        step=image[0].nbytes, data=np.ascontiguousarray(image).reshape(-1).view(np.uint8))

    def write_joint_states(self, stamp: float, names: Sequence[str], positions: Sequence[float]) -> None:
        """Write joint_states; positions in rad or metres."""
        self._write('/joint_states', stamp, 'sensor_msgs/msg/JointState', header=self._header(stamp, ''),
                    name=list(names), position=np.asarray(positions, float), velocity=np.empty(0), effort=np.empty(0))

    def write_transforms(
        self, stamp: float, transforms: dict[tuple[str, str], np.ndarray], static: bool = False
    ) -> None:
        """Write T_parent_child (4, 4) of every (parent, child) on /tf, or on /tf_static."""
        def transform(parent: str, child: str, pose: np.ndarray):
            x, y, z, w = quaternion_of(pose)
            return self._make(
                'geometry_msgs/msg/TransformStamped', header=self._header(stamp, parent), child_frame_id=child,
                transform=self._make(
                    'geometry_msgs/msg/Transform',
                    translation=self._make('geometry_msgs/msg/Vector3', **dict(zip('xyz', pose[:3, 3], strict=True))),
                    rotation=self._make('geometry_msgs/msg/Quaternion', x=x, y=y, z=z, w=w),
                ),
            )

        self._write('/tf_static' if static else '/tf', stamp, 'tf2_msgs/msg/TFMessage',
                    transforms=[transform(*frames, pose) for frames, pose in transforms.items()])

    def _make(self, message_type: str, **fields):
        return self._types.types[message_type](**fields)

    def _header(self, stamp: float, frame_id: str):
        seconds, nanoseconds = divmod(round(stamp * 1e9), 10**9)
        time = self._make('builtin_interfaces/msg/Time', sec=seconds, nanosec=nanoseconds)
        return self._make('std_msgs/msg/Header', stamp=time, frame_id=frame_id)

    def _write(self, topic: str, stamp: float, message_type: str, **fields) -> None:
        if topic not in self._connections:
            latched = topic == '/tf_static'
            durability = QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE
            self._connections[topic] = self._writer.add_connection(
                topic, message_type, typestore=self._types, offered_qos_profiles=[_qos(durability)])
        data = self._types.serialize_cdr(self._make(message_type, **fields), message_type)
        self._writer.write(self._connections[topic], round(stamp * 1e9), data)


def _projection(k: np.ndarray) -> np.ndarray:
    return np.hstack([k, np.zeros((3, 1))]).ravel()
