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
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import track
from rosbags.rosbag2 import StoragePlugin

from robot4d_core.episodes.bags.recorded_arms import RecordedArm, known_arms
from robot4d_core.episodes.bags.writer import BagWriter
from robot4d_core.episodes.recorded_robot import finger_positions, joint_names
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import camera_of
from robot4d_core.errors import EpisodeError
from robot4d_core.geometry.cameras import optical_frame
from robot4d_core.robot.names import CELL

BASE_FRAME = 'world'


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

    Raises EpisodeError when the folder exists or the episode cannot be read.
    """
    episode, attributes = store.read(name), store.attributes(name)
    cameras = attributes['cameras']
    arms = _arms(attributes, np.shape(episode.joints)[-1])
    times = np.asarray(episode.times)
    small = {key: np.asarray(getattr(episode, key)) for key in ('gripper_poses', 'opening', 'joints', 'commands')}
    with BagWriter(folder, storage) as bag:
        bag.write_note({'attributes': attributes, 'settings': store.settings})
        bag.write_text(times[0], '/instruction', attributes['instruction'])
        bag.write_transforms(times[0], {
            (BASE_FRAME, optical_frame(camera)): pose
            for camera, pose in zip(cameras, np.asarray(episode.camera_poses), strict=True)
        }, static=True)
        for step in range(len(times)):
            for index, camera in enumerate(cameras):
                _write_view(bag, times[step], camera, optical_frame(camera), camera_of(episode, index), {
                    ('color/image_raw', 'rgb8'): episode.rgb[index, step],
                    ('aligned_depth_to_color/image_raw', '16UC1'): episode.depth[index, step],
                    ('segmentation/image_raw', 'mono8'): episode.segmentation[index, step],
                })
            _write_robot(bag, times[step], arms, attributes, **{key: values[step] for key, values in small.items()})


def _arms(attributes: dict, joints: int) -> list[RecordedArm]:
    """Return the arms of an episode, each with so many joints; raises EpisodeError when their names are not known."""
    known = {arm.gripper: arm for arm in known_arms(attributes.get('robot', CELL))}
    if unknown := [gripper for gripper in attributes['grippers'] if gripper not in known]:
        raise EpisodeError(f'the tcp frames of {", ".join(unknown)} are not known; known are {", ".join(known)}')
    return [replace(known[gripper], joints=tuple(names[:joints]), finger_joints=tuple(names[joints:]))
            for gripper, names in zip(attributes['grippers'], joint_names(attributes), strict=True)]


def _write_view(bag, stamp, camera, frame_id, intrinsics, images) -> None:
    bag.write_camera_info(stamp, f'/{camera}/color/camera_info', intrinsics, frame_id)
    for (topic, encoding), image in images.items():
        bag.write_image(stamp, f'/{camera}/{topic}', np.asarray(image), encoding, frame_id)


def _write_robot(bag, stamp, arms, attributes, gripper_poses, opening, joints, commands) -> None:
    names = [name for arm in arms for name in arm.all_joints]
    fingers, commanded = (finger_positions(attributes, each, joints.shape[1]) for each in (opening, commands[:, -1]))
    bag.write_joint_states(stamp, names, np.concatenate([
        [*of_arm, *of_fingers] for of_arm, of_fingers in zip(joints, fingers, strict=True)]))
    bag.write_transforms(stamp, {(BASE_FRAME, arm.tcp): pose for arm, pose in zip(arms, gripper_poses, strict=True)})
    for arm, command, of_fingers in zip(arms, commands, commanded, strict=True):
        for controller, names, reference in (
            (f"/{arm.gripper.removesuffix('gripper')}arm_controller", arm.joints, command[:-1]),
            (f'/{arm.gripper}_controller', arm.finger_joints, of_fingers),
        ):
            if not np.isnan(reference).all():
                bag.write_controller_state(stamp, f'{controller}/controller_state', names, reference)
