# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The topics that are read, their message types, and which of them belong to which camera."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from robot4d_core.episodes.bags.reader import BagReader
from robot4d_core.errors import ParameterError, TopicError
from robot4d_core.sensors.images import IMAGE
from robot4d_core.text_files import read_ros_parameters

CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
JOINT_STATE = 'sensor_msgs/msg/JointState'
TEXT = 'std_msgs/msg/String'
TRANSFORMS = 'tf2_msgs/msg/TFMessage'
JOINT_STATES, INSTRUCTION, TF, TF_STATIC = '/joint_states', '/instruction', '/tf', '/tf_static'

SEGMENTATION_KINDS = {'': IMAGE}

CAMERA_ADVICE = 'name the right topic with --cameras FILE, or record it again'
ROBOT_ADVICE = "name the robot's topics with --joint-states, --tf and --tf-static, or record them"
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


@dataclass(frozen=True)
class RobotTopics:
    """The topics that tell of the robot. Where there are several of a kind, each tells of a part of it."""

    joint_states: tuple[str, ...] = (JOINT_STATES,)
    tf: tuple[str, ...] = (TF,)
    tf_static: tuple[str, ...] = (TF_STATIC,)

    @property
    def kinds(self) -> dict[str, str]:
        """The message type of each."""
        return dict.fromkeys(self.joint_states, JOINT_STATE) | dict.fromkeys((*self.tf, *self.tf_static), TRANSFORMS)

    def require_named(self, reader: BagReader) -> None:
        """Raise TopicError when one with another name than the usual is not in a bag, or of another type."""
        for topic, kind in self.kinds.items():
            if topic not in (JOINT_STATES, TF, TF_STATIC):
                required_topic(reader, topic, {'': kind}, 'topic of the robot', ROBOT_ADVICE)


USUAL_TOPICS = RobotTopics()


class TopicOfJoint:
    """Which topic tells of which joint."""

    def __init__(self) -> None:
        self._topics: dict[str, str] = {}

    def __getitem__(self, joint: str) -> str:
        return self._topics[joint]

    def note(self, topic: str, joints: Iterable[str]) -> None:
        """Note what a message of a topic tells of. Raises TopicError when another topic tells of the same joint."""
        for joint in joints:
            if (other := self._topics.setdefault(joint, topic)) != topic:
                raise TopicError(f"both {other} and {topic} tell where joint '{joint}' is; name one of the two with "
                                 '--joint-states')


def camera_topics_of_file(path: Path) -> list[CameraTopics]:
    """Read the cameras from the file that the nodes are configured with (config/cameras.yaml).

    Raises ParameterError when it does not have that form, or a topic belongs to two cameras.
    """
    parameters = read_ros_parameters(path, 'cameras.yaml')
    try:
        cameras = [
            CameraTopics(name, topics['color_topic'], topics['depth_topic'], topics['info_topic'],
                         f'/{name}/segmentation/image_raw')
            for name in parameters['cameras'] for topics in [parameters[name]]
        ]
    except (KeyError, TypeError) as error:
        raise ParameterError(f'{path} does not name cameras and their topics: {error!r}; write it as '
                             'config/cameras.yaml of robot4d') from error
    own = ({getattr(camera, kind) for camera in cameras} for kind in ('name', 'colour', 'depth', 'info'))
    if len(cameras) < 2 or any(len(names) < len(cameras) for names in own):
        raise ParameterError(f'{path} must name two or more cameras, each with its own topics, got {cameras}')
    return cameras


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


def recorded_topic(
    reader: BagReader, topic: str, kinds: dict[str, str], advice: str = CAMERA_ADVICE,
) -> str | None:
    """Return under which name a topic was recorded; kinds: suffix -> message type, in order of preference.

    Raises TopicError when there is a message of another type under the name.
    """
    for suffix, expected in kinds.items():
        came = reader.types.get(topic + suffix)
        if came is None:
            continue
        if came != expected:
            raise TopicError(f'{topic + suffix} must be {expected}, but the bag has {came}; {advice}')
        return topic + suffix
    return None


def required_topic(
    reader: BagReader, topic: str, kinds: dict[str, str], what: str, advice: str = 'record it'
) -> str:
    """Return under which name a topic was recorded. Raises TopicError when it was not, or with another type."""
    recorded = recorded_topic(reader, topic, kinds)
    if recorded is None:
        names = ' or '.join(f'{topic}{suffix} ({kind})' for suffix, kind in kinds.items())
        alike = sorted(name for name, kind in reader.types.items() if kind in kinds.values())
        raise TopicError(f"no {what}: expected {names}; of such type the bag has {alike or 'nothing'}; {advice}")
    return recorded
