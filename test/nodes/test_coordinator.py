# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The loop over real DDS, with servers in this process in place of generator, tracker and executor."""

import threading
import uuid
from dataclasses import replace

import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient, ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.parameter import Parameter

from nodes.bench import wait_until
from robot4d.action import ExecutePlan, Predict, RunTask
from robot4d.msg import GripperPlans
from robot4d_core.geometry.poses import make_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_nodes import qos
from robot4d_nodes.conversions import gripper_plans_to_message, uuid_to_message
from robot4d_nodes.coordinator import Coordinator
from robot4d_nodes.lifecycle import spinning

TIMES = 0.5 * np.arange(1, 11)


def plan(moves: bool, lost: bool = False) -> GripperPlan:
    poses = np.stack([make_pose(np.eye(3), [0.02 * k * moves, 0.0, 0.5]) for k in range(10)])
    return GripperPlan(
        gripper='gripper', stamp=1.0, frame_id='reference_color_optical_frame',
        prediction_id=uuid.uuid4(), model='test',
        time_from_start=TIMES, poses=poses, opening=np.full(10, 0.08), closed=np.zeros(10, bool),
        confidence=np.full(10, 0.0 if lost else 0.9), source_view=('reference',) * 10,
        observed_pose=poses[0], observed_closed=False,
        message='no gripper in view of reference' if lost else '',
    )


class Rest:
    """Generator, tracker and executor of a script: one plan per prediction."""

    def __init__(self, plans: list[GripperPlan | None], execute_code=ExecutePlan.Result.SUCCEEDED,
                 predict_name='predict'):
        self.plans = list(plans)
        self.execute_code = execute_code
        self.gate = threading.Event()  # while closed, an execution goes on
        self.gate.set()
        self.executed: list[ExecutePlan.Goal] = []
        self.execution_canceled = threading.Event()
        self.executing = threading.Event()
        group = ReentrantCallbackGroup()
        self.node = rclpy.create_node('rest')
        self.publisher = self.node.create_publisher(GripperPlans, 'gripper_plan', qos.LATCHED)
        self.predict = ActionServer(self.node, Predict, predict_name, self._predict, callback_group=group)
        self.execute = ActionServer(
            self.node, ExecutePlan, 'execute_plan', self._execute, callback_group=group,
            cancel_callback=lambda _: CancelResponse.ACCEPT)
        self.client = ActionClient(self.node, RunTask, 'run_task', callback_group=group)

    def _predict(self, handle):
        handle.publish_feedback(Predict.Feedback(step=3, steps=5))
        handle.succeed()
        following = self.plans.pop(0)
        result = Predict.Result(code=Predict.Result.SUCCEEDED, prediction_id=uuid_to_message(uuid.uuid4()))
        if following is not None:
            result.prediction_id = uuid_to_message(following.prediction_id)
            self.publisher.publish(gripper_plans_to_message([following]))
        return result

    def _execute(self, handle):
        self.executed.append(handle.request)
        self.executing.set()
        while not self.gate.wait(0.01):
            if handle.is_cancel_requested:
                self.execution_canceled.set()
                handle.canceled()
                return ExecutePlan.Result(code=ExecutePlan.Result.CANCELED, message='cancelled')
        if self.execute_code == ExecutePlan.Result.SUCCEEDED:
            handle.succeed()
        else:
            handle.abort()
        return ExecutePlan.Result(code=self.execute_code, message='workspace: 1.2 m, limit 0.8 m')

    def send(self, phases: list | None = None, **goal):
        """Send a run_task goal; returns its handle."""
        assert self.client.wait_for_server(100.0)
        goal.setdefault('instruction', 'move')
        sending = self.client.send_goal_async(
            RunTask.Goal(**goal),
            feedback_callback=lambda message: (
                phases.append((message.feedback.phase, message.feedback.step)) if phases is not None else None))
        wait_until(sending.done)
        return sending.result()

    def result(self, handle):
        """Wait for the result of a goal: (status, result)."""
        future = handle.get_result_async()
        wait_until(future.done)
        return future.result().status, future.result().result

    def close(self):
        for entity in (self.predict, self.execute, self.client):
            entity.destroy()


@pytest.fixture
def graph(ros):
    """Yield a function that starts the coordinator with a scripted rest of the graph."""
    stack = []

    def start(rest: Rest, **parameters) -> Rest:
        coordinator = Coordinator(parameter_overrides=[Parameter(n, value=v) for n, v in parameters.items()])
        running = spinning(coordinator, rest.node)
        running.__enter__()
        stack.append((running, rest))
        wait_until(lambda: coordinator.active)
        return rest

    yield start
    for running, rest in stack:
        rest.close()
        running.__exit__(None, None, None)


