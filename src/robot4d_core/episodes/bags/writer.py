# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Write RGB-D views, joint states and transforms as rosbag2 that `ros2 bag play` accepts, without ROS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from robot4d_core.errors import EpisodeError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import depth_in_millimetres
from robot4d_core.geometry.poses import quaternion_of

CUSTOM_DATA = 'robot4d'
"""Key of a bag's custom data (metadata.yaml) under which BagWriter.write_note leaves JSON."""

CONTROLLER_STATE = 'control_msgs/msg/JointTrajectoryControllerState'
_CONTROLLER_STATE_FIELDS = """
std_msgs/Header header
string[] joint_names
trajectory_msgs/JointTrajectoryPoint reference
trajectory_msgs/JointTrajectoryPoint feedback
trajectory_msgs/JointTrajectoryPoint error
trajectory_msgs/JointTrajectoryPoint output
string[] multi_dof_joint_names
trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_reference
trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_feedback
trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_error
trajectory_msgs/MultiDOFJointTrajectoryPoint multi_dof_output
"""

_LATCHED = ('/tf_static', '/instruction')
_FOREVER = QosTime(2147483647, 4294967295)


def _qos(durability: QosDurability) -> Qos:
    return Qos(
        QosHistory.KEEP_LAST, 10, QosReliability.RELIABLE, durability,
        _FOREVER, _FOREVER, QosLiveliness.AUTOMATIC, _FOREVER, False,
    )


def ros_types():
    """Return rosbags' typestore of ROS 2 Jazzy with the joint trajectory controller's state."""
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(_CONTROLLER_STATE_FIELDS, CONTROLLER_STATE))
    return types


