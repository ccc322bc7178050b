# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Synchronised RGB-D input from several cameras, and a plain answer to why there is none."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from message_filters import ApproximateTimeSynchronizer
from sensor_msgs.msg import Image

from robot4d_core.errors import ObservationError, Robot4dError
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.sensors.sources import check_frames, refuse_same_images, refuse_shared_topics
from robot4d_core.sensors.stamps import clocks_differ
from robot4d_nodes.camera_streams import Camera, CameraTopics, ImageStream
from robot4d_nodes.clocks import clock_advice, when_time_jumps_back
from robot4d_nodes.conversions import time_from_message
from robot4d_nodes.diagnostics import OK, WARN, Health
from robot4d_nodes.lifecycle import Robot4dNode

_WAIT = 0.05  # seconds
_MAX_AHEAD = 0.5  # seconds of an image before the node's clock; simulators publish /clock now and then only


@dataclass(frozen=True)
class Look:
    """One synchronised look: stamp (seconds) and frame_id of the first camera's colour image, and all views."""

    stamp: float
    frame_id: str
    views: tuple[CameraView, ...]


class CameraInputs:
    """Subscribes to the cameras of a node and keeps the newest synchronised look. The first camera is the reference.

    max_skew: largest time between the images of one look, seconds; queue_size: images kept per stream for matching;
    max_silence: wall-clock seconds without a message after which a stream counts as dead.
    """

    def __init__(
        self, node: Robot4dNode, topics: dict[str, CameraTopics], *, max_skew: float, queue_size: int,
        max_silence: float,
    ) -> None:
        """Subscribe; everything is undone with node.configured. Adds one line per stream to /diagnostics.

        Raises ObservationError when two cameras take one topic.
        """
        self._node, self._max_skew, self._max_silence = node, max_skew, max_silence
        self._cameras = [
            Camera(node, name, of_camera, max_silence, queue_size) for name, of_camera in topics.items()]
        refuse_shared_topics({camera.name: camera.topics for camera in self._cameras})
        self._streams = [stream for camera in self._cameras for stream in (camera.colour, camera.depth)]
        self._newest: tuple[float, tuple[Image, ...]] | None = None
        self._skew = float('nan')
        self._matched, self._matched_at = 0, float('-inf')
        self._arrived = threading.Condition()
        self._synchroniser = ApproximateTimeSynchronizer(self._streams, queue_size, max_skew)
        self._synchroniser.registerCallback(self._on_images)
        for camera in self._cameras:
            camera.forget = self._forget
        part = f'cameras {", ".join(topics)}'
        node.diagnostics.add(part, self._health)
        node.configured.callback(node.diagnostics.remove, part)
        when_time_jumps_back(node, lambda: self._forget(self._streams))

    def look(self, not_before: float) -> Look:
        """Return the newest look whose stamp is not_before (seconds of the ROS clock) or later.

        Raises ObservationError that says which input is missing, late, skewed or never came; ImageError when the
        images of the newest look do not fit.
        """
        with self._arrived:
            newest, lenses = self._newest, [camera.lens for camera in self._cameras]
        problems = self.problems()
        if newest is None or problems:
            raise ObservationError('; '.join(problems) or self._why_unmatched() or 'the first images have just come')
        received, images = newest
        stamp, frame_id = time_from_message(images[0].header.stamp), images[0].header.frame_id
        silence, age = time.monotonic() - received, self._node.seconds_now() - stamp
        if silence > self._max_silence:
            raise ObservationError(self._why_unmatched() or f'no synchronised images for {silence:.1f} s')
        if differing := self._clocks_differ():
            raise ObservationError(differing)
        if -age > _MAX_AHEAD:
            raise ObservationError(
                f"the images are stamped {-age:.1f} s ahead of this node's clock; {clock_advice(self._node, stamp)}")
        if stamp < not_before:
            advice = f'; {clock_advice(self._node, stamp)}' if age > self._max_silence else ''
            raise ObservationError(
                f'the newest synchronised images are {age:.1f} s old; no newer ones came in time{advice}')
        pairs = {camera.name: images[2 * i:2 * i + 2] for i, camera in enumerate(self._cameras)}
        check_frames({name: tuple(image.header.frame_id for image in pair) for name, pair in pairs.items()})
        views = [camera.view(*pair, lens)
                 for camera, pair, lens in zip(self._cameras, pairs.values(), lenses, strict=True)]
        refuse_same_images({view.name: view.rgb for view in views})
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

    def _why_unmatched(self) -> str:
        """Say what has happened since images were last matched, and which streams are too far apart."""
        events = [source.event for source in (*self._streams, *self._cameras)]
        happened = [event.words for event in events if event.words and event.time > self._matched_at]
        return '; '.join([*filter(None, [self._clocks_differ() or self._apart()]), *happened])

    def _clocks_differ(self) -> str:
        delays = {f'{stream.camera.name} {stream.kind}': stream.delay for stream in self._streams}
        return clocks_differ({name: delay for name, delay in delays.items() if math.isfinite(delay)})

    def _apart(self) -> str:
        """Say which streams are too far apart, comparing the stamps that each has in memory."""
        for a, b in combinations(self._streams, 2):
            gaps = [abs(s - t) for s in tuple(a.stamps) for t in tuple(b.stamps)]
            if gaps and min(gaps) >= self._max_skew:
                same = a.camera is b.camera
                names = [f'{a.camera.name} colour', 'its depth'] if same else [a.camera.name, b.camera.name]
                return (f'{names[0]} and {names[1]} are {min(gaps) * 1e3:.0f} ms apart, '
                        f'limit {self._max_skew * 1e3:.0f} ms; synchronise their clocks (chrony, PTP; realsense-ros: '
                        'global_time_enabled)')
        return ''

    def _on_images(self, *images: Image) -> None:
        stamps = [time_from_message(image.header.stamp) for image in images]
        with self._arrived:
            self._matched_at = time.monotonic()
            self._newest = self._matched_at, images
            self._skew = max(stamps) - min(stamps)
            self._matched += 1
            self._arrived.notify_all()

    def _forget(self, streams: Sequence[ImageStream]) -> None:
        """Start these streams afresh: images of before a jump of time would shadow all that follow."""
        with self._synchroniser.lock, self._arrived:
            for stream, queue in zip(self._streams, self._synchroniser.queues, strict=True):
                if stream in streams:
                    queue.clear()
                    stream.forget()
            self._newest = None

    def _health(self) -> Health:
        with self._arrived:
            newest, values = self._newest, {'skew (ms)': f'{self._skew * 1e3:.1f}', 'looks': self._matched}
        problem = '; '.join(self.problems()) or self._clocks_differ()
        if newest is None or time.monotonic() - newest[0] > self._max_silence:
            return Health(WARN, problem or self._why_unmatched() or 'no synchronised images', values)
        values['age (s)'] = f'{self._node.seconds_now() - time_from_message(newest[1][0].header.stamp):.2f}'
        return Health(WARN if problem else OK, problem or 'synchronised', values)
