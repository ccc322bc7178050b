# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What one camera sends to a node: colour, depth and camera_info, followed while they change."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from message_filters import SimpleFilter, Subscriber
from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.event_handler import SubscriptionEventCallbacks
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from robot4d_core.errors import CalibrationError, ImageError, ObservationError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.lens import LensCamera
from robot4d_core.sensors.camera_info import read_camera_info
from robot4d_core.sensors.images import check_colour, check_depth, colour_image, depth_image, image_size
from robot4d_core.sensors.stamps import StampOrder
from robot4d_nodes import qos
from robot4d_nodes.conversions import time_from_message
from robot4d_nodes.diagnostics import InputMonitor
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.parameters import parameter
from robot4d_nodes.publishers import type_name, why_unheard

_DELAYS, _ENOUGH_DELAYS = 100, 10  # images: the more, the surer one of them was heard in time
_COMPRESSED = ('/compressed', '/compressedDepth')


@dataclass(frozen=True)
class CameraTopics:
    """The parameters of one camera; the defaults of `of_camera` are realsense-ros' names."""

    color_topic: str = parameter(
        '', 'Colour images (rgb8, bgr8, rgba8 or bgra8); compressed ones below .../compressed', at_configure=True)
    depth_topic: str = parameter(
        '', 'Depth images aligned to colour (16UC1 or 32FC1); compressed ones below .../compressedDepth',
        at_configure=True)
    info_topic: str = parameter('', 'camera_info of the colour images', at_configure=True)
    color_qos: str = parameter('SENSOR_DATA', 'QoS of the colour images', choices=qos.NAMES, at_configure=True)
    depth_qos: str = parameter('SENSOR_DATA', 'QoS of the depth images', choices=qos.NAMES, at_configure=True)
    info_qos: str = parameter('SENSOR_DATA', 'QoS of camera_info', choices=qos.NAMES, at_configure=True)

    @classmethod
    def of_camera(cls, name: str) -> CameraTopics:
        """Return the topics of a realsense-ros camera called name, with aligned depth."""
        return cls(
            f'/{name}/color/image_raw', f'/{name}/aligned_depth_to_color/image_raw', f'/{name}/color/camera_info')


@dataclass(frozen=True)
class Event:
    """Something that makes images useless; it happens when it is made. Without words nothing has happened."""

    words: str = ''
    time: float = field(default_factory=time.monotonic)  # seconds of the steady clock


@dataclass(frozen=True)
class _Source:
    """One topic of a camera; profile: name of its QoS, which the parameter `option` sets."""

    node: Robot4dNode
    topic: str
    message_type: type
    profile: str
    option: str
    monitor: InputMonitor

    def unheard(self) -> str:
        """Return the topic and why nothing is heard there."""
        reason = why_unheard(self.node, self.topic, self.message_type, qos.named(self.profile),
                             f'set {self.option} to one of {", ".join(qos.NAMES)}')
        return f'{self.topic}: {reason}'


class ImageStream(SimpleFilter):
    """A stream of images that passes on only what fits, and remembers why the rest did not."""

    def __init__(self, camera: Camera, kind: str, source: _Source, check: Callable, memory: int) -> None:
        """Pass on nothing yet; memory: stamps that are remembered."""
        super().__init__()
        self.camera, self.kind, self.source = camera, kind, source
        self.stamps: deque[float] = deque(maxlen=memory)
        self._delays: deque[float] = deque(maxlen=_DELAYS)
        self.event = Event()
        self._check, self._order = check, StampOrder()

    def add(self, image: Image | CompressedImage) -> None:
        """Take the next image; when its stamp has jumped back, those of before are forgotten."""
        stamp = time_from_message(image.header.stamp)
        try:
            self._check(image, self.source.topic)
            self._check_size(image_size(image))
            if stamp <= 0:
                raise ImageError(f'{self.source.topic}: the images are stamped {stamp:.0f}; let the driver stamp '
                                 'them, and where it has use_sim_time, let /clock be published')
        except ImageError as error:
            self.source.monitor.dropped(str(error))
            return
        self.source.monitor.received()
        if back := self._order.jump(stamp):
            self.event = Event(f'the stamps of {self.camera.name} {self.kind} jumped back by {back:.2f} s')
            self.camera.changed_at = float('-inf')
            self.camera.forget([self])
        self._delays.append(self.source.node.seconds_now() - stamp)
        if stamp < self.camera.changed_at:
            return  # taken before the camera changed
        self.stamps.append(stamp)
        self.signalMessage(image)

    def forget(self) -> None:
        """Start afresh: the stamps of before are of another time."""
        self.stamps.clear()
        self._delays.clear()

    @property
    def delay(self) -> float:
        """Seconds of the ROS clock between stamp and arrival; NaN before it is known.

        The shortest, which tells of the clocks also when the machine is too busy to hear in time.
        """
        delays = tuple(self._delays)
        return min(delays) if len(delays) >= _ENOUGH_DELAYS else math.nan

    def problem(self) -> str:
        """Return why there are no images now, '' when there are."""
        monitor, what = self.source.monitor, f'{self.camera.name}: no {self.kind} image'
        if monitor.recent_drop:
            return monitor.recent_drop
        if monitor.age == float('inf'):
            return f'{what} on {self.source.unheard()}'
        return f'{what} for {monitor.age:.1f} s on {self.source.unheard()}' if monitor.stale else ''

    def _check_size(self, size: tuple[int, int] | None) -> None:
        lens = self.camera.lens
        if lens and size and size != (lens.camera.width, lens.camera.height):
            raise ImageError(
                f'{self.source.topic}: image is {size[0]}x{size[1]} but camera_info says '
                f'{lens.camera.width}x{lens.camera.height}; use depth aligned to colour, and its camera_info')


