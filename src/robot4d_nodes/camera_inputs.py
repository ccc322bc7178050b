# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Synchronised RGB-D input from several cameras, and a plain answer to why there is none."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from message_filters import ApproximateTimeSynchronizer, SimpleFilter, Subscriber
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from sensor_msgs.msg import CameraInfo, Image

from robot4d_core.errors import CalibrationError, ImageError, ObservationError, Robot4dError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_nodes import qos
from robot4d_nodes.conversions import (
    camera_from_message,
    check_colour,
    check_depth,
    colour_from_message,
    depth_from_message,
    time_from_message,
)
from robot4d_nodes.diagnostics import OK, WARN, Health, InputMonitor
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.parameters import parameter

_WAIT = 0.05  # seconds


@dataclass(frozen=True)
class CameraTopics:
    """The parameters of one camera; the defaults of `of_camera` are realsense-ros' names."""

    color_topic: str = parameter('', 'Colour images (rgb8, bgr8, rgba8 or bgra8)', at_configure=True)
    depth_topic: str = parameter('', 'Depth images aligned to colour (16UC1 or 32FC1)', at_configure=True)
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
class Look:
    """One synchronised look: stamp (seconds) and frame_id of the first camera's colour image, and all views."""

    stamp: float
    frame_id: str
    views: tuple[CameraView, ...]


class _ImageStream(SimpleFilter):
    """A stream of images that passes on only what fits, and remembers why the rest did not."""

    def __init__(
        self, camera: str, kind: str, topic: str, check: Callable[[Image, str], None],
        intrinsics: Callable[[], PinholeCamera | None], monitor: InputMonitor, memory: int,
    ) -> None:
        super().__init__()
        self.camera, self.kind, self.topic, self.monitor = camera, kind, topic, monitor
        self.stamps: deque[float] = deque(maxlen=memory)
        self._check, self._intrinsics = check, intrinsics

    def add(self, image: Image) -> None:
        try:
            if image.header.stamp.sec < 0:
                raise ImageError(f'{self.topic}: stamped before 1970, at {time_from_message(image.header.stamp):.0f} s')
            self._check(image, self.topic)
            camera = self._intrinsics()
            if camera and (image.width, image.height) != (camera.width, camera.height):
                raise ImageError(
                    f'{self.topic}: image is {image.width}x{image.height} but camera_info says '
                    f'{camera.width}x{camera.height}; use depth aligned to colour, and its camera_info'
                )
        except ImageError as error:
            self.monitor.dropped(str(error))
            return
        self.monitor.received()
        self.stamps.append(time_from_message(image.header.stamp))
        self.signalMessage(image)

    def problem(self) -> str | None:
        if self.monitor.recent_drop:
            return self.monitor.recent_drop
        if self.monitor.age == float('inf'):
            return f'{self.camera}: no {self.kind} image on {self.topic}'
        if self.monitor.stale:
            return f'{self.camera}: no {self.kind} image on {self.topic} for {self.monitor.age:.1f} s'
        return None


class _Camera:
    """The three inputs of one camera."""

    def __init__(self, node: Robot4dNode, name: str, topics: CameraTopics, max_silence: float, memory: int) -> None:
        self.name = name
        self.camera: PinholeCamera | None = None
        self._node = node
        self._group = MutuallyExclusiveCallbackGroup()
        self._info_topic = node.resolve_topic_name(topics.info_topic)
        self._info_monitor = self._watch('camera_info', max_silence)
        self.colour, self.depth = (
            _ImageStream(name, kind, node.resolve_topic_name(topic), check, lambda: self.camera,
                         self._watch(kind, max_silence), memory)
            for kind, topic, check in (
                ('colour', topics.color_topic, check_colour), ('depth', topics.depth_topic, check_depth)))
        self._subscribe(CameraInfo, self._info_topic, topics.info_qos, self._info_monitor, self._on_info)
        for stream, profile in ((self.colour, topics.color_qos), (self.depth, topics.depth_qos)):
            self._subscribe(Image, stream.topic, profile, stream.monitor, stream.add)

    def _watch(self, kind: str, max_silence: float) -> InputMonitor:
        part = f'{self.name} {kind}'
        self._node.configured.callback(self._node.diagnostics.remove, part)
        return self._node.diagnostics.watch_input(part, max_silence)

    def _subscribe(self, message_type, topic: str, profile: str, monitor: InputMonitor, callback) -> None:
        def incompatible(reason: str) -> None:
            monitor.dropped(reason)
            self._node.get_logger().warning(reason)

        subscriber = Subscriber(
            self._node, message_type, topic, qos_profile=qos.named(profile), callback_group=self._group,
            event_callbacks=qos.report_incompatible(topic, incompatible),
        )
        subscriber.registerCallback(callback)
        self._node.configured.callback(self._node.destroy_subscription, subscriber.sub)

    def _on_info(self, info: CameraInfo) -> None:
        try:
            self.camera = camera_from_message(info, self._info_topic)
        except CalibrationError as error:
            self.camera = None
            self._info_monitor.dropped(str(error))
        else:
            self._info_monitor.received()

    def problems(self) -> list[str]:
        info = None
        if self.camera is None:
            info = self._info_monitor.recent_drop or f'{self.name}: no camera_info on {self._info_topic}'
        return [problem for problem in (info, self.colour.problem(), self.depth.problem()) if problem]

    def view(self, colour: Image, depth: Image) -> CameraView:
        if colour.header.frame_id != depth.header.frame_id:
            raise ImageError(
                f"{self.name}: depth is in frame '{depth.header.frame_id}' but colour in '{colour.header.frame_id}'; "
                'use the depth image that is aligned to colour')
        return CameraView(
            self.name, self.camera, colour_from_message(colour, self.colour.topic),
            depth_from_message(depth, self.depth.topic))


