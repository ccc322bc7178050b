# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Buffer: the tree of coordinate frames over time."""

from __future__ import annotations

import functools
import itertools
import math
import threading
from collections.abc import Iterable, Iterator
from time import sleep

from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from rclpy.clock import Clock
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.time import Time
from std_msgs.msg import Header

from tf2_ros import errors
from tf2_ros.history import LATEST, MovingHistory, StampedTransform, StaticHistory, seconds
from tf2_ros.rigid_transform import IDENTITY, RigidTransform

_NO_TIMEOUT = Duration()
_POLL_SECONDS = 0.02
_BIG_JUMP = Duration(seconds=3)
_MAX_DEPTH = 1000
_UNKNOWN = 'frame does not exist'
_UPSTREAM_NAMES = """
all_frames_as_yaml can_transform_core can_transform_full can_transform_full_core clock get_latest_common_time
jump_handle lookupVelocityCore lookupVelocityFullCore lookup_transform_async lookup_transform_core lookup_transform_full
lookup_transform_full_async lookup_transform_full_core registration srv time_jump_callback transform transform_full
wait_for_transform_async wait_for_transform_full_async _allFramesAsDot _chain _frameExists _getFrameStrings
""".split()


class Buffer:
    """Knows where frames are relative to their parents, and from that where any is relative to any other.

    Times are anything with sec and nanosec or with nanoseconds; 0 asks for the latest time at which all transforms
    on the way are known. Transforms map points of the source (child) frame to the target (parent) frame.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        """Keep moving frames' transforms for `cache_time` (10 s) before the newest."""
        if node is not None:
            raise errors.not_offered('Buffer(node=...)', "clear() it when the node's clock jumps back")
        self._cache_time = _nanoseconds(cache_time or Duration(seconds=10))
        self._frames: dict[str, MovingHistory | StaticHistory | None] = {}  # every known frame; roots have None
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> None:
        if name in _UPSTREAM_NAMES:
            raise errors.not_offered(f'Buffer.{name}', 'use lookup_transform or can_transform, or a machine with ROS 2')
        raise AttributeError(f'Buffer has no attribute {name!r}')

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform of a moving frame; one that cannot be used is logged and ignored."""
        self._insert(transform, authority, MovingHistory, self._cache_time)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform that holds at all times; one that cannot be used is logged and ignored."""
        self._insert(transform, authority, StaticHistory)

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = _NO_TIMEOUT
    ) -> TransformStamped:
        """Return the transform from source to target at `time`, waiting for it up to `timeout`.

        Its stamp is the time that was used. Raises InvalidArgumentException, LookupException, ConnectivityException
        or ExtrapolationException.
        """
        self.can_transform(target_frame, source_frame, time, timeout)
        with self._lock:
            transform, stamp = self._lookup(target_frame, source_frame, _nanoseconds(time))
        (x, y, z), (qx, qy, qz, qw) = transform.translation, transform.rotation
        return TransformStamped(
            header=Header(frame_id=target_frame, stamp=TimeMessage(sec=stamp // 10**9, nanosec=stamp % 10**9)),
            child_frame_id=source_frame,
            transform=Transform(translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=qx, y=qy, z=qz, w=qw)))

    def can_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = _NO_TIMEOUT,
        return_debug_tuple: bool = False,
    ) -> int | tuple[int, str]:
        """Return whether (1 or 0) the transform is known, waiting for it up to `timeout`; on request with the reason.

        Waiting also ends when the system clock has jumped back far.
        """
        nanoseconds = _nanoseconds(time)
        known, reason = self._is_known(target_frame, source_frame, nanoseconds)
        clock = Clock()
        start = now = clock.now()
        while not known and now < start + timeout and now + _BIG_JUMP >= start:
            sleep(_POLL_SECONDS)
            known, reason = self._is_known(target_frame, source_frame, nanoseconds)
            now = clock.now()
        return (known, reason) if return_debug_tuple else known

    def clear(self) -> None:
        """Forget the transforms of all moving frames; the frames and the static transforms stay known."""
        with self._lock:
            for history in filter(None, self._frames.values()):
                history.clear()

    def all_frames_as_string(self) -> str:
        """Return a line per frame that has had a parent."""
        with self._lock:
            return ''.join(
                f'Frame {frame} exists with parent {history.latest.parent if history.latest else "NO_PARENT"}.\n'
                for frame, history in self._frames.items() if history)

    def _insert(self, message: TransformStamped, authority: str, kind: type, *arguments: int) -> None:
        child, parent = message.child_frame_id.removeprefix('/'), message.header.frame_id.removeprefix('/')
        t, r = message.transform.translation, message.transform.rotation
        transform = RigidTransform((r.x, r.y, r.z, r.w), (t.x, t.y, t.z)).canonical()
        stamped = StampedTransform(_nanoseconds(message.header.stamp), parent, transform)
        problems = list(_problems(child, stamped, authority))
        for problem in problems:
            get_logger('tf2').error(problem)
        if problems:
            return
        with self._lock:
            if not isinstance(self._frames.get(child), kind):
                self._frames[child] = kind(*arguments)
            self._frames.setdefault(parent)
            if not self._frames[child].insert(stamped):
                get_logger('tf2').warning(
                    f'TF_OLD_DATA ignoring data from the past for frame {child} at time {seconds(stamped.stamp)} '
                    f'according to authority {authority}\nPossible reasons are listed at '
                    'http://wiki.ros.org/tf/Errors%20explained')

    def _is_known(self, target: str, source: str, time: int) -> tuple[int, str]:
        if target == source:
            return 1, ''
        with self._lock:
            for argument, frame, problem in self._unusable(target, source):
                return 0, f'Invalid frame ID "{frame}" passed to canTransform argument {argument} - {problem}'
            try:
                self._walk(target, source, time)
            except errors.TransformException as error:
                return 0, str(error)
        return 1, ''

    def _lookup(self, target: str, source: str, time: int) -> tuple[RigidTransform, int]:
        if target == source:
            history = self._frames.get(target)
            return IDENTITY, history.latest.stamp if history and history.latest and time == LATEST else time
        for argument, frame, problem in self._unusable(target, source):
            where = f'"{frame}" passed to lookupTransform argument {argument}'
            if problem == _UNKNOWN:
                raise errors.LookupException(f'{where} does not exist. ')
            raise errors.InvalidArgumentException(f'Invalid argument {where} - {problem}')
        transform, time = self._walk(target, source, time)
        return transform.canonical(), time

    def _unusable(self, target: str, source: str) -> Iterator[tuple[str, str, str]]:
        for argument, frame in (('target_frame', target), ('source_frame', source)):
            if not frame:
                yield argument, frame, 'in tf2 frame_ids cannot be empty'
            elif frame.startswith('/'):
                yield argument, frame, "in tf2 frame_ids cannot start with a '/'"
            elif frame not in self._frames:
                yield argument, frame, _UNKNOWN

    def _walk(self, target: str, source: str, time: int) -> tuple[RigidTransform, int]:
        """Return the transform from source to target and the time that was used."""
        if time == LATEST:
            steps = itertools.chain(*self._connect(target, source, LATEST))
            time = min((step.stamp for step in steps if step.stamp != LATEST), default=LATEST)
        from_target, from_source = (
            functools.reduce(lambda transform, step: step.transform @ transform, steps, IDENTITY)
            for steps in self._connect(target, source, time))
        return from_target.inverse() @ from_source, time

    def _connect(self, target: str, source: str, time: int) -> tuple[list[StampedTransform], list[StampedTransform]]:
        """Return the steps from either frame up to where their lines meet.

        Missing data matters only if it separates the two frames, so both climb as far as they need and can.
        """
        gap, steps = None, []
        steps_from_source: dict[str, list[StampedTransform]] = {source: steps}
        try:
            for step in self._climb(source, time):
                steps = [*steps, step]
                if step.parent == target:
                    return [], steps
                steps_from_source.setdefault(step.parent, steps)
        except errors.ExtrapolationException as error:
            gap = error
        steps = []
        try:
            for step in self._climb(target, time):
                steps = [*steps, step]
                if step.parent in steps_from_source:
                    return steps, steps_from_source[step.parent]
        except errors.ExtrapolationException as error:
            gap = error
        if gap:
            raise errors.ExtrapolationException(
                f'{gap}, when looking up transform from frame [{source}] to frame [{target}]')
        raise errors.ConnectivityException(
            f"Could not find a connection between '{target}' and '{source}' because they are not part of the same "
            'tree.Tf has two or more unconnected trees.')

    def _climb(self, frame: str, time: int) -> Iterator[StampedTransform]:
        """Yield the transforms from `frame` to its parent, from there to its parent, and so on to a root."""
        for _ in range(_MAX_DEPTH + 1):
            history = self._frames[frame]
            if history is None or (time == LATEST and history.latest is None):
                return
            step = history.at(time)
            yield step
            frame = step.parent
        raise errors.LookupException(
            f'The tf tree is invalid because it contains a loop.\n{self.all_frames_as_string()}\n')