class Camera:
    """The three inputs of one camera.

    lens: what camera_info says now, None before it is known; changed_at: stamp of the first image through this lens;
    event: when it last changed; forget: called with the streams whose images of before are of no use any more.
    """

    def __init__(self, node: Robot4dNode, name: str, topics: CameraTopics, max_silence: float, memory: int) -> None:
        """Subscribe until the node's cleanup; adds a line per input to /diagnostics."""
        self.name = name
        self.lens: LensCamera | None = None
        self.changed_at, self.event = float('-inf'), Event()
        self.forget: Callable[[list[ImageStream]], None] = lambda streams: None
        self._node, self._max_silence, self._group = node, max_silence, MutuallyExclusiveCallbackGroup()
        self._before: LensCamera | None = None
        self._info = self._source('camera_info', topics.info_topic, CameraInfo, topics.info_qos, 'info_qos')
        self.colour, self.depth = (
            ImageStream(self, kind, self._source(
                kind, topic, CompressedImage if topic.endswith(_COMPRESSED) else Image, profile, option), check, memory)
            for kind, topic, profile, option, check in (
                ('colour', topics.color_topic, topics.color_qos, 'color_qos', check_colour),
                ('depth', topics.depth_topic, topics.depth_qos, 'depth_qos', check_depth)))
        for source, callback in ((self._info, self._on_info), (self.colour.source, self.colour.add),
                                 (self.depth.source, self.depth.add)):
            self._subscribe(source, callback)

    @property
    def topics(self) -> tuple[str, str, str]:
        """The topics of colour, depth and camera_info."""
        return self.colour.source.topic, self.depth.source.topic, self._info.topic

    def problems(self) -> list[str]:
        """Return, in words, what is wrong with the inputs now."""
        info = ''
        if self.lens is None:
            info = self._info.monitor.recent_drop or f'{self.name}: no camera_info on {self._info.unheard()}'
        return [problem for problem in (info, self.colour.problem(), self.depth.problem()) if problem]

    def view(self, colour: Image | CompressedImage, depth: Image | CompressedImage, lens: LensCamera) -> CameraView:
        """Return the rectified view; raises ImageError."""
        rgb, metres = colour_image(colour, self.colour.source.topic), depth_image(depth, self.depth.source.topic)
        seen = CameraView(self.name, lens.camera, rgb, metres)
        return replace(seen, rgb=lens.rectified_colour(rgb), depth=lens.rectified_depth(metres))

    def _source(self, kind: str, topic: str, message_type: type, profile: str, option: str) -> _Source:
        part = f'{self.name} {kind}'
        self._node.configured.callback(self._node.diagnostics.remove, part)
        monitor = self._node.diagnostics.watch_input(part, self._max_silence)
        return _Source(
            self._node, self._node.resolve_topic_name(topic), message_type, profile, f'{self.name}.{option}', monitor)

    def _subscribe(self, source: _Source, callback: Callable) -> None:
        silent = SubscriptionEventCallbacks(use_default_callbacks=False)  # problems() names what is unheard
        try:
            subscriber = Subscriber(
                self._node, source.message_type, source.topic, qos_profile=qos.named(source.profile),
                callback_group=self._group, event_callbacks=silent)
        except RCLError:
            raise ObservationError(
                f'{source.topic} cannot be heard as {type_name(source.message_type)}: this node takes it as another '
                'type; see the topics of the cameras') from None
        subscriber.registerCallback(callback)
        self._node.configured.callback(self._node.destroy_subscription, subscriber.sub)

    def _on_info(self, info: CameraInfo) -> None:
        try:
            lens = read_camera_info(info, self._info.topic, self.colour.source.topic, self.depth.source.topic)
        except CalibrationError as error:
            self.lens = None
            self._info.monitor.dropped(str(error))
            return
        if self._before not in (None, lens):
            self.changed_at = time_from_message(info.header.stamp)
            self.event = Event(f'camera_info of {self.name} changed from {self._before.camera.described()} to '
                               f'{lens.camera.described()}')
            self.forget([self.colour, self.depth])  # before the lens changes: no image is seen through the new one
        self.lens = self._before = lens
        self._info.monitor.received()
