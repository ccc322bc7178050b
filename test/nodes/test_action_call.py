# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Calls of actions over real DDS, when answers come sooner than expected, late, or not at all."""

from __future__ import annotations

import threading
import time

import pytest
import rclpy
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup

from robot4d.action import Predict
from robot4d_nodes.action_call import (
    ActionInterrupted,
    ActionRefused,
    ActionTimeout,
    ActionUnavailable,
    ConcurrentActionClient,
    call_action,
)
from robot4d_nodes.lifecycle import spinning


class Preempted:
    """A client's handle whose thread loses the processor right after every request has been sent."""

    def __init__(self, handle) -> None:
        self._handle = handle

    def __getattr__(self, name: str):
        value = getattr(self._handle, name)
        if not (name.startswith('send_') and name.endswith('_request')):
            return value

        def send_and_sleep(request):
            sequence_number = value(request)
            time.sleep(0.3)
            return sequence_number

        return send_and_sleep

    def __enter__(self):
        return self._handle.__enter__()

    def __exit__(self, *error):
        return self._handle.__exit__(*error)


class Call:
    """A server of `predict` that takes its time, and calls of it."""

    def __init__(self) -> None:
        self.duration, self.response = 0.0, GoalResponse.ACCEPT
        self.accepting = threading.Event()
        self.accepting.set()
        self.started, self.canceled, self.ended = threading.Event(), threading.Event(), threading.Event()
        group = ReentrantCallbackGroup()
        self.nodes = [rclpy.create_node(name) for name in ('server', 'client')]
        self.server = ActionServer(
            self.nodes[0], Predict, 'predict', self._execute, goal_callback=self._accept, callback_group=group,
            cancel_callback=lambda _: CancelResponse.ACCEPT)
        self.client = ConcurrentActionClient(self.nodes[1], Predict, 'predict', callback_group=ReentrantCallbackGroup())

    def _accept(self, goal) -> GoalResponse:
        self.accepting.wait(100.0)
        return self.response

    def _execute(self, handle) -> Predict.Result:
        self.started.set()
        end = time.monotonic() + self.duration
        while time.monotonic() < end:
            if handle.is_cancel_requested:
                self.canceled.set()
                handle.canceled()
                return Predict.Result(code=Predict.Result.CANCELED)
            time.sleep(0.01)
        handle.succeed()
        return Predict.Result(code=Predict.Result.SUCCEEDED, message='done')

    def __call__(self, **options):
        options = {'server_timeout': 100.0, 'result_timeout': 100.0, **options}
        return call_action(self.client, 'predict', Predict.Goal(), **options)


@pytest.fixture
def call(ros):
    """Yield a Call whose nodes are spun by several threads each."""
    call = Call()
    with spinning(call.nodes[0]), spinning(call.nodes[1]):
        assert call.client.wait_for_server(100.0)
        yield call
        call.client.destroy()
        call.server.destroy()


def test_an_answer_that_overtakes_its_request_is_not_lost(call):
    call.client._client_handle = Preempted(call.client._client_handle)
    assert call().message == 'done'


def test_when_interrupted_expect_goal_cancelled_before_the_call_raises(call):
    call.duration = 100.0
    call.client._client_handle = Preempted(call.client._client_handle)
    with pytest.raises(ActionInterrupted):
        call(interrupted=call.started.is_set)
    assert call.canceled.is_set()


def test_when_result_is_late_expect_goal_cancelled_and_the_limit_named(call):
    call.duration = 100.0
    with pytest.raises(ActionTimeout, match="'predict' did not finish within 1 s"):
        call(result_timeout=1.0)
    assert call.canceled.is_set()


def test_when_acceptance_comes_after_the_time_out_expect_the_goal_cancelled_all_the_same(call):
    call.duration = 100.0
    call.accepting.clear()
    with pytest.raises(ActionTimeout, match="'predict' did not answer"):
        call(server_timeout=0.5)
    call.accepting.set()
    assert call.canceled.wait(100.0)


def test_when_goal_is_refused_expect_refusal(call):
    call.response = GoalResponse.REJECT
    with pytest.raises(ActionRefused, match="'predict' refused"):
        call()


def test_when_nobody_serves_expect_the_action_named(call):
    client = ConcurrentActionClient(call.nodes[1], Predict, 'elsewhere')
    try:
        with pytest.raises(ActionUnavailable, match="'elsewhere' has no server"):
            call_action(client, 'elsewhere', Predict.Goal(), server_timeout=0.2, result_timeout=1.0)
    finally:
        client.destroy()
