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
from robot4d_core.episodes.bags.recorded_arms import RecordedArm, known_arms
from robot4d_core.episodes.bags.recording import Recording, scan
from robot4d_core.episodes.bags.topics import JOINT_STATES, CameraTopics, discover_cameras
from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.segments import PARTS, SEGMENTS
from robot4d_core.errors import EpisodeError, ImageError, TopicError
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.pointmaps import depth_in_metres
from robot4d_core.robot.description import RobotDescription


def read_demonstration(
    reader: BagReader, settings: ImportSettings, on_message: Callable[[], None] = lambda: None
) -> tuple[Episode, dict]:
    """Return a bag's episode and its attributes; on_message is called for every message, up to twice.

    Raises TopicError, ImageError, CalibrationError, SynchronisationError, TransformError, RegistrationError,
    RobotDescriptionError, EpisodeError or BagError, as the causes are named.
    """
    known = reader.note.get('attributes', {})
    recording = scan(reader, _cameras(reader, known, settings), on_message)
    attributes = _attributes(recording, known, settings)
    arms = _arms(recording, settings)
    timeline = Timeline.of_recording(recording, arms, settings)
    robot = _robot(timeline)
    images = read_views(reader, timeline, on_message)
    _check_labels(images['segmentation'], arms, attributes['objects'])
    intrinsics = [recording.intrinsics[camera.name] for camera in recording.cameras]
    if settings.size:
        intrinsics = [camera.resized(*settings.size) for camera in intrinsics]
    poses = camera_poses(timeline, images, intrinsics)
    names = [camera.name for camera in recording.cameras]
    _segment_robot(images, timeline, robot, [
        CameraPlacement(*placement) for placement in zip(names, poses, intrinsics, strict=True)])
    episode = Episode(
        **images, **robot, camera_poses=poses, intrinsics=np.stack([camera.matrix for camera in intrinsics]),
        times=timeline.times)
    return episode, attributes | {
        'cameras': names, 'grippers': [arm.gripper for arm in arms],
        'source': {
            'joints': [list(arm.all_joints) for arm in arms],
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


def _arms(recording: Recording, settings: ImportSettings) -> Sequence[RecordedArm]:
    arms = settings.arms or [
        arm for number, arm in enumerate(known_arms())
        if number == 0 or any(joint in recording.joints for joint in arm.all_joints)]
    missing = [joint for arm in arms for joint in arm.all_joints if joint not in recording.joints]
    if missing:
        raise TopicError(
            f'{JOINT_STATES} lacks {missing}, it has {sorted(recording.joints)}; record the joint states of arm and '
            'gripper, or name the joints with --joints and --finger-joints')
    if len({len(arm.joints) for arm in arms}) > 1:
        raise EpisodeError(
            f'the arms have {" and ".join(str(len(arm.joints)) for arm in arms)} joints, but a store holds arms with '
            'equally many; import each arm into a store of its own')
    return arms


def _check_labels(segmentation: np.ndarray, arms: Sequence[RecordedArm], objects: Sequence[str]) -> None:
    known = [*range(1 + len(PARTS) * len(arms)), *range(len(SEGMENTS), len(SEGMENTS) + len(objects))]
    unknown = np.setdiff1d(segmentation, known)
    if len(unknown):
        raise ImageError(
            f'the segmentation images have the labels {unknown.tolist()}, which mean nothing; known are {known} as '
            "robot4d's segments.py names them; leave these topics out of the bag, and the robot is found by drawing it")


def _robot(timeline: Timeline) -> dict[str, np.ndarray]:
    """Return gripper_poses, opening, joints and commands of an Episode."""
    arms = timeline.arms
    return {
        'gripper_poses': np.array([
            [timeline.pose(arm.tcp, step) for arm in arms] for step in range(len(timeline))]),
        'opening': np.stack([timeline.positions(arm.finger_joints).sum(axis=1) for arm in arms], axis=1),
        'joints': np.stack([timeline.positions(arm.joints) for arm in arms], axis=1),
        'commands': np.stack([
            np.column_stack([timeline.references(arm.joints), timeline.references(arm.finger_joints).sum(axis=1)])
            for arm in arms], axis=1),
    }


def _segment_robot(
    images: dict[str, np.ndarray], timeline: Timeline, robot: dict[str, np.ndarray],
    placements: Sequence[CameraPlacement],
) -> None:
    """Fill in the segmentation of the cameras that recorded none: the robot where it was seen, else background."""
    unsegmented = [(index, placement) for index, placement in enumerate(placements)
                   if placement.name not in timeline.recording.segmentation]
    if not unsegmented:
        return
    from robot4d_core.episodes.bags.importing.robot_segmentation import RobotSegmenter

    arms, description = timeline.arms, timeline.settings.robot_description
    if description is not None:
        positions = timeline.positions([joint for arm in arms for joint in arm.all_joints])
    else:
        shipped = known_arms()[:len(arms)]
        if [len(arm.joints) for arm in arms] != [len(arm.joints) for arm in shipped]:
            raise EpisodeError("the bag is of another robot than robot4d's cell and has no segmentation: name the "
                               "robot's URDF with --robot-description")
        half = robot['opening'][..., None] / 2
        positions = np.concatenate([robot['joints'], half, half], axis=-1).reshape(len(timeline), -1)
        arms, description = shipped, RobotDescription.shipped(arms=len(arms))
    joints = [joint for arm in arms for joint in arm.all_joints]
    segmenter = RobotSegmenter(description, arms)
    for step in range(len(timeline)):
        named = dict(zip(joints, positions[step], strict=True))
        for index, placement in unsegmented:
            depth = depth_in_metres(images['depth'][index, step], '16UC1')
            images['segmentation'][index, step] = segmenter.segment(placement, named, depth)