def test_loop_runs_until_the_prediction_is_still(graph):
    rest = graph(Rest([plan(moves=True), plan(moves=True), plan(moves=False)]))
    phases = []
    status, result = rest.result(rest.send(phases, max_cycles=5))
    assert status == GoalStatus.STATUS_SUCCEEDED and result.code == RunTask.Result.SUCCEEDED
    assert [(c.outcome, c.steps) for c in result.cycles] == [('moved', 4), ('moved', 4), ('still', 0)]
    assert result.cycles[0].predicted_path == pytest.approx(0.18)
    assert len(rest.executed) == 2
    assert ('predict', 3) in phases and {p for p, _ in phases} == {'predict', 'track', 'execute'}


def test_when_cycles_run_out_expect_max_cycles(graph):
    rest = graph(Rest([plan(moves=True), plan(moves=True)]))
    _, result = rest.result(rest.send(max_cycles=2))
    assert result.code == RunTask.Result.MAX_CYCLES and len(rest.executed) == 2


def test_when_gripper_is_lost_expect_new_prediction_then_refusal_without_motion(graph):
    rest = graph(Rest([plan(moves=True, lost=True), plan(moves=True, lost=True)]), attempts=2)
    status, result = rest.result(rest.send())
    assert status == GoalStatus.STATUS_ABORTED and result.code == RunTask.Result.TRACK_FAILED
    assert 'no gripper in view of reference' in result.message
    assert rest.executed == [] and rest.plans == []


def test_when_plan_never_comes_expect_time_out_that_names_the_tracker(graph):
    rest = graph(Rest([None]), track_timeout=0.5)
    _, result = rest.result(rest.send())
    assert result.code == RunTask.Result.TRACK_FAILED and 'tracker' in result.message and rest.executed == []


def test_when_executor_rejects_expect_other_predictions_then_its_reason(graph):
    rest = graph(Rest([plan(moves=True)] * 2, execute_code=ExecutePlan.Result.REJECTED), attempts=2)
    _, result = rest.result(rest.send())
    assert result.code == RunTask.Result.EXECUTE_FAILED and 'workspace: 1.2 m' in result.message
    assert len(rest.executed) == 2


def test_when_a_controller_fails_expect_no_other_attempt(graph):
    rest = graph(Rest([plan(moves=True)] * 2, execute_code=ExecutePlan.Result.CONTROLLER_FAILED), attempts=2)
    _, result = rest.result(rest.send())
    assert result.code == RunTask.Result.EXECUTE_FAILED and len(rest.executed) == 1


def test_when_the_gripper_is_lost_after_what_is_executed_expect_motion(graph):
    late = plan(moves=True, lost=True)
    late = replace(late, confidence=np.where(np.arange(10) < 4, 0.9, 0.0))
    rest = graph(Rest([late, plan(moves=False)]), execute_steps=4, attempts=1)
    _, result = rest.result(rest.send())
    assert result.code == RunTask.Result.SUCCEEDED and len(rest.executed) == 1


def test_when_cancelled_mid_motion_expect_execution_cancelled(graph):
    rest = graph(Rest([plan(moves=True)]))
    rest.gate.clear()
    handle = rest.send()
    assert rest.executing.wait(100.0)
    handle.cancel_goal_async()
    status, result = rest.result(handle)
    assert rest.execution_canceled.is_set()
    assert status == GoalStatus.STATUS_CANCELED and result.code == RunTask.Result.CANCELED


def test_second_goal_while_one_runs_is_refused_as_busy_and_works_again_afterwards(graph):
    rest = graph(Rest([plan(moves=True), plan(moves=False), plan(moves=False)]))
    rest.gate.clear()
    first = rest.send()
    assert rest.executing.wait(100.0)
    _, refused = rest.result(rest.send())
    assert refused.code == RunTask.Result.BUSY and 'busy' in refused.message
    rest.gate.set()
    assert rest.result(first)[1].code == RunTask.Result.SUCCEEDED
    assert rest.result(rest.send())[1].code == RunTask.Result.SUCCEEDED


def test_dry_run_plans_once_and_says_that_nothing_moved(graph):
    rest = graph(Rest([plan(moves=True)]))
    _, result = rest.result(rest.send(dry_run=True))
    assert result.code == RunTask.Result.SUCCEEDED and 'nothing moved' in result.message
    assert [goal.dry_run for goal in rest.executed] == [True]


def test_when_instruction_is_empty_expect_invalid_goal(graph):
    rest = graph(Rest([]))
    assert rest.result(rest.send(instruction=' '))[1].code == RunTask.Result.INVALID_GOAL


def test_when_predict_has_no_server_expect_unavailable(graph):
    rest = graph(Rest([], predict_name='elsewhere'), server_timeout=0.5)
    _, result = rest.result(rest.send())
    assert result.code == RunTask.Result.PREDICT_FAILED and "'predict' has no server" in result.message
