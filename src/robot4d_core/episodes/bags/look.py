# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One synchronised look of two cameras out of a rosbag2, with what the bag knows of the seconds after it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.recording import Stream, add_lens, add_transform, nanoseconds, stamps_of
from robot4d_core.episodes.bags.robot_of_bag import cell_robot_with, noted_robot
from robot4d_core.episodes.bags.synchronisation import TOLERANCE, check_order, nearest_values
from robot4d_core.episodes.bags.topics import (
    CAMERA_INFO,
    INSTRUCTION,
    TEXT,
    USUAL_TOPICS,
    CameraTopics,
    RobotTopics,
    TopicOfJoint,
    discover_cameras,
    required_topic,
)
from robot4d_core.episodes.bags.transform_history import TransformHistory
from robot4d_core.episodes.recorded_look import RecordedLook, RecordedView, choose_cameras
from robot4d_core.errors import (
    EpisodeError,
    ImageError,
    ObservationError,
    ParameterError,
    SynchronisationError,
    TransformError,
)
from robot4d_core.geometry.lens import LensCamera
from robot4d_core.observation import RobotState
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES
from robot4d_core.robot.joint_record import JointRecord
from robot4d_core.robot.robot import Robot
from robot4d_core.sensors.camera_info import read_camera_info
from robot4d_core.sensors.images import COLOUR_KINDS, DEPTH_KINDS, colour_image, depth_image
from robot4d_core.sensors.sources import check_frames, refuse_same_images

TOPICS_ADVICE = "record it, or name the cameras' topics with --topics FILE"


def read_bag_look(
    bag: Path, time: float | None = None, cameras: tuple[str, str] = ('0', '1'),
    topics: Sequence[CameraTopics] | None = None, moments: int = FRAMES, robot: Robot | None = None,
    robot_topics: RobotTopics = USUAL_TOPICS, package_paths: Sequence[Path] = (),
) -> RecordedLook:
    """Read the newest moment at which both cameras have colour and depth, or the newest up to `time`.

    time: seconds after the first image of camera n. cameras: n and m, names or numbers among topics, None for those
    found in the bag. robot: None for that which robot4d has left in the bag, else that of its cell with those of its
    arms that the bag has; package_paths: see robot_of. Raises BagError, TopicError, ImageError, CalibrationError,
    ParameterError, ObservationError when both cameras are one, and SynchronisationError when stamps jump back or the
    images are never stamped within TOLERANCE of each other.
    """
    with BagReader(bag) as reader:
        found = list(topics or discover_cameras(reader.types))
        pair = [found[k] for k in choose_cameras([camera.name for camera in found], cameras)]
        scan = _Scan(reader, pair, robot, robot_topics, package_paths)
        chosen = _choose_moments(scan.colour[0], [*scan.colour[1:], *scan.depth], time, moments)
        images = _read_images(reader, scan, chosen)
    views = tuple(
        RecordedView(camera.name, lens.camera, np.stack(rgb), np.stack(depth))
        for camera, lens, rgb, depth in zip(pair, scan.lenses, images[:2], images[2:], strict=True)
    )
    refuse_same_images({view.name: view.rgb[0] for view in views})
    frame_n, frame_m = (stream.frame_id for stream in scan.colour)
    return RecordedLook(
        source=f'{bag} at {(chosen[0] - min(scan.colour[0].stamps)) * 1e-9:.3f} s, cameras {pair[0].name} and '
               f'{pair[1].name}',
        stamp=chosen[0] * 1e-9, frame_id=frame_n, views=views, instruction=scan.instruction,
        **scan.robot(frame_n, int(chosen[0])), T_n_m=scan.pose(frame_n, frame_m, chosen[0]),
        **scan.gripper(frame_n, chosen),
    )


