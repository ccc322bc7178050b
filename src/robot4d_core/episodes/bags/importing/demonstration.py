# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One bag of a real robot as one episode.

The first camera's colour images nearest to a raster of 0.5 s are the steps. Every other image and joint position is
the one stamped nearest to them, at most `ImportSettings.tolerance` away, or the bag is refused: nothing is held or
extrapolated. Poses are interpolated from tf at the stamps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from robot4d_core.episodes.bags.importing.camera_poses import camera_poses
from robot4d_core.episodes.bags.importing.settings import ImportSettings
from robot4d_core.episodes.bags.importing.timeline import Timeline
from robot4d_core.episodes.bags.importing.views import read_views
from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.recording import Recording, scan
from robot4d_core.episodes.bags.robot_of_bag import cell_robot_with, noted_robot
from robot4d_core.episodes.bags.topics import CameraTopics, discover_cameras
from robot4d_core.episodes.episode import Episode, side_by_side
from robot4d_core.episodes.recorded_robot import robot_record
from robot4d_core.episodes.segments import MOST_ARMS, segment_names
from robot4d_core.errors import EpisodeError, GripperError, ImageError, TopicError
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.pointmaps import depth_in_metres
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.robot import Robot

SAME_TOOL = (0.05, np.deg2rad(10.0))  # metres, rad between tf and kinematics: joints may be a message older than tf


def read_demonstration(
    reader: BagReader, settings: ImportSettings, on_message: Callable[[], None] = lambda: None
) -> tuple[Episode, dict]:
    """Return a bag's episode and its attributes; on_message is called for every message, up to twice.

    Raises TopicError, ImageError, CalibrationError, SynchronisationError, TransformError, RegistrationError,
    RobotDescriptionError, EpisodeError or BagError, as the causes are named.
    """
    known = reader.note.get('attributes', {})
    recording = scan(reader, _cameras(reader, known, settings), settings.robot_topics, on_message)
    attributes = _attributes(recording, known, settings)
    robot = _robot(reader, recording, settings)
    timeline = Timeline.of_recording(recording, robot, settings)
    motion = _motion(timeline)
    if settings.robot is not None:
        _check_kinematics(timeline, robot, motion['gripper_poses'])
    images = read_views(reader, timeline, on_message)
    _check_labels(images['segmentation'], len(robot.arms), attributes['objects'])
    intrinsics = [recording.intrinsics[camera.name] for camera in recording.cameras]
    if settings.size:
        intrinsics = [camera.resized(*settings.size) for camera in intrinsics]
    poses = camera_poses(timeline, images, intrinsics)
    names = [camera.name for camera in recording.cameras]
    _segment_robot(images, timeline, [
        CameraPlacement(*placement) for placement in zip(names, poses, intrinsics, strict=True)])
    episode = Episode(
        **images, **motion, camera_poses=poses, intrinsics=np.stack([camera.matrix for camera in intrinsics]),
        times=timeline.times)
    return episode, attributes | {
        'cameras': names, 'grippers': [arm.gripper.name for arm in robot.arms], 'robot': robot_record(robot),
        'source': {
            'tolerance': settings.tolerance, 'worst_offsets': timeline.worst_offsets(),
            'registered_cameras': [camera.name for camera in recording.cameras if camera not in timeline.located]}}


def _cameras(reader: BagReader, known: dict, settings: ImportSettings) -> list[CameraTopics]:
    if settings.cameras is not None:
        return list(settings.cameras)
    if 'cameras' in known:
        return [CameraTopics.of_camera(camera) for camera in known['cameras']]
    return discover_cameras(reader.types)


def _attributes(recording: Recording, known: dict, settings: ImportSettings) -> dict:
    """Return what is said about the episode: by the user, else in the bag, else what fits every demonstration."""
    attributes = {'success': True, 'split': 'training', 'objects': [], **known}
    attributes |= {key: value for key, value in (
        ('instruction', recording.instruction), ('instruction', settings.instruction), ('task', settings.task),
        ('success', settings.success), ('split', settings.split),
    ) if value is not None}
    for key, place in (('instruction', ' on the topic /instruction'), ('task', '')):
        if not attributes.get(key):
            raise EpisodeError(f'the bag has no {key}{place}; give it with --{key}')
    return attributes