def _nanoseconds(time: object) -> int:
    """Return the nanoseconds of a time or duration, of rclpy or as a message."""
    if hasattr(time, 'sec') and hasattr(time, 'nanosec'):
        return time.sec * 10**9 + time.nanosec
    if hasattr(time, 'nanoseconds'):
        return time.nanoseconds
    raise TypeError(f'time must have sec and nanosec, or nanoseconds; got {type(time).__name__}')


def _problems(child: str, stamped: StampedTransform, authority: str) -> Iterator[str]:
    rotation, translation = stamped.transform
    who, no_direction = f'from authority "{authority}"', any(map(math.isnan, rotation))
    if child == stamped.parent:
        yield (f'TF_SELF_TRANSFORM: Ignoring transform {who} with frame_id and  child_frame_id "{child}" because they '
               'are the same')
    if not child:
        yield f'TF_NO_CHILD_FRAME_ID: Ignoring transform {who} because child_frame_id not set '
    if not stamped.parent:
        yield f'TF_NO_FRAME_ID: Ignoring transform with child_frame_id "{child}"  {who} because frame_id not set'
    if no_direction or any(map(math.isnan, translation)):
        yield (f'TF_NAN_INPUT: Ignoring transform for child_frame_id "{child}" {who} because of a nan value in the '
               f'transform ({_listed(translation)}) ({_listed(rotation)})')
    if no_direction:
        yield (f'TF_DENORMALIZED_QUATERNION: Ignoring transform for child_frame_id "{child}" {who} because of an '
               f'invalid quaternion in the transform ({_listed(rotation)})')


def _listed(values: Iterable[float]) -> str:
    return ' '.join(f'{value:f}' for value in values)
