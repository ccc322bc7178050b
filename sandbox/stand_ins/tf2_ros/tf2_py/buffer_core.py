# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""BufferCore: the tree of coordinate frames over time."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from typing import NoReturn

from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.time import Time

from tf2_py.exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from tf2_py.rigid_transform import IDENTITY, RigidTransform
from tf2_py.time_cache import LATEST, StampedTransform, StaticCache, TimeCache, seconds

_DEFAULT_CACHE_TIME = Duration(seconds=10)
_MAX_DEPTH = 1000
_NO_PARENT = 'NO_PARENT'
_SHORTEST_HISTORY = 100_000  # nanoseconds over which the rate of fewer messages is given


class BufferCore:
    """Knows where frames are relative to their parents, and from that where any is relative to any other.

    Times are anything with sec and nanosec or with nanoseconds; 0 asks for the latest time at which all transforms
    on the way are known. Transforms map points of the source (child) frame to the target (parent) frame.
    """

    def __init__(self, cache_time: Duration = _DEFAULT_CACHE_TIME) -> None:
        """Keep moving frames' transforms for `cache_time` before the newest."""
        self._cache_time = _nanoseconds(cache_time)
        self._caches: dict[str, TimeCache | StaticCache | None] = {}  # every known frame; roots have None
        self._authorities: dict[str, str] = {}
        self._lock = threading.RLock()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform of a moving frame; one that cannot be used is logged and ignored."""
        self._insert(transform, authority, is_static=False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform that holds at all times; one that cannot be used is logged and ignored."""
        self._insert(transform, authority, is_static=True)

    def lookup_transform_core(self, target_frame: str, source_frame: str, time: Time) -> TransformStamped:
        """Return the transform from source to target at `time`; its stamp is the time that was used.

        Raises InvalidArgumentException, LookupException, ConnectivityException or ExtrapolationException.
        """
        with self._lock:
            transform, stamp = self._lookup(target_frame, source_frame, _nanoseconds(time))
        return _transform_message(target_frame, source_frame, stamp, transform)

    def lookup_transform_full_core(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> TransformStamped:
        """Return the transform from source at one time to target at another, by a frame that stays where it is."""
        with self._lock:
            self._check_frame('lookupTransform argument target_frame', target_frame)
            self._check_frame('lookupTransform argument source_frame', source_frame)
            self._check_frame('lookupTransform argument fixed_frame', fixed_frame)
            source_to_fixed, _ = self._lookup(fixed_frame, source_frame, _nanoseconds(source_time))
            fixed_to_target, stamp = self._lookup(target_frame, fixed_frame, _nanoseconds(target_time))
        transform = (fixed_to_target @ source_to_fixed).canonical()
        return _transform_message(target_frame, source_frame, stamp, transform)

    def can_transform_core(self, target_frame: str, source_frame: str, time: Time) -> tuple[int, str]:
        """Return whether the lookup would succeed (1 or 0), and if not, why."""
        if target_frame == source_frame:
            return 1, ''
        return self._can_transform(
            {'target_frame': target_frame, 'source_frame': source_frame}, [(target_frame, source_frame, time)]
        )

    def can_transform_full_core(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> tuple[int, str]:
        """Return whether the lookup would succeed (1 or 0), and if not, why."""
        return self._can_transform(
            {'target_frame': target_frame, 'source_frame': source_frame, 'fixed_frame': fixed_frame},
            [(target_frame, fixed_frame, target_time), (fixed_frame, source_frame, source_time)],
        )

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        """Return the newest time at which everything between the two frames is known; 0 if it is all static."""
        with self._lock:
            self._check_frame('get_latest_common_time', target_frame)
            self._check_frame('get_latest_common_time', source_frame)
            try:
                return Time(nanoseconds=self._latest_common_time(target_frame, source_frame))
            except TransformException as error:
                raise TransformException(str(error)) from error

    def clear(self) -> None:
        """Forget the transforms of all moving frames; the frames and the static transforms stay known."""
        with self._lock:
            for cache in self._known_caches().values():
                cache.clear()

    def all_frames_as_string(self) -> str:
        """Return a line per frame that has had a parent."""
        with self._lock:
            return ''.join(
                f'Frame {frame} exists with parent {cache.latest.parent if cache.latest else _NO_PARENT}.\n'
                for frame, cache in self._known_caches().items()
            )

    def all_frames_as_yaml(self) -> str:
        """Return each frame's parent, broadcaster, rate and times as YAML."""
        with self._lock:
            if not self._caches:
                return '[]'
            return ''.join(
                f'{frame}: \n'
                f"  parent: '{cache.latest.parent}'\n"
                f"  broadcaster: '{self._authorities[frame]}'\n"
                f'  rate: {len(cache) * 1e9 / max(cache.latest_stamp - cache.oldest_stamp, _SHORTEST_HISTORY):.3f}\n'
                f'  most_recent_transform: {seconds(cache.latest_stamp)}\n'
                f'  oldest_transform: {seconds(cache.oldest_stamp)}\n'
                f'  buffer_length: {(cache.latest_stamp - cache.oldest_stamp) / 1e9:.3f}\n'
                for frame, cache in self._known_caches().items()
                if cache.latest
            )

    def _frameExists(self, frame_id: str) -> bool:  # noqa: N802 (upstream's name)
        with self._lock:
            return frame_id == _NO_PARENT or frame_id in self._caches

    def _getFrameStrings(self) -> list[str]:  # noqa: N802 (upstream's name)
        with self._lock:
            return list(self._caches)

    def _allFramesAsDot(self, time: Time | None = None) -> NoReturn:  # noqa: N802 (upstream's name)
        raise NotImplementedError('the sandbox stand-in for tf2_py draws no graphs; use all_frames_as_yaml')

    def _chain(self, *args: object, **kwargs: object) -> NoReturn:
        raise NotImplementedError('the sandbox stand-in for tf2_py has no _chain; use all_frames_as_yaml')

    def lookupVelocityCore(self, *args: object, **kwargs: object) -> NoReturn:  # noqa: N802 (upstream's name)
        """Not offered."""
        raise NotImplementedError('the sandbox stand-in for tf2_py has no velocities; difference two lookups')

    lookupVelocityFullCore = lookupVelocityCore  # noqa: N815 (upstream's name)

    def _insert(self, message: TransformStamped, authority: str, is_static: bool) -> None:
        child = message.child_frame_id.removeprefix('/')
        parent = message.header.frame_id.removeprefix('/')
        stamped = StampedTransform(_nanoseconds(message.header.stamp), parent, _read_transform(message))
        problems = list(_problems(child, stamped, authority))
        for problem in problems:
            get_logger('tf2').error(problem)
        if problems:
            return
        with self._lock:
            cache = self._caches.get(child)
            if not isinstance(cache, StaticCache if is_static else TimeCache):
                cache = self._caches[child] = StaticCache() if is_static else TimeCache(self._cache_time)
            self._caches.setdefault(parent)
            if cache.insert(stamped):
                self._authorities[child] = authority
            else:
                get_logger('tf2').warning(
                    f'TF_OLD_DATA ignoring data from the past for frame {child} at time {seconds(stamped.stamp)} '
                    f'according to authority {authority}\nPossible reasons are listed at '
                    'http://wiki.ros.org/tf/Errors%20explained'
                )

    def _known_caches(self) -> dict[str, TimeCache | StaticCache]:
        return {frame: cache for frame, cache in self._caches.items() if cache is not None}

    def _check_frame(self, argument: str, frame: str) -> None:
        problem = _name_problem(frame)
        if problem:
            raise InvalidArgumentException(f'Invalid argument "{frame}" passed to {argument} - {problem}')
        if frame not in self._caches:
            raise LookupException(f'"{frame}" passed to {argument} does not exist. ')

    def _can_transform(self, frames: dict[str, str], walks: list[tuple[str, str, Time]]) -> tuple[int, str]:
        with self._lock:
            for argument, frame in frames.items():
                problem = _name_problem(frame) or ('' if frame in self._caches else 'frame does not exist')
                if problem:
                    return 0, f'Invalid frame ID "{frame}" passed to canTransform argument {argument} - {problem}'
            try:
                for target, source, time in walks:
                    self._walk(target, source, _nanoseconds(time))
            except TransformException as error:
                return 0, str(error)
        return 1, ''

    def _lookup(self, target: str, source: str, time: int) -> tuple[RigidTransform, int]:
        if target == source:
            cache = self._caches.get(target)
            return IDENTITY, cache.latest_stamp if cache and time == LATEST else time
        self._check_frame('lookupTransform argument target_frame', target)
        self._check_frame('lookupTransform argument source_frame', source)
        transform, time = self._walk(target, source, time)
        return transform.canonical(), time

    def _walk(self, target: str, source: str, time: int) -> tuple[RigidTransform, int]:
        """Return the transform from source to target and the time that was used.

        Missing data matters only if it separates the two frames, so both climb as far as they need and can.
        """
        if target == source:
            return IDENTITY, time
        if time == LATEST:
            time = self._latest_common_time(target, source)
        top, source_to_top, source_gap = self._climb(source, time, {target})
        reached, target_to_top, target_gap = self._climb(target, time, {top, source})
        if reached == source:
            return target_to_top.inverse(), time
        if reached == top:
            return target_to_top.inverse() @ source_to_top, time
        gap = target_gap if target_gap is not None else source_gap
        if gap is None:
            raise self._not_connected(target, source)
        raise ExtrapolationException(f'{gap}, when looking up transform from frame [{source}] to frame [{target}]')

    def _climb(
        self, frame: str, time: int, destinations: set[str]
    ) -> tuple[str, RigidTransform, ExtrapolationException | None]:
        """Follow parents from `frame` to one of `destinations`, a root, or where the data does not reach `time`.

        Return the frame that was reached, the transform to it, and what was missing to go on.
        """
        transform = IDENTITY
        for _ in range(_MAX_DEPTH + 1):
            cache = self._caches[frame]
            if frame in destinations or cache is None:
                return frame, transform, None
            try:
                stamped = cache.at(time)
            except ExtrapolationException as gap:
                return frame, transform, gap
            transform = stamped.transform @ transform
            frame = stamped.parent
        raise self._loop()

    def _latest_common_time(self, target: str, source: str) -> int:
        if target == source:
            cache = self._caches[target]
            return cache.latest_stamp if cache else LATEST
        source_line = []
        for latest in self._ancestry(source):
            source_line.append(latest)
            if latest.parent == target:
                return _earliest(source_line)
        target_line = []
        for latest in self._ancestry(target):
            target_line.append(latest)
            if latest.parent == source:
                return _earliest(target_line)
            for i, other in enumerate(source_line):
                if other.parent == latest.parent:
                    return _earliest(target_line + source_line[: i + 1])
        raise self._not_connected(target, source)

    def _ancestry(self, frame: str) -> Iterator[StampedTransform]:
        for _ in range(_MAX_DEPTH + 1):
            cache = self._caches[frame]
            if cache is None or cache.latest is None:
                return
            yield cache.latest
            frame = cache.latest.parent
        raise self._loop()

    def _loop(self) -> LookupException:
        return LookupException(f'The tf tree is invalid because it contains a loop.\n{self.all_frames_as_string()}\n')

    def _not_connected(self, target: str, source: str) -> ConnectivityException:
        return ConnectivityException(
            f"Could not find a connection between '{target}' and '{source}' because they are not part of the same tree."
            'Tf has two or more unconnected trees.'
        )


def _nanoseconds(time: object) -> int:
    """Return the nanoseconds of a time or duration, of rclpy or as a message."""
    if hasattr(time, 'sec') and hasattr(time, 'nanosec'):
        return time.sec * 10**9 + time.nanosec
    if hasattr(time, 'nanoseconds'):
        return time.nanoseconds
    raise TypeError(f'time must have sec and nanosec, or nanoseconds; got {type(time).__name__}')


def _earliest(transforms: list[StampedTransform]) -> int:
    return min((transform.stamp for transform in transforms if transform.stamp != LATEST), default=LATEST)


def _name_problem(frame: str) -> str:
    if not frame:
        return 'in tf2 frame_ids cannot be empty'
    if frame.startswith('/'):
        return "in tf2 frame_ids cannot start with a '/'"
    return ''


def _problems(child: str, stamped: StampedTransform, authority: str) -> Iterator[str]:
    if child == stamped.parent:
        yield (
            f'TF_SELF_TRANSFORM: Ignoring transform from authority "{authority}" with frame_id and  '
            f'child_frame_id "{child}" because they are the same'
        )
    if not child:
        yield f'TF_NO_CHILD_FRAME_ID: Ignoring transform from authority "{authority}" because child_frame_id not set '
    if not stamped.parent:
        yield (
            f'TF_NO_FRAME_ID: Ignoring transform with child_frame_id "{child}"  from authority "{authority}" '
            'because frame_id not set'
        )
    rotation, translation = stamped.transform
    no_direction = any(map(math.isnan, rotation))
    if no_direction or any(map(math.isnan, translation)):
        yield (
            f'TF_NAN_INPUT: Ignoring transform for child_frame_id "{child}" from authority "{authority}" because of a '
            f'nan value in the transform ({_listed(translation)}) ({_listed(rotation)})'
        )
    if no_direction:
        yield (
            f'TF_DENORMALIZED_QUATERNION: Ignoring transform for child_frame_id "{child}" from authority "{authority}" '
            f'because of an invalid quaternion in the transform ({_listed(rotation)})'
        )


def _listed(values: Iterable[float]) -> str:
    return ' '.join(f'{value:f}' for value in values)


def _read_transform(message: TransformStamped) -> RigidTransform:
    t, r = message.transform.translation, message.transform.rotation
    return RigidTransform(
        (float(r.x), float(r.y), float(r.z), float(r.w)), (float(t.x), float(t.y), float(t.z))
    ).canonical()


def _transform_message(target: str, source: str, stamp: int, transform: RigidTransform) -> TransformStamped:
    message = TransformStamped(child_frame_id=source)
    message.header.frame_id = target
    message.header.stamp = TimeMessage(sec=stamp // 10**9, nanosec=stamp % 10**9)
    x, y, z = transform.translation
    message.transform.translation = Vector3(x=x, y=y, z=z)
    x, y, z, w = transform.rotation
    message.transform.rotation = Quaternion(x=x, y=y, z=z, w=w)
    return message