class BagWriter:
    """A rosbag2 being written; use as a context manager. Stamps are seconds of the ROS clock.

    storage: MCAP (chunks compressed with zstd) or SQLITE3 (messages compressed with zstd).
    Raises EpisodeError when the folder exists already.
    """

    def __init__(self, folder: Path, storage: StoragePlugin = StoragePlugin.MCAP) -> None:
        if folder.exists():
            raise EpisodeError(f'{folder} exists; remove it or choose another name for the bag')
        self._types = ros_types()
        self._writer = Writer(folder, version=9, storage_plugin=storage)
        chunked = storage is StoragePlugin.MCAP
        self._writer.set_compression(
            CompressionMode.STORAGE if chunked else CompressionMode.MESSAGE, CompressionFormat.ZSTD)
        self._connections = {}

    def __enter__(self) -> BagWriter:
        self._writer.open()
        return self

    def __exit__(self, *error) -> None:
        self._writer.__exit__(*error)

    def write_note(self, note: dict) -> None:
        """Keep JSON values in the bag's metadata."""
        self._writer.set_custom_data(CUSTOM_DATA, json.dumps(note))

    def write_view(self, stamp: float, view: CameraView, frame_id: str) -> None:
        """Write colour (rgb8), aligned depth (16UC1) and camera_info under realsense-ros's topic names."""
        self.write_camera_info(stamp, f'/{view.name}/color/camera_info', view.camera, frame_id)
        self.write_image(stamp, f'/{view.name}/color/image_raw', view.rgb, 'rgb8', frame_id)
        self.write_image(stamp, f'/{view.name}/aligned_depth_to_color/image_raw',
                         depth_in_millimetres(view.depth), '16UC1', frame_id)

    def write_camera_info(self, stamp: float, topic: str, camera: PinholeCamera, frame_id: str) -> None:
        """Write the intrinsics of a camera without distortion."""
        self._write(topic, stamp, 'sensor_msgs/msg/CameraInfo', **self._camera_info(stamp, camera, frame_id))

    def write_image(self, stamp: float, topic: str, image: np.ndarray, encoding: str, frame_id: str) -> None:
        """Write an image (H, W) or (H, W, channels) whose numbers are what the encoding says."""
        self._write(topic, stamp, 'sensor_msgs/msg/Image', **self._image(stamp, image, encoding, frame_id))

    def write_compressed_image(self, stamp: float, topic: str, data: bytes, image_format: str, frame_id: str) -> None:
        """Write a file's bytes; image_format as image_transport says it, e.g. 'rgb8; jpeg compressed bgr8'."""
        self._write(topic, stamp, 'sensor_msgs/msg/CompressedImage', header=self._header(stamp, frame_id),
                    format=image_format, data=np.frombuffer(data, np.uint8))

    def write_joint_states(self, stamp: float, names: Sequence[str], positions: Sequence[float]) -> None:
        """Write joint_states; positions in rad or metres."""
        self._write('/joint_states', stamp, 'sensor_msgs/msg/JointState', header=self._header(stamp, ''),
                    name=list(names), position=np.asarray(positions, float), velocity=np.empty(0), effort=np.empty(0))

    def write_controller_state(
        self, stamp: float, topic: str, names: Sequence[str], reference: Sequence[float]
    ) -> None:
        """Write the positions (rad or metres) that a joint trajectory controller follows."""
        duration = self._make('builtin_interfaces/msg/Duration', sec=0, nanosec=0)
        nowhere = self._make('trajectory_msgs/msg/MultiDOFJointTrajectoryPoint',
                             transforms=[], velocities=[], accelerations=[], time_from_start=duration)

        def point(positions: Sequence[float]):
            return self._make('trajectory_msgs/msg/JointTrajectoryPoint', positions=np.asarray(positions, float),
                              velocities=np.empty(0), accelerations=np.empty(0), effort=np.empty(0),
                              time_from_start=duration)

        self._write(topic, stamp, CONTROLLER_STATE, header=self._header(stamp, ''), joint_names=list(names),
                    reference=point(reference), feedback=point([]), error=point([]), output=point([]),
                    multi_dof_joint_names=[], multi_dof_reference=nowhere, multi_dof_feedback=nowhere,
                    multi_dof_error=nowhere, multi_dof_output=nowhere)

    def write_text(self, stamp: float, topic: str, text: str) -> None:
        """Write a std_msgs/String."""
        self._write(topic, stamp, 'std_msgs/msg/String', data=text)

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

    def _camera_info(self, stamp: float, camera: PinholeCamera, frame_id: str) -> dict:
        return {
            'header': self._header(stamp, frame_id), 'height': camera.height, 'width': camera.width,
            'distortion_model': 'plumb_bob', 'd': np.zeros(5), 'k': camera.matrix.ravel(), 'r': np.eye(3).ravel(),
            'p': _projection(camera.matrix), 'binning_x': 0, 'binning_y': 0,
            'roi': self._make('sensor_msgs/msg/RegionOfInterest', x_offset=0, y_offset=0, height=0, width=0,
                              do_rectify=False),
        }

    def _image(self, stamp: float, image: np.ndarray, encoding: str, frame_id: str) -> dict:
        return {
            'header': self._header(stamp, frame_id), 'height': image.shape[0], 'width': image.shape[1],
            'encoding': encoding, 'is_bigendian': 0, 'step': image[0].nbytes,
            'data': np.ascontiguousarray(image).reshape(-1).view(np.uint8),
        }

    def _make(self, message_type: str, **fields):
        return self._types.types[message_type](**fields)

    def _header(self, stamp: float, frame_id: str):
        seconds, nanoseconds = divmod(round(stamp * 1e9), 10**9)
        time = self._make('builtin_interfaces/msg/Time', sec=seconds, nanosec=nanoseconds)
        return self._make('std_msgs/msg/Header', stamp=time, frame_id=frame_id)

    def _write(self, topic: str, stamp: float, message_type: str, **fields) -> None:
        if topic not in self._connections:
            durability = QosDurability.TRANSIENT_LOCAL if topic in _LATCHED else QosDurability.VOLATILE
            self._connections[topic] = self._writer.add_connection(
                topic, message_type, typestore=self._types, offered_qos_profiles=[_qos(durability)])
        data = self._types.serialize_cdr(self._make(message_type, **fields), message_type)
        self._writer.write(self._connections[topic], round(stamp * 1e9), data)


def _projection(k: np.ndarray) -> np.ndarray:
    return np.hstack([k, np.zeros((3, 1))]).ravel()
