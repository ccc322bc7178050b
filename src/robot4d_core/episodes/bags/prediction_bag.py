# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A prediction as rosbag2 (MCAP): robot4d/msg/Prediction on /prediction, and the recording that it was made from.

`ros2 bag play` gives the prediction to the tracker and playback nodes. Colour, depth and camera_info of the recorded
moments are on realsense-ros's topics; /tf_static holds view m's camera in frame n; /tf and /joint_states the grippers,
where they and the robot are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
from rosbags.typesys import get_types_from_msg

from robot4d_core.episodes.bags.look import read_bag_look
from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.writer import BagWriter
from robot4d_core.episodes.recorded_robot import robot_record
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.errors import PredictionFileError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera, optical_frame
from robot4d_core.geometry.poses import pose_from_quaternion, quaternion_of
from robot4d_core.prediction import FRAME_INTERVAL, GripperPath, PredictedView, Prediction
from robot4d_core.share import share_directory

TOPIC = '/prediction'
PREDICTION = 'robot4d/msg/Prediction'
MESSAGES = ('GripperPath', 'PredictedView', 'Prediction')


class PredictionBagWriter(BagWriter):
    """A BagWriter that can also write predictions."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in MESSAGES:
            definition = (share_directory() / 'msg' / f'{name}.msg').read_text('utf-8')
            self._types.register(get_types_from_msg(definition, f'robot4d/msg/{name}'))

    def write_prediction(self, prediction: Prediction) -> None:
        """Write robot4d/msg/Prediction."""
        self._write(
            TOPIC, prediction.stamp, PREDICTION,
            header=self._header(prediction.stamp, prediction.frame_id),
            id=self._make('unique_identifier_msgs/msg/UUID', uuid=np.frombuffer(prediction.id.bytes, np.uint8)),
            time_from_start=[self._duration(time) for time in prediction.time_from_start],
            views=[self._predicted_view(prediction, view) for view in prediction.views], model=prediction.model,
            paths=[self._gripper_path(path) for path in prediction.paths])

    def _predicted_view(self, prediction: Prediction, view: PredictedView):
        def images(video: np.ndarray, encoding: str, frame_id: str) -> list:
            return [
                self._make('sensor_msgs/msg/Image', **self._image(prediction.stamp + time, image, encoding, frame_id))
                for time, image in zip(prediction.time_from_start, video, strict=True)
            ]

        frame_id = optical_frame(view.name)
        info = self._camera_info(prediction.stamp, view.camera, frame_id)
        return self._make(
            'robot4d/msg/PredictedView', camera_name=view.name,
            camera_info=self._make('sensor_msgs/msg/CameraInfo', **info),
            images=images(view.rgb, 'rgb8', frame_id), pointmaps=images(view.pointmap, '32FC3', prediction.frame_id))

    def _gripper_path(self, path: GripperPath):
        return self._make(
            'robot4d/msg/GripperPath', gripper=path.gripper, poses=[self._pose(pose) for pose in path.poses],
            opening=np.asarray(path.opening, float), closed=np.asarray(path.closed, bool))

    def _pose(self, pose: np.ndarray):
        x, y, z, w = quaternion_of(pose)
        return self._make(
            'geometry_msgs/msg/Pose',
            position=self._make('geometry_msgs/msg/Point', **dict(zip('xyz', pose[:3, 3]))),
            orientation=self._make('geometry_msgs/msg/Quaternion', x=x, y=y, z=z, w=w))

    def _duration(self, seconds: float):
        whole, nanoseconds = divmod(round(seconds * 1e9), 10**9)
        return self._make('builtin_interfaces/msg/Duration', sec=whole, nanosec=nanoseconds)


def write_prediction_bag(saved: SavedPrediction, folder: Path) -> None:
    """Write a new rosbag2 folder. Raises EpisodeError when it exists."""
    look, robot = saved.look, saved.look.described_robot
    with PredictionBagWriter(folder) as bag:
        bag.write_note({'source': look.source, 'seed': saved.seed, 'steps': saved.steps,
                        'attributes': {'robot': robot_record(robot)} if robot else {}})
        if look.instruction:
            bag.write_text(look.stamp, '/instruction', look.instruction)
        frames = [look.frame_id, optical_frame(look.views[1].name)]
        if look.T_n_m is not None:
            bag.write_transforms(look.stamp, {tuple(frames): look.T_n_m}, static=True)
        for k in range(1 + look.future):
            stamp = look.stamp + k * FRAME_INTERVAL
            for view, frame in zip(look.views, frames, strict=True):
                bag.write_view(stamp, CameraView(view.name, view.camera, view.rgb[k], view.depth[k]), frame)
            if robot and look.gripper_poses is not None and k < len(look.gripper_poses):
                for gripper, pose, opening in zip(robot.grippers, look.gripper_poses[k], look.openings[k], strict=True):
                    fingers = gripper.positions(float(opening))
                    bag.write_transforms(stamp, {(look.frame_id, gripper.names.tcp): pose})
                    bag.write_joint_states(stamp, list(fingers), list(fingers.values()))
        bag.write_prediction(saved.prediction)


def read_prediction_bag(folder: Path, package_paths: Sequence[Path] = ()) -> SavedPrediction:
    """Read the first prediction in a bag that write_prediction_bag wrote; package_paths: see robot_of.

    Raises PredictionFileError, BagError.
    """
    with BagReader(folder) as reader:
        if reader.types.get(TOPIC) != PREDICTION or 'source' not in reader.note:
            raise PredictionFileError(
                f"{folder} is a bag without a prediction of 'robot4d predict'; its topics are {sorted(reader.types)}")
        note = reader.note
        _, _, message = next(iter(reader.messages([TOPIC])))
    stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
    times = np.array([time.sec + time.nanosec * 1e-9 for time in message.time_from_start])
    views = tuple(_predicted_view(view) for view in message.views)
    prediction = Prediction(
        stamp, message.header.frame_id, times, views, message.model, UUID(bytes=bytes(message.id.uuid)),
        tuple(_gripper_path(path) for path in message.paths))
    look = read_bag_look(folder, 0.0, tuple(view.name for view in views), package_paths=package_paths)
    return SavedPrediction(prediction, replace(look, source=note['source']), note['seed'], note['steps'])


def _gripper_path(message) -> GripperPath:
    poses = np.stack([_pose(pose.position, pose.orientation) for pose in message.poses])
    return GripperPath(message.gripper, poses, np.asarray(message.opening), np.asarray(message.closed, bool))


def _pose(position, orientation) -> np.ndarray:
    return pose_from_quaternion(
        [position.x, position.y, position.z], [orientation.x, orientation.y, orientation.z, orientation.w])


def _predicted_view(message) -> PredictedView:
    info = message.camera_info
    camera = PinholeCamera.from_matrix(info.k, info.width, info.height)
    shape = info.height, info.width, 3
    return PredictedView(
        message.camera_name, camera, np.stack([np.reshape(image.data, shape) for image in message.images]),
        np.stack([np.asarray(image.data).view(np.float32).reshape(shape) for image in message.pointmaps]))
