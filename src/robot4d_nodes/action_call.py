# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Call an action from inside a callback and wait for its result, never without a time-out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient

from robot4d_core.errors import Robot4dError

_TICK = 0.05  # seconds between looks at `interrupted`
_CANCEL_TIMEOUT = 5.0  # seconds


class ConcurrentActionClient(ActionClient):
    """An ActionClient for nodes that several threads spin: a response never overtakes the record of its request.

    rclpy 7 sends a request first and records it afterwards; another thread drops a response that comes in between
    ("Ignoring unexpected goal response"), and the future never ends (ros2/rclpy issue 1123).
    """

    def __init__(self, *arguments, **options) -> None:
        """See rclpy's ActionClient."""
        self._recording = threading.Lock()
        super().__init__(*arguments, **options)

    def send_goal_async(self, *arguments, **options) -> Any:
        """See rclpy's ActionClient."""
        with self._recording:
            return super().send_goal_async(*arguments, **options)

    def _cancel_goal_async(self, goal_handle: Any) -> Any:
        with self._recording:
            return super()._cancel_goal_async(goal_handle)

    def _get_result_async(self, goal_handle: Any) -> Any:
        with self._recording:
            return super()._get_result_async(goal_handle)

    async def execute(self, taken_data: Any) -> None:
        """Wait until the request whose response this may be is on record, then see rclpy's ActionClient."""
        with self._recording:
            pass
        await super().execute(taken_data)


class ActionUnavailable(Robot4dError):
    """No server answers to the action."""


class ActionRefused(ActionUnavailable):
    """The server did not accept the goal."""


class ActionTimeout(Robot4dError):
    """The server did not answer or finish in time."""


class ActionFailed(Robot4dError):
    """The server ended the goal otherwise than with success; result: what it said, which may claim success."""

    def __init__(self, name: str, status: int, result: Any) -> None:
        """Say whose doing it was; status: of action_msgs/GoalStatus."""
        ends = {GoalStatus.STATUS_ABORTED: 'was aborted by its server',
                GoalStatus.STATUS_CANCELED: 'was cancelled, by somebody else'}
        super().__init__(f"the goal of action '{name}' {ends.get(status, f'ended with status {status}')}")
        self.aborted = status == GoalStatus.STATUS_ABORTED
        self.result = result


class ActionInterrupted(Robot4dError):
    """The caller lost interest; the goal has been cancelled."""


def call_action(
    client: ConcurrentActionClient,
    name: str,
    goal: Any,
    *,
    server_timeout: float,
    result_timeout: float,
    interrupted: Callable[[], bool] = lambda: False,
    on_feedback: Callable[[Any], None] = lambda feedback: None,
) -> Any:
    """Send goal to the action called name and return its result, whatever its own code; seconds of wall time.

    Must run in a thread of a multi-threaded executor whose other threads serve the client. An interrupted or late goal
    is cancelled, and its end awaited, before the call raises.
    Raises ActionUnavailable (ActionRefused when the server does not want the goal), ActionTimeout, ActionInterrupted,
    or ActionFailed when the goal's final status is not success.
    """
    if not client.wait_for_server(server_timeout):
        raise ActionUnavailable(f"action '{name}' has no server after {server_timeout:.0f} s; is its node running?")
    sending = client.send_goal_async(goal, feedback_callback=lambda message: on_feedback(message.feedback))
    try:
        _wait(sending, server_timeout, lambda: False, f"action '{name}' did not answer")
    except ActionTimeout:
        sending.add_done_callback(_cancel_late_goal)
        raise
    handle = sending.result()
    if not handle.accepted:
        raise ActionRefused(f"action '{name}' refused the goal without a reason; see the log of its node")
    running = handle.get_result_async()
    try:
        _wait(running, result_timeout, interrupted, f"action '{name}' did not finish")
    except (ActionTimeout, ActionInterrupted):
        _wait(handle.cancel_goal_async(), _CANCEL_TIMEOUT, lambda: False, f"action '{name}' did not answer the cancel")
        _wait(running, _CANCEL_TIMEOUT, lambda: False, f"action '{name}' did not end after the cancel")
        raise
    answer = running.result()
    if answer.status == GoalStatus.STATUS_UNKNOWN:
        raise ActionUnavailable(f"action '{name}' lost the goal; was its node restarted?")
    if answer.status != GoalStatus.STATUS_SUCCEEDED:
        raise ActionFailed(name, answer.status, answer.result)
    return answer.result


def call_together(calls: Sequence[Callable[[Callable[[], bool]], None]]) -> list[Exception]:
    """Make several calls at once, each in a thread of its own, wait for the end of all, and return what they raised.

    Each is given a function that tells whether another has failed, so that it can end, too. The first failure is first.
    """
    failures: list[Exception] = []

    def run(call: Callable[[Callable[[], bool]], None]) -> None:
        try:
            call(lambda: bool(failures))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def _cancel_late_goal(sending: Any) -> None:
    if sending.result().accepted:
        sending.result().cancel_goal_async()


def _wait(future: Any, timeout: float, interrupted: Callable[[], bool], what: str) -> None:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    deadline = time.monotonic() + timeout
    while not done.wait(_TICK):
        if interrupted():
            raise ActionInterrupted('interrupted')
        if time.monotonic() > deadline:
            raise ActionTimeout(f'{what} within {timeout:.0f} s')
