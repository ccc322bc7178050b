# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Write an episode as a rosbag2: what a robot with realsense-ros cameras and ros2_control would have recorded.

Per camera NAME: /NAME/color/image_raw, /NAME/aligned_depth_to_color/image_raw, /NAME/color/camera_info, and
/NAME/segmentation/image_raw (mono8). Per step: /joint_states, the gripper poses on /tf, and what the arm and gripper
controllers follow as control_msgs/JointTrajectoryControllerState. Once: the camera poses on /tf_static and the
sentence on /instruction. All compression is lossless. The episode's attributes travel in the bag's metadata.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import track
from rosbags.rosbag2 import StoragePlugin

from robot4d_core.episodes.bags.writer import BagWriter
from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import camera_of
from robot4d_core.errors import EpisodeError, GripperError
from robot4d_core.geometry.cameras import optical_frame
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.robot import Robot


def export_episodes(store: EpisodeStore, names: Sequence[str], folder: Path) -> None:
    """Write episodes of a store as rosbag2 folders of their names below folder; shows progress with time left.

    A bag that is there is kept, and a bag gets its name when it is complete, so that an interrupted export continues.
    """
    missing = [name for name in names if not (folder / name).exists()]
    for name in track(missing, description='writing bags'):
        unfinished = folder / '.unfinished'
        shutil.rmtree(unfinished, ignore_errors=True)
        export_episode(store, name, unfinished / name)
        (unfinished / name).rename(folder / name)
        unfinished.rmdir()


def export_episode(
    store: EpisodeStore, name: str, folder: Path, storage: StoragePlugin = StoragePlugin.MCAP
) -> None:
    """Write one episode of a store as a rosbag2 in a new folder.

    Raises EpisodeError when the folder exists, or the episode or its robot cannot be read.
    """
    episode, attributes = store.read(name), store.attributes(name)
    cameras = attributes['cameras']
    robot = robot_of(attributes)
    times = np.asarray(episode.times)
    small = {key: np.asarray(getattr(episode, key)) for key in ('gripper_poses', 'opening', 'joints', 'commands')}
    with BagWriter(folder, storage) as bag:
        bag.write_note({'attributes': attributes, 'settings': store.settings})
        bag.write_text(times[0], '/instruction', attributes['instruction'])
        bag.write_transforms(times[0], {
            (robot.base_frame, optical_frame(camera)): pose
            for camera, pose in zip(cameras, np.asarray(episode.camera_poses), strict=True)
        }, static=True)
        for step in range(len(times)):
            for index, camera in enumerate(cameras):
                _write_view(bag, times[step], camera, optical_frame(camera), camera_of(episode, index), {
                    ('color/image_raw', 'rgb8'): episode.rgb[index, step],
                    ('aligned_depth_to_color/image_raw', '16UC1'): episode.depth[index, step],
                    ('segmentation/image_raw', 'mono8'): episode.segmentation[index, step],
                })
            _write_robot(bag, times[step], robot, **{key: values[step] for key, values in small.items()})


def _write_view(bag, stamp, camera, frame_id, intrinsics, images) -> None:
    bag.write_camera_info(stamp, f'/{camera}/color/camera_info', intrinsics, frame_id)
    for (topic, encoding), image in images.items():
        bag.write_image(stamp, f'/{camera}/{topic}', np.asarray(image), encoding, frame_id)


def _write_robot(bag, stamp, robot: Robot, gripper_poses, opening, joints, commands) -> None:
    """Write one step, the fingers where the opening has them."""
    positions: dict[str, float] = {}
    for arm, gripper, of_arm, width, command in zip(
        robot.arms, robot.grippers, joints, opening, commands, strict=True
    ):
        references = dict(zip(arm.joints, command))
        positions |= dict(zip(arm.joints, of_arm)) | _fingers(gripper, width)
        for controller, reference in (
            (arm.name, references), (gripper.name, {} if np.isnan(command[-1]) else _fingers(gripper, command[-1])),
        ):
            if not np.isnan(list(reference.values())).all():
                bag.write_controller_state(
                    stamp, f'/{controller}_controller/controller_state', list(reference), list(reference.values()))
    bag.write_joint_states(stamp, list(positions), list(positions.values()))
    bag.write_transforms(stamp, {
        (robot.base_frame, arm.gripper.tcp): pose for arm, pose in zip(robot.arms, gripper_poses, strict=True)})


def _fingers(gripper: Gripper, opening: float) -> dict[str, float]:
    try:
        return gripper.positions(float(opening))
    except GripperError as error:
        raise EpisodeError(f'the episode has an opening that its robot cannot have: {error}') from error
