# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What every buffer offers, and the registries of the types that can be transformed and converted."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time
from std_msgs.msg import Header

T = TypeVar('T')
NO_TIMEOUT = Duration()


class TypeException(Exception):  # noqa: N818 (upstream's name)
    """A type for which nothing is registered."""

    def __init__(self, errstr: str) -> None:
        super().__init__(errstr)
        self.errstr = errstr


class NotImplementedException(Exception):  # noqa: N818 (upstream's name)
    """A buffer that does not look up transforms."""

    def __init__(self) -> None:
        self.errstr = 'CanTransform or LookupTransform not implemented'
        super().__init__(self.errstr)


def Stamped(obj: T, stamp: Time, frame_id: str) -> T:  # noqa: N802 (upstream's name)
    """Give `obj` a header."""
    obj.header = Header(frame_id=frame_id, stamp=stamp)
    return obj


def _registered(registry: dict, key: Any) -> Callable:
    if key not in registry:
        raise TypeException(f'Type {key} is not loaded or supported')
    return registry[key]


class TransformRegistration:
    """The functions that transform objects, by the objects' type; one registry for all instances."""

    _transforms: dict[type, Callable[[Any, TransformStamped], Any]] = {}

    def print_me(self) -> None:
        """Print the registry."""
        print(self._transforms)

    def add(self, key: type, callback: Callable[[Any, TransformStamped], Any]) -> None:
        """Register `callback(object, transform)` for objects of type `key`."""
        self._transforms[key] = callback

    def get(self, key: type) -> Callable[[Any, TransformStamped], Any]:
        """Return the function for type `key`; TypeException if there is none."""
        return _registered(self._transforms, key)


class ConvertRegistration:
    """The functions that convert objects to, from and without messages; one registry for all instances."""

    _to_msg: dict[type, Callable] = {}
    _from_msg: dict[type, Callable] = {}
    _convert: dict[tuple[type, type], Callable] = {}

    def add_from_msg(self, key: type, callback: Callable) -> None:
        """Register how to make a `key` of its message."""
        self._from_msg[key] = callback

    def add_to_msg(self, key: type, callback: Callable) -> None:
        """Register how to make the message of a `key`."""
        self._to_msg[key] = callback

    def add_convert(self, key: tuple[type, type], callback: Callable) -> None:
        """Register how to make the second type of the first."""
        self._convert[key] = callback

    def get_from_msg(self, key: type) -> Callable:
        """Return how to make a `key` of its message; TypeException if that is unknown."""
        return _registered(self._from_msg, key)

    def get_to_msg(self, key: type) -> Callable:
        """Return how to make the message of a `key`; TypeException if that is unknown."""
        return _registered(self._to_msg, key)

    def get_convert(self, key: tuple[type, type]) -> Callable:
        """Return how to make the second type of the first; TypeException if that is unknown."""
        return _registered(self._convert, key)


def convert(a: Any, b_type: type[T]) -> T:
    """Return `a` as a `b_type`: directly if that is registered, as a copy, or by way of a message."""
    registration = ConvertRegistration()
    try:
        return registration.get_convert((type(a), b_type))(a)
    except TypeException:
        if type(a) is b_type:
            return deepcopy(a)
        return registration.get_from_msg(b_type)(registration.get_to_msg(type(a))(a))


class BufferInterface:
    """Transforms objects by looking up transforms, which subclasses do."""

    def __init__(self) -> None:
        self.registration = TransformRegistration()

    def transform(
        self, object_stamped: Any, target_frame: str, timeout: Duration = NO_TIMEOUT, new_type: type | None = None
    ) -> Any:
        """Return a stamped object of a registered type in the target frame, at its own time."""
        header = object_stamped.header
        transform = self.lookup_transform(target_frame, header.frame_id, header.stamp, timeout)
        return self._apply(object_stamped, transform, new_type)

    def transform_full(
        self,
        object_stamped: Any,
        target_frame: str,
        target_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_TIMEOUT,
        new_type: type | None = None,
    ) -> Any:
        """Return a stamped object in the target frame at another time, by a frame that stays where it is."""
        header = object_stamped.header
        transform = self.lookup_transform_full(
            target_frame, target_time, header.frame_id, header.stamp, fixed_frame, timeout
        )
        return self._apply(object_stamped, transform, new_type)

    def _apply(self, object_stamped: Any, transform: TransformStamped, new_type: type | None) -> Any:
        transformed = self.registration.get(type(object_stamped))(object_stamped, transform)
        return transformed if new_type is None else convert(transformed, new_type)

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = NO_TIMEOUT
    ) -> TransformStamped:
        """Return the transform from source to target; for subclasses."""
        raise NotImplementedException

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_TIMEOUT,
    ) -> TransformStamped:
        """Return the transform from source at one time to target at another; for subclasses."""
        raise NotImplementedException

    def can_transform(self, target_frame: str, source_frame: str, time: Time, timeout: Duration = NO_TIMEOUT) -> bool:
        """Return whether the transform is known; for subclasses."""
        raise NotImplementedException

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_TIMEOUT,
    ) -> bool:
        """Return whether the transform is known; for subclasses."""
        raise NotImplementedException
