# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a bag holds besides pixels: when each message was stamped, intrinsics, joints, references, transforms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.topics import (
    CAMERA_INFO,
    INSTRUCTION,
    JOINT_STATE,
    ROBOT_ADVICE,
    SEGMENTATION_KINDS,
    TEXT,
    TRANSFORMS,
    CameraTopics,
    RobotTopics,
    TopicOfJoint,
    recorded_topic,
    required_topic,
)
from robot4d_core.episodes.bags.transform_history import TransformHistory
from robot4d_core.episodes.bags.writer import CONTROLLER_STATE
from robot4d_core.errors import CalibrationError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.lens import LensCamera
from robot4d_core.sensors.camera_info import read_camera_info
from robot4d_core.sensors.images import COLOUR_KINDS, DEPTH_KINDS


@dataclass
class Stream:
    """One series of stamped messages: header stamps in ns, log time minus stamp in ns, and a value for each."""

    name: str
    stamps: list[int] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    values: list = field(default_factory=list)
    frame_id: str = ''

    def add(self, header, log_time: int, value) -> None:
        """Append one message."""
        stamp = nanoseconds(header.stamp)
        self.stamps.append(stamp)
        self.delays.append(log_time - stamp)
        self.values.append(value)
        self.frame_id = header.frame_id


@dataclass
class Recording:
    """The contents of one bag without pixels.

    lenses: camera name -> what took its images; colour, depth, segmentation: camera name -> stream whose values count
    the topic's messages; joints, references: joint name -> stream of measured and of commanded positions;
    topic_of_joint: of the measured ones.
    """

    cameras: list[CameraTopics]
    lenses: dict[str, LensCamera]
    colour: dict[str, Stream]
    depth: dict[str, Stream]
    segmentation: dict[str, Stream]
    joints: dict[str, Stream]
    references: dict[str, Stream]
    topic_of_joint: TopicOfJoint
    transforms: TransformHistory
    transform_stream: Stream
    instruction: str | None

    @property
    def intrinsics(self) -> dict[str, PinholeCamera]:
        """Of the rectified images, by camera name."""
        return {name: lens.camera for name, lens in self.lenses.items()}


def nanoseconds(stamp) -> int:
    """Return a builtin_interfaces/Time as nanoseconds."""
    return stamp.sec * 10**9 + stamp.nanosec


def scan(
    reader: BagReader, cameras: list[CameraTopics], robot: RobotTopics, on_message: Callable[[], None]
) -> Recording:
    """Read a bag once, without keeping pixels; on_message is called for each message.

    Raises TopicError when a topic is missing or of another type, or two tell of one joint, CalibrationError when
    camera_info is unusable or changes, TransformError when tf contradicts itself.
    """
    per_camera: dict[str, dict[str, Stream]] = {'colour': {}, 'depth': {}, 'segmentation': {}}
    infos: dict[str, list[str]] = defaultdict(list)
    for camera in cameras:
        owner = f"camera '{camera.name}'"
        recorded = {
            'colour': required_topic(reader, camera.colour, COLOUR_KINDS, f'colour images of {owner}'),
            'depth': required_topic(reader, camera.depth, DEPTH_KINDS, f'depth images of {owner}',
                                    'start the camera with align_depth.enable:=true and record it'),
            'segmentation': recorded_topic(reader, camera.segmentation, SEGMENTATION_KINDS),
        }
        for kind, topic in recorded.items():
            if topic:
                per_camera[kind][camera.name] = Stream(topic)
        infos[required_topic(reader, camera.info, {'': CAMERA_INFO}, f'intrinsics of {owner}')].append(camera.name)
    streams = {stream.name: stream for of_camera in per_camera.values() for stream in of_camera.values()}
    robot.require_named(reader)
    for topic in robot.joint_states:
        required_topic(reader, topic, {'': JOINT_STATE}, 'joint positions', ROBOT_ADVICE)
    transform_topics = [topic for topic in (*robot.tf, *robot.tf_static)
                        if recorded_topic(reader, topic, {'': TRANSFORMS}, ROBOT_ADVICE)]
    if not transform_topics:
        required_topic(reader, robot.tf[0], {'': TRANSFORMS}, 'transforms', ROBOT_ADVICE)
    controllers = [topic for topic, kind in reader.types.items() if kind == CONTROLLER_STATE]
    texts = [topic for topic in (INSTRUCTION,) if reader.types.get(topic) == TEXT]

    recording = Recording(
        cameras, {}, **per_camera, joints={}, references={}, topic_of_joint=TopicOfJoint(),
        transforms=TransformHistory(), transform_stream=Stream(' and '.join(robot.tf)), instruction=None)
    for topic, log_time, message in reader.messages(
        [*streams, *infos, *robot.joint_states, *transform_topics, *controllers, *texts],
        optional=[*controllers, *texts],
    ):
        on_message()
        if topic in streams:
            streams[topic].add(message.header, log_time, len(streams[topic].stamps))
        elif topic in infos:
            for name in infos[topic]:
                add_lens(recording.lenses, name, read_camera_info(
                    message, topic, recording.colour[name].name, recording.depth[name].name), topic)
        elif topic in robot.joint_states:
            recording.topic_of_joint.note(topic, message.name)
            _add_positions(recording.joints, topic, message.header, log_time, message.name, message.position)
        elif topic in transform_topics:
            for transform in message.transforms:
                add_transform(recording.transforms, transform, topic in robot.tf_static)
                if topic in robot.tf:
                    recording.transform_stream.add(transform.header, log_time, None)
        elif topic in controllers:
            target = getattr(message, 'reference', None) or message.desired
            _add_positions(
                recording.references, topic, message.header, log_time, message.joint_names, target.positions)
        else:
            recording.instruction = message.data
    return recording


def add_lens(lenses: dict[str, LensCamera], name: str, camera: LensCamera, topic: str) -> None:
    """Add what camera_info on a topic says; raises CalibrationError when it said something else before."""
    before = lenses.setdefault(name, camera)
    if camera != before:
        raise CalibrationError(
            f'{topic}: the intrinsics change within the bag, from {before.camera.described()} to '
            f'{camera.camera.described()}; record one bag per setting')


def _add_positions(series: dict[str, Stream], topic: str, header, log_time: int, names, positions) -> None:
    for name, position in zip(names, positions, strict=False):
        series.setdefault(name, Stream(f'{topic} ({name})')).add(header, log_time, float(position))


def add_transform(history: TransformHistory, transform, static: bool) -> None:
    """Add a geometry_msgs/TransformStamped to a history."""
    position, rotation = transform.transform.translation, transform.transform.rotation
    history.add(
        transform.header.frame_id.lstrip('/'), transform.child_frame_id.lstrip('/'),
        nanoseconds(transform.header.stamp), (position.x, position.y, position.z),
        (rotation.x, rotation.y, rotation.z, rotation.w), static)


def stamps_of(stream: Stream) -> np.ndarray:
    """Return the header stamps (N,) in ns."""
    return np.array(stream.stamps, np.int64)
