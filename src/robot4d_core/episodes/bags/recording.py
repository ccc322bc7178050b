# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a bag holds besides pixels: which cameras, when each message was stamped, joints, references, transforms."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import yaml

from robot4d_core.episodes.bags.images import COMPRESSED_IMAGE, IMAGE
from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.episodes.bags.transform_history import TransformHistory
from robot4d_core.episodes.bags.writer import CONTROLLER_STATE
from robot4d_core.errors import CalibrationError, ParameterError, TopicError
from robot4d_core.geometry.cameras import PinholeCamera

CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
JOINT_STATE = 'sensor_msgs/msg/JointState'
TEXT = 'std_msgs/msg/String'
TRANSFORMS = 'tf2_msgs/msg/TFMessage'
JOINT_STATES, INSTRUCTION, TF, TF_STATIC = '/joint_states', '/instruction', '/tf', '/tf_static'

MAX_DISTORTION = 1.0  # pixels
_COLOUR_TOPIC = re.compile(r'/(?P<name>.+)/color/image_raw(/compressed)?')


@dataclass(frozen=True)
class CameraTopics:
    """The topics of one camera. Colour and depth may also be recorded compressed, below the same names."""

    name: str
    colour: str
    depth: str
    info: str
    segmentation: str

    @classmethod
    def of_camera(cls, prefix: str) -> CameraTopics:
        """Return realsense-ros' names of a camera below /prefix; a prefix a/b makes a camera called a_b."""
        return cls(
            prefix.replace('/', '_'), f'/{prefix}/color/image_raw', f'/{prefix}/aligned_depth_to_color/image_raw',
            f'/{prefix}/color/camera_info', f'/{prefix}/segmentation/image_raw')


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

    colour, depth, segmentation: camera name -> stream whose values count the topic's messages; joints, references:
    joint name -> stream of measured and of commanded positions.
    """

    cameras: list[CameraTopics]
    intrinsics: dict[str, PinholeCamera]
    colour: dict[str, Stream]
    depth: dict[str, Stream]
    segmentation: dict[str, Stream]
    joints: dict[str, Stream]
    references: dict[str, Stream]
    transforms: TransformHistory
    transform_stream: Stream
    instruction: str | None


def nanoseconds(stamp) -> int:
    """Return a builtin_interfaces/Time as nanoseconds."""
    return stamp.sec * 10**9 + stamp.nanosec


def camera_topics_of_file(path: Path) -> list[CameraTopics]:
    """Read the cameras from the file that the nodes are configured with (config/cameras.yaml).

    Raises ParameterError when it does not have that form.
    """
    try:
        parameters = yaml.safe_load(Path(path).read_text())['/**']['ros__parameters']
        return [
            CameraTopics(name, topics['color_topic'], topics['depth_topic'], topics['info_topic'],
                         f'/{name}/segmentation/image_raw')
            for name in parameters['cameras'] for topics in [parameters[name]]
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ParameterError(f'{path} does not name cameras and their topics: {error!r}; write it as '
                             'config/cameras.yaml of robot4d') from error


def discover_cameras(topics: Collection[str]) -> list[CameraTopics]:
    """Return the cameras whose colour images are among the topics, in the natural order of their names.

    Raises TopicError when there are fewer than two.
    """
    prefixes = {match['name'] for topic in topics if (match := _COLOUR_TOPIC.fullmatch(topic))}
    if len(prefixes) < 2:
        raise TopicError(
            f'expected two or more cameras with /NAME/color/image_raw (or .../compressed), found {sorted(prefixes)} '
            f'among {sorted(topics)}; name the cameras and their topics with --cameras FILE')
    return [CameraTopics.of_camera(prefix) for prefix in sorted(prefixes, key=_natural)]


def _natural(name: str) -> list:
    return [(int(part), '') if part.isdigit() else (-1, part) for part in re.split(r'(\d+)', name)]


def recorded_topic(reader: BagReader, topic: str, kinds: dict[str, str]) -> str | None:
    """Return under which name a topic was recorded; kinds: suffix -> message type, in order of preference.

    Raises TopicError when there is a message of another type under the name.
    """
    for suffix, expected in kinds.items():
        came = reader.types.get(topic + suffix)
        if came is None:
            continue
        if came != expected:
            raise TopicError(f'{topic + suffix} must be {expected}, but the bag has {came}; name the right topic with '
                             '--cameras FILE, or record it again')
        return topic + suffix
    return None


COLOUR_KINDS = {'': IMAGE, '/compressed': COMPRESSED_IMAGE}
DEPTH_KINDS = {'': IMAGE, '/compressedDepth': COMPRESSED_IMAGE, '/compressed': COMPRESSED_IMAGE}
SEGMENTATION_KINDS = {'': IMAGE}


def scan(reader: BagReader, cameras: list[CameraTopics], on_message: Callable[[], None]) -> Recording:
    """Read a bag once, without keeping pixels; on_message is called for each message.

    Raises TopicError when a topic is missing or of another type, CalibrationError when camera_info is unusable or
    changes, TransformError when tf contradicts itself.
    """
    streams: dict[str, Stream] = {}
    per_camera: dict[str, dict[str, Stream]] = {'colour': {}, 'depth': {}, 'segmentation': {}}
    for camera in cameras:
        for kind, topic, kinds, advice in (
            ('colour', camera.colour, COLOUR_KINDS, 'record it'),
            ('depth', camera.depth, DEPTH_KINDS, 'start the camera with align_depth.enable:=true and record it'),
            ('segmentation', camera.segmentation, SEGMENTATION_KINDS, None),
        ):
            recorded = recorded_topic(reader, topic, kinds)
            if recorded:
                per_camera[kind][camera.name] = streams[recorded] = Stream(recorded)
            elif advice:
                raise TopicError(_missing(reader, f"{kind} images of camera '{camera.name}'", topic, kinds, advice))
    infos: dict[str, list[str]] = defaultdict(list)
    for camera in cameras:
        _required(reader, camera.info, CAMERA_INFO, f"intrinsics of camera '{camera.name}'")
        infos[camera.info].append(camera.name)
    _required(reader, JOINT_STATES, JOINT_STATE, 'joint positions')
    transform_topics = [topic for topic in (TF, TF_STATIC) if recorded_topic(reader, topic, {'': TRANSFORMS})]
    if not transform_topics:
        raise TopicError(_missing(reader, 'transforms', TF, {'': TRANSFORMS}, 'record /tf and /tf_static'))
    controllers = [topic for topic, kind in reader.types.items() if kind == CONTROLLER_STATE]
    texts = [topic for topic in (INSTRUCTION,) if reader.types.get(topic) == TEXT]

    recording = Recording(
        cameras, {}, **per_camera, joints={}, references={}, transforms=TransformHistory(),
        transform_stream=Stream(TF), instruction=None)
    counts: dict[str, int] = defaultdict(int)
    for topic, log_time, message in reader.messages(
        [*streams, *infos, JOINT_STATES, *transform_topics, *controllers, *texts]
    ):
        on_message()
        if topic in streams:
            streams[topic].add(message.header, log_time, counts[topic])
            counts[topic] += 1
        elif topic in infos:
            for name in infos[topic]:
                add_intrinsics(recording.intrinsics, name, topic, message, 'rect' in recording.colour[name].name)
        elif topic == JOINT_STATES:
            _add_positions(recording.joints, topic, message.header, log_time, message.name, message.position)
        elif topic in transform_topics:
            for transform in message.transforms:
                _add_transform(recording, transform, log_time, topic == TF_STATIC)
        elif topic in controllers:
            target = getattr(message, 'reference', None) or message.desired
            _add_positions(
                recording.references, topic, message.header, log_time, message.joint_names, target.positions)
        else:
            recording.instruction = message.data
    return recording


def _required(reader: BagReader, topic: str, kind: str, what: str) -> str:
    if not recorded_topic(reader, topic, {'': kind}):
        raise TopicError(_missing(reader, what, topic, {'': kind}, 'record it'))
    return topic


def _missing(reader: BagReader, what: str, topic: str, kinds: dict[str, str], advice: str) -> str:
    names = ' or '.join(f'{topic}{suffix} ({kind})' for suffix, kind in kinds.items())
    alike = sorted(name for name, kind in reader.types.items() if kind in kinds.values())
    return f"no {what}: expected {names}; of such type the bag has {alike or 'nothing'}; {advice}"


def add_intrinsics(
    intrinsics: dict[str, PinholeCamera], name: str, topic: str, message, rectified: bool
) -> None:
    """Add what camera_info says of the images: P of rectified ones (image_proc), else K without distortion."""
    matrix = message.p.reshape(3, 4)[:, :3] if rectified else message.k
    try:
        camera = PinholeCamera.from_matrix(matrix, message.width, message.height)
        _refuse_outside(camera)
        if not rectified:
            _refuse_distortion(camera, message)
    except CalibrationError as error:
        raise CalibrationError(f'{topic}: {error}') from None
    before = intrinsics.setdefault(name, camera)
    if camera != before:
        raise CalibrationError(
            f'{topic}: the intrinsics change within the bag, from {_described(before)} to {_described(camera)}; '
            'record one bag per setting')


def _refuse_outside(camera: PinholeCamera) -> None:
    if not (-0.5 <= camera.cx <= camera.width - 0.5 and -0.5 <= camera.cy <= camera.height - 0.5):
        raise CalibrationError(
            f'the principal point ({camera.cx:.1f}, {camera.cy:.1f}) must lie in the image of {camera.width}x'
            f'{camera.height} pixels; record the camera_info that belongs to this image size')


def _refuse_distortion(camera: PinholeCamera, message) -> None:
    if not np.any(message.d):
        return
    shift = np.inf
    if message.distortion_model in ('plumb_bob', 'rational_polynomial'):
        corners = np.array([[x, y] for x in (0, camera.width - 1) for y in (0, camera.height - 1)], float)
        straight = cv2.undistortPoints(corners[:, None], camera.matrix, np.asarray(message.d), P=camera.matrix)
        shift = float(np.linalg.norm(straight[:, 0] - corners, axis=1).max())
    if shift > MAX_DISTORTION:
        raise CalibrationError(
            f"the images are distorted ({message.distortion_model}), in the corners by {shift:.1f} pixels, at most "
            f"{MAX_DISTORTION} is taken for none; rectify colour and depth (image_proc's rectify_node), and name "
            'image_rect topics with --cameras FILE')


def _described(camera: PinholeCamera) -> str:
    numbers = ', '.join(f'{name} {getattr(camera, name):.2f}' for name in ('fx', 'fy', 'cx', 'cy'))
    return f'{camera.width}x{camera.height} with {numbers}'


def _add_positions(series: dict[str, Stream], topic: str, header, log_time: int, names, positions) -> None:
    for name, position in zip(names, positions, strict=False):
        series.setdefault(name, Stream(f'{topic} ({name})')).add(header, log_time, float(position))


def _add_transform(recording: Recording, transform, log_time: int, static: bool) -> None:
    position, rotation = transform.transform.translation, transform.transform.rotation
    recording.transforms.add(
        transform.header.frame_id.lstrip('/'), transform.child_frame_id.lstrip('/'),
        nanoseconds(transform.header.stamp), (position.x, position.y, position.z),
        (rotation.x, rotation.y, rotation.z, rotation.w), static)
    if not static:
        recording.transform_stream.add(transform.header, log_time, None)


def stamps_of(stream: Stream) -> np.ndarray:
    """Return the header stamps (N,) in ns."""
    return np.array(stream.stamps, np.int64)