def _robot(reader: BagReader, recording: Recording, settings: ImportSettings) -> Robot:
    robot = settings.robot or noted_robot(reader, settings.package_paths) or cell_robot_with(recording.joints)
    missing = [joint for arm in robot.arms for joint in arm.all_joints if joint not in recording.joints]
    if missing:
        raise TopicError(
            f'{" and ".join(settings.robot_topics.joint_states)} lack {missing}, they have {sorted(recording.joints)}; '
            'record the joint states of arm and gripper, name their topics with --joint-states, or another robot with '
            '--robot and --urdf')
    if len(robot.arms) > MOST_ARMS:
        raise EpisodeError(f'the robot has {len(robot.arms)} arms, an episode at most {MOST_ARMS}')
    return robot


def _check_labels(segmentation: np.ndarray, arms: int, objects: Sequence[str]) -> None:
    known = list(segment_names(arms, objects))
    unknown = np.setdiff1d(segmentation, known)
    if len(unknown):
        raise ImageError(
            f'the segmentation images have the labels {unknown.tolist()}, which mean nothing; known are {known} as '
            "robot4d's segments.py names them; leave these topics out of the bag, and the robot is found by drawing it")


def _motion(timeline: Timeline) -> dict[str, np.ndarray]:
    """Return gripper_poses, opening, joints and commands of an Episode."""
    robot = timeline.robot
    openings, commanded = (
        [_openings(gripper, values(gripper.names.finger_joints)) for gripper in robot.grippers]
        for values in (timeline.positions, timeline.references))
    commands = [timeline.references(arm.joints) for arm in robot.arms]
    return {
        'gripper_poses': np.array([
            [timeline.pose(arm.gripper.tcp, step) for arm in robot.arms] for step in range(len(timeline))]),
        'opening': np.stack(openings, axis=1),
        'joints': side_by_side([timeline.positions(arm.joints) for arm in robot.arms]),
        'commands': np.concatenate([side_by_side(commands), np.stack(commanded, axis=1)[..., None]], axis=-1),
    }


def _openings(gripper: Gripper, positions: np.ndarray) -> np.ndarray:
    """Return the openings (T,) at positions (T, J) of the finger joints, NaN where one is unknown."""
    openings = np.full(len(positions), np.nan)
    for step in np.flatnonzero(np.isfinite(positions).all(axis=1)):
        openings[step] = gripper.opening(dict(zip(gripper.names.finger_joints, positions[step], strict=True)))
        try:
            gripper.require(openings[step])
        except GripperError as error:
            of_fingers = ', '.join(f'{joint} {position:.4g}' for joint, position in zip(
                gripper.names.finger_joints, positions[step], strict=True))
            raise EpisodeError(f'step {step} ({of_fingers}): {error}; are the positions of the fingers in the rad or '
                               'metres of the description?') from error
    return openings


def _check_kinematics(timeline: Timeline, robot: Robot, gripper_poses: np.ndarray) -> None:
    """Raise EpisodeError when the description has the tools elsewhere than tf does."""
    joints = [joint for arm in robot.arms for joint in arm.all_joints]
    tools = np.array([robot.tools(dict(zip(joints, row, strict=True))) for row in timeline.positions(joints)])
    for number, arm in enumerate(robot.arms):
        apart = [pose_distance(*pair) for pair in zip(tools[:, number], gripper_poses[:, number], strict=True)]
        metres, radians = np.median(apart, axis=0)
        if metres > SAME_TOOL[0] or radians > SAME_TOOL[1]:
            raise EpisodeError(
                f"'{arm.gripper.tcp}' is {metres:.3f} m and {np.rad2deg(radians):.0f} degrees (median) from where the "
                'description has it at these joint positions; is it the description of the robot that tf is of, are '
                'all joints that move the tool in joint_names, and their positions in rad or metres?')


def _segment_robot(
    images: dict[str, np.ndarray], timeline: Timeline, placements: Sequence[CameraPlacement],
) -> None:
    """Fill in the segmentation of the cameras that recorded none: the robot where it was seen, else background."""
    unsegmented = [(index, placement) for index, placement in enumerate(placements)
                   if placement.name not in timeline.recording.segmentation]
    if not unsegmented:
        return
    from robot4d_core.episodes.bags.importing.robot_segmentation import RobotSegmenter

    joints = [joint for arm in timeline.robot.arms for joint in arm.all_joints]
    segmenter = RobotSegmenter(timeline.robot)
    for step, positions in enumerate(timeline.positions(joints)):
        named = dict(zip(joints, positions, strict=True))
        for index, placement in unsegmented:
            depth = depth_in_metres(images['depth'][index, step], '16UC1')
            images['segmentation'][index, step] = segmenter.segment(placement, named, depth)
