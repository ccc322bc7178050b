# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""An action server that carries out one goal at a time and always answers with a code and a message."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup

from robot4d_nodes.lifecycle import Robot4dNode


class SingleGoalServer:
    """Serves an action whose result has `code` and `message`, and codes SUCCEEDED, CANCELED, BUSY and NOT_ACTIVE.

    Goals are always accepted, so that even a refusal reaches the client with its reason: while the node is not active
    the goal is aborted with NOT_ACTIVE, while another goal runs with BUSY. carry_out(goal_handle) runs in an executor
    thread, returns the result, and looks at `interrupted(goal_handle)` between its steps; an exception that it raises
    is logged and answered with the code `failed`.
    """

    def __init__(
        self, node: Robot4dNode, action_type: Any, name: str, carry_out: Callable[[ServerGoalHandle], Any], failed: int
    ) -> None:
        """Create the server; it is destroyed with the node."""
        self._node = node
        self._failed = failed
        self._result_type = action_type.Result
        self._carry_out = carry_out
        self._busy = threading.Lock()
        self._server = ActionServer(
            node, action_type, name, self._execute, callback_group=ReentrantCallbackGroup(),
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )
        node.closing.callback(self._server.destroy)

    def interrupted(self, goal_handle: ServerGoalHandle) -> bool:
        """Whether the running goal must end now: canceled by its client, or the node is no longer active."""
        return goal_handle.is_cancel_requested or not self._node.active

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait for the running goal to end after the node became inactive; for `deactivate`."""
        idle = self._busy.acquire(timeout=timeout)
        if idle:
            self._busy.release()
        return idle

    def _execute(self, goal_handle: ServerGoalHandle) -> Any:
        result = self._answer(goal_handle)
        if result.code == self._result_type.SUCCEEDED:
            goal_handle.succeed()
        elif result.code == self._result_type.CANCELED and goal_handle.is_cancel_requested:
            goal_handle.canceled()
        else:
            goal_handle.abort()
        return result

    def _answer(self, goal_handle: ServerGoalHandle) -> Any:
        if not self._node.active:
            return self._result_type(
                code=self._result_type.NOT_ACTIVE,
                message=f'{self._node.get_name()} is {self._node.state}; see its /diagnostics, then '
                        f'run: ros2 lifecycle set {self._node.get_fully_qualified_name()} activate',
            )
        if not self._busy.acquire(blocking=False):
            return self._result_type(
                code=self._result_type.BUSY,
                message=f'{self._node.get_name()} is busy with another goal; wait for it or cancel it',
            )
        try:
            return self._carry_out(goal_handle)
        except Exception as error:
            self._node.get_logger().error(traceback.format_exc())
            return self._result_type(code=self._failed, message=f'{type(error).__name__}: {error}')
        finally:
            self._busy.release()