class CameraInputs:
    """Subscribes to the cameras of a node and keeps the newest synchronised look. The first camera is the reference.

    max_skew: largest time between the images of one look, seconds; queue_size: images kept per stream for matching;
    max_silence: wall-clock seconds without a message after which a stream counts as dead.
    """

    def __init__(
        self, node: Robot4dNode, topics: dict[str, CameraTopics], *, max_skew: float, queue_size: int,
        max_silence: float,
    ) -> None:
        """Subscribe; everything is undone with node.configured. Adds one line per stream to /diagnostics."""
        self._node, self._max_skew, self._max_silence = node, max_skew, max_silence
        self._cameras = [
            _Camera(node, name, of_camera, max_silence, queue_size) for name, of_camera in topics.items()]
        self._streams = [stream for camera in self._cameras for stream in (camera.colour, camera.depth)]
        self._newest: tuple[float, tuple[Image, ...]] | None = None
        self._skew = float('nan')
        self._matched = 0
        self._arrived = threading.Condition()
        self._synchroniser = ApproximateTimeSynchronizer(self._streams, queue_size, max_skew)
        self._synchroniser.registerCallback(self._on_images)
        part = f'cameras {", ".join(topics)}'
        node.diagnostics.add(part, self._health)
        node.configured.callback(node.diagnostics.remove, part)
        jump = node.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True),
            post_callback=lambda _: self._forget())
        node.configured.callback(jump.unregister)

    def look(self, not_before: float) -> Look:
        """Return the newest look whose stamp is not_before (seconds of the ROS clock) or later.

        Raises ObservationError that says which input is missing, late, skewed or never came; ImageError when the
        images of the newest look do not fit.
        """
        with self._arrived:
            newest = self._newest
        problems = self.problems()
        if newest is None or problems:
            raise ObservationError('; '.join(problems) or self._apart() or 'the first images have just come')
        received, images = newest
        stamp, frame_id = time_from_message(images[0].header.stamp), images[0].header.frame_id
        silence = time.monotonic() - received
        if silence > self._max_silence:
            raise ObservationError(self._apart() or f'no synchronised images for {silence:.1f} s')
        if stamp < not_before:
            raise ObservationError(
                f'the newest synchronised images are {self._node.seconds_now() - stamp:.1f} s old; '
                'no newer ones came in time')
        self._refuse_future(stamp)
        views = [camera.view(*images[2 * i:2 * i + 2]) for i, camera in enumerate(self._cameras)]
        return Look(stamp, frame_id, tuple(views))

    def wait_for_look(self, not_before: float, timeout: float, give_up: Callable[[], bool]) -> Look:
        """Return look(not_before) as soon as there is one, within timeout seconds of wall time.

        Raises what look raises once the time is over or give_up() says so.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                return self.look(not_before)
            except Robot4dError:
                if time.monotonic() > deadline or give_up():
                    raise
            with self._arrived:
                self._arrived.wait(_WAIT)

    def problems(self) -> list[str]:
        """Return, in words, what is wrong with single inputs now."""
        return [problem for camera in self._cameras for problem in camera.problems()]

    def _refuse_future(self, stamp: float) -> None:
        ahead = stamp - self._node.seconds_now()
        if ahead > self._max_silence:
            raise ObservationError(
                f"the images are stamped {ahead:.1f} s ahead of this node's clock; synchronise the clocks, "
                'or set use_sim_time on every node and see that /clock is published')

    def _apart(self) -> str:
        """Say which streams are too far apart, comparing the stamps that each has in memory."""
        for a, b in combinations(self._streams, 2):
            gaps = [abs(s - t) for s in tuple(a.stamps) for t in tuple(b.stamps)]
            if gaps and min(gaps) >= self._max_skew:
                names = [a.camera, b.camera] if a.camera != b.camera else [f'{a.camera} colour', 'its depth']
                return (f'{names[0]} and {names[1]} are {min(gaps) * 1e3:.0f} ms apart, '
                        f'limit {self._max_skew * 1e3:.0f} ms')
        return ''

    def _on_images(self, *images: Image) -> None:
        stamps = [time_from_message(image.header.stamp) for image in images]
        with self._arrived:
            self._newest = (time.monotonic(), images)
            self._skew = max(stamps) - min(stamps)
            self._matched += 1
            self._arrived.notify_all()

    def _forget(self) -> None:
        """Start afresh after time jumped back (a bag that loops): old stamps would shadow all that follows."""
        with self._synchroniser.lock, self._arrived:
            for queue in self._synchroniser.queues:
                queue.clear()
            for stream in self._streams:
                stream.stamps.clear()
            self._newest = None

    def _health(self) -> Health:
        with self._arrived:
            newest, values = self._newest, {'skew (ms)': f'{self._skew * 1e3:.1f}', 'looks': self._matched}
        problem = '; '.join(self.problems())
        if newest is None or time.monotonic() - newest[0] > self._max_silence:
            return Health(WARN, problem or self._apart() or 'no synchronised images', values)
        values['age (s)'] = f'{self._node.seconds_now() - time_from_message(newest[1][0].header.stamp):.2f}'
        return Health(WARN if problem else OK, problem or 'synchronised', values)