class _Scan:
    """The first reading of a bag: everything but pixels. colour, depth: streams of n and m, values count messages."""

    def __init__(
        self, reader: BagReader, cameras: Sequence[CameraTopics], robot: Robot | None, robot_topics: RobotTopics,
        package_paths: Sequence[Path],
    ) -> None:
        robot_topics.require_named(reader)
        self._robot_unknown = ''
        try:
            robot = robot or noted_robot(reader, package_paths)
        except EpisodeError as error:
            self._robot_unknown = str(error)
        self.colour = [_stream(reader, camera.colour, COLOUR_KINDS, f"colour of camera '{camera.name}'")
                       for camera in cameras]
        self.depth = [_stream(reader, camera.depth, DEPTH_KINDS, f"aligned depth of camera '{camera.name}'")
                      for camera in cameras]
        self.instruction = ''
        self._transforms = TransformHistory()
        self._joints, self._topic_of_joint, self._robot_topics = JointRecord(), TopicOfJoint(), robot_topics
        infos: dict[str, LensCamera] = {}
        names = [camera.info for camera in cameras]
        streams = {stream.name: stream for stream in (*self.colour, *self.depth)}
        for camera in cameras:
            required_topic(
                reader, camera.info, {'': CAMERA_INFO}, f"intrinsics of camera '{camera.name}'", TOPICS_ADVICE)
        optional = robot_topics.kinds | {INSTRUCTION: TEXT}
        wanted = [topic for topic, kind in optional.items() if reader.types.get(topic) == kind]
        for topic, log_time, message in reader.messages([*streams, *names, *wanted], optional=wanted):
            if topic in streams:
                streams[topic].add(message.header, log_time, len(streams[topic].stamps))
            elif topic in optional:
                self._add_optional(topic, log_time, message)
            else:
                index = names.index(topic)
                add_lens(infos, topic, read_camera_info(
                    message, topic, self.colour[index].name, self.depth[index].name), topic)
        self.lenses = [infos[name] for name in names]
        check_order([*self.colour, *self.depth])
        check_frames({camera.name: (colour.frame_id, depth.frame_id)
                      for camera, colour, depth in zip(cameras, self.colour, self.depth, strict=True)})
        self._robot = robot or cell_robot_with(self._joints.names)

    def _add_optional(self, topic: str, log_time: int, message) -> None:
        if topic == INSTRUCTION:
            self.instruction = message.data
        elif topic in self._robot_topics.joint_states:
            self._topic_of_joint.note(topic, message.name)
            with suppress(ObservationError):
                self._joints.add(nanoseconds(message.header.stamp) * 1e-9, message.name, message.position)
        else:
            for transform in message.transforms:
                add_transform(self._transforms, transform, topic in self._robot_topics.tf_static)

    def pose(self, target: str, source: str, stamp: int) -> np.ndarray | None:
        """Return T_target_source (4, 4) at a stamp, None when the bag's tf does not know it."""
        try:
            return self._transforms.lookup(target, source, stamp, round(TOLERANCE * 1e9))
        except TransformError:
            return None

    def robot(self, frame: str, moment: int) -> dict:
        """Return what a RecordedLook, whose camera n has a frame, says of the robot at a stamp in ns."""
        if self._robot_unknown:
            return {'robot_unknown': self._robot_unknown}
        needed = [joint for arm in self._robot.arms for joint in arm.all_joints]
        try:
            joints = self._joints.at(needed, moment * 1e-9, TOLERANCE)
            pose = self._transforms.lookup(self._robot.base_frame, frame, moment, round(TOLERANCE * 1e9))
        except (ObservationError, TransformError) as error:
            return {'described_robot': self._robot, 'robot_unknown': str(error)}
        return {'robot': RobotState(joints, pose), 'described_robot': self._robot}

    def gripper(self, frame: str, moments: np.ndarray) -> dict[str, np.ndarray]:
        """Return gripper_poses and openings of a RecordedLook up to the first unknown one, {} when none is known."""
        if self._robot_unknown:
            return {}
        grippers, poses, openings = [gripper.names for gripper in self._robot.grippers], [], []
        fingers = [finger for gripper in grippers for finger in gripper.finger_joints]
        for moment in moments:
            found = [self.pose(frame, gripper.tcp, int(moment)) for gripper in grippers]
            try:
                joints = self._joints.at(fingers, moment * 1e-9, TOLERANCE)
            except ObservationError:
                break
            if any(pose is None for pose in found):
                break
            poses.append(found)
            openings.append(self._robot.openings(joints))
        return {'gripper_poses': np.array(poses), 'openings': np.array(openings)} if poses else {}


def _stream(reader: BagReader, topic: str, kinds: dict[str, str], what: str) -> Stream:
    return Stream(required_topic(reader, topic, kinds, what, TOPICS_ADVICE))


def _choose_moments(
    reference: Stream, others: Sequence[Stream], time: float | None, count: int
) -> np.ndarray:
    """Return stamps (1 + K,) in ns of the reference's messages that every other stream has one near of."""
    stamps = np.unique(stamps_of(reference))
    limit = round(TOLERANCE * 1e9)
    offsets = {other.name: np.abs(nearest_values(other, stamps)[1]) for other in others}
    together = stamps[np.all([offset <= limit for offset in offsets.values()], axis=0)]
    if not len(together):
        worst = max(offsets, key=lambda name: offsets[name].min())
        raise SynchronisationError(
            f'no look of both cameras: {worst} has no message within {TOLERANCE} s of any of {reference.name}, the '
            f'nearest is {offsets[worst].min() * 1e-9:.3f} s away; synchronise the clocks (chrony, PTP), or trigger '
            'the cameras together')
    seconds = (together - stamps[0]) * 1e-9
    if time is not None and not (seconds <= time + TOLERANCE).any():
        raise ParameterError(
            f'no look of both cameras up to {time} s after the first image; the first is at {seconds[0]:.3f} s')
    last = together[-1] if time is None else together[seconds <= time + TOLERANCE][-1]
    chosen = [last]
    for k in range(1, count + 1):
        wanted = last + round(k * FRAME_INTERVAL * 1e9)
        nearest = together[np.abs(together - wanted).argmin()]
        if abs(nearest - wanted) > limit:
            break
        chosen.append(nearest)
    return np.array(chosen)


def _read_images(reader: BagReader, scan: _Scan, moments: np.ndarray) -> list[list[np.ndarray]]:
    """Return the pixels at the moments: colour of n and m, depth in metres of n and m."""
    streams = [*scan.colour, *scan.depth]
    images: list[list] = [[None] * len(moments) for _ in streams]
    numbers = {
        stream.name: (index, {number: k for k, number in enumerate(nearest_values(stream, moments)[0])})
        for index, stream in enumerate(streams)
    }
    seen = dict.fromkeys(numbers, -1)
    for topic, _, message in reader.messages(numbers):
        seen[topic] += 1
        index, steps = numbers[topic]
        if seen[topic] not in steps:
            continue
        lens, is_colour = scan.lenses[index % 2], index < 2
        camera, pixels = lens.camera, (colour_image if is_colour else depth_image)(message, topic)
        if pixels.shape[:2] != (camera.height, camera.width):
            raise ImageError(
                f'{topic}: the image is {pixels.shape[1]}x{pixels.shape[0]} but camera_info says '
                f'{camera.width}x{camera.height}; use depth aligned to colour, and the camera_info of that stream')
        rectified = lens.rectified_colour(pixels) if is_colour else lens.rectified_depth(pixels)
        images[index][steps[seen[topic]]] = rectified
    return images
