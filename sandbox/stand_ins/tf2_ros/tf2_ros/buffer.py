# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Buffer: BufferCore with waiting, asynchronous lookups and the transformation of messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import sleep

from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time
from tf2_msgs.srv import FrameGraph
from tf2_py import BufferCore

from tf2_ros.buffer_interface import NO_TIMEOUT, BufferInterface

_POLL_SECONDS = 0.02
_BIG_JUMP = Duration(seconds=3)


class Buffer(BufferCore, BufferInterface):
    """Stores transforms, usually those that a TransformListener receives, and answers questions about them.

    Given a node it offers the service `tf2_frames` and forgets everything when the node's clock jumps back.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        """Keep moving frames' transforms for `cache_time` (10 s) before the newest."""
        BufferCore.__init__(self, *([] if cache_time is None else [cache_time]))
        BufferInterface.__init__(self)
        self._new_data_callbacks: list[Callable[[], None]] = []
        self._callbacks_lock = threading.RLock()
        if node is not None:
            self.srv = node.create_service(FrameGraph, 'tf2_frames', self._answer_frames)
        self.clock = node.get_clock() if node is not None else Clock()
        threshold = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True)
        self.jump_handle = self.clock.create_jump_callback(threshold, post_callback=self.time_jump_callback)

    def time_jump_callback(self, time_jump: TimeJump) -> None:
        """Forget all transforms: they are not of this time."""
        get_logger('tf2_buffer').warning('Detected jump back in time. Clearing tf buffer.')
        self.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform of a moving frame and tell those who wait for one."""
        super().set_transform(transform, authority)
        self._call_new_data_callbacks()

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform that holds at all times and tell those who wait for one."""
        super().set_transform_static(transform, authority)
        self._call_new_data_callbacks()

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = NO_TIMEOUT
    ) -> TransformStamped:
        """Return the transform from source to target at `time` (0: the latest), waiting for it up to `timeout`.

        Raises what lookup_transform_core raises.
        """
        self.can_transform(target_frame, source_frame, time, timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_TIMEOUT,
    ) -> TransformStamped:
        """Return the transform from source at one time to target at another, by a frame that stays where it is."""
        self.can_transform_full(target_frame, target_time, source_frame, source_time, fixed_frame, timeout)
        return self.lookup_transform_full_core(target_frame, target_time, source_frame, source_time, fixed_frame)

    async def lookup_transform_async(self, target_frame: str, source_frame: str, time: Time) -> TransformStamped:
        """Return the transform from source to target as soon as it is known."""
        await self.wait_for_transform_async(target_frame, source_frame, time)
        return self.lookup_transform_core(target_frame, source_frame, time)

    async def lookup_transform_full_async(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> TransformStamped:
        """Return the transform from source at one time to target at another as soon as it is known."""
        question = (target_frame, target_time, source_frame, source_time, fixed_frame)
        await self.wait_for_transform_full_async(*question)
        return self.lookup_transform_full_core(*question)

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration = NO_TIMEOUT,
        return_debug_tuple: bool = False,
    ) -> bool | tuple[int, str]:
        """Return whether the transform is known, waiting for it up to `timeout`; on request with the reason."""
        return _wait(lambda: self.can_transform_core(target_frame, source_frame, time), timeout, return_debug_tuple)

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_TIMEOUT,
        return_debug_tuple: bool = False,
    ) -> bool | tuple[int, str]:
        """Return whether the transform is known, waiting for it up to `timeout`; on request with the reason."""
        question = (target_frame, target_time, source_frame, source_time, fixed_frame)
        return _wait(lambda: self.can_transform_full_core(*question), timeout, return_debug_tuple)

    def wait_for_transform_async(self, target_frame: str, source_frame: str, time: Time) -> Future:
        """Return a future that gets the transform as soon as it is known."""
        question = (target_frame, source_frame, time)
        return self._promise(
            lambda: self.can_transform_core(*question)[0], lambda: self.lookup_transform_core(*question)
        )

    def wait_for_transform_full_async(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> Future:
        """Return a future that gets the transform as soon as it is known."""
        question = (target_frame, target_time, source_frame, source_time, fixed_frame)
        return self._promise(
            lambda: self.can_transform_full_core(*question)[0], lambda: self.lookup_transform_full_core(*question)
        )

    def _promise(self, is_known: Callable[[], int], look_up: Callable[[], TransformStamped]) -> Future:
        future = Future()

        def try_to_keep() -> None:
            try:
                if is_known():
                    future.set_result(look_up())
            except Exception as error:
                future.set_exception(error)

        with self._callbacks_lock:
            try_to_keep()
            if not future.done():
                self._new_data_callbacks.append(try_to_keep)
                future.add_done_callback(lambda _: self._remove_callback(try_to_keep))
        return future

    def _call_new_data_callbacks(self) -> None:
        with self._callbacks_lock:
            for callback in self._new_data_callbacks.copy():
                callback()

    def _remove_callback(self, callback: Callable[[], None]) -> None:
        with self._callbacks_lock:
            self._new_data_callbacks.remove(callback)

    def _answer_frames(self, request: FrameGraph.Request, response: FrameGraph.Response) -> FrameGraph.Response:
        response.frame_yaml = self.all_frames_as_yaml()
        return response


def _wait(answer: Callable[[], tuple[int, str]], timeout: Duration, return_debug_tuple: bool) -> bool | tuple[int, str]:
    """Repeat the question until the answer is yes, `timeout` has passed, or the system clock has jumped back far."""
    if timeout != NO_TIMEOUT:
        clock = Clock()
        start = clock.now()
        while clock.now() < start + timeout and not answer()[0] and clock.now() + _BIG_JUMP >= start:
            sleep(_POLL_SECONDS)
    result = answer()
    return result if return_debug_tuple else result[0]
