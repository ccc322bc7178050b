#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The loop: predict, track, execute, and again, until the imagined future holds no more motion."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass

from rclpy.callback_groups import ReentrantCallbackGroup

from robot4d.action import ExecutePlan, Predict, RunTask
from robot4d.msg import Cycle, GripperPlans
from robot4d_core.errors import PoseError
from robot4d_core.gripper_plan import steps_until_next_look
from robot4d_nodes import qos
from robot4d_nodes.action_call import (
    ActionFailed,
    ActionInterrupted,
    ActionTimeout,
    ActionUnavailable,
    ConcurrentActionClient,
    call_action,
)
from robot4d_nodes.conversions import duration_to_message, gripper_plans_from_message
from robot4d_nodes.lifecycle import Robot4dNode, run_node
from robot4d_nodes.parameters import parameter
from robot4d_nodes.single_goal import SingleGoalServer

_TICK = 0.05  # seconds


@dataclass(frozen=True)
class CoordinatorParameters:
    """Parameters of the coordinator."""

    max_cycles: int = parameter(24, 'Cycles before the task is given up', low=1, high=1000)
    execute_steps: int = parameter(
        4, 'Most steps of each prediction that are executed, fewer before and after a grip; 0: all', low=0, high=1000)
    attempts: int = parameter(
        3, 'Predictions per cycle, of which one fails, loses a gripper or is rejected, before the task ends', low=1,
        high=10)
    still_distance: float = parameter(
        0.03, 'A prediction in which no gripper gets further than this (metres) ends the task', low=0.0, high=1.0)
    server_timeout: float = parameter(10.0, 'To find an action server, seconds', low=0.1, high=600.0)
    predict_timeout: float = parameter(120.0, 'For one prediction, seconds', low=1.0, high=3600.0)
    track_timeout: float = parameter(60.0, 'From a prediction to its gripper plan, seconds', low=0.1, high=600.0)
    execute_timeout: float = parameter(120.0, 'To execute one plan, seconds', low=1.0, high=3600.0)


class _TaskEnded(Exception):
    """The loop has an answer: a code of RunTask.Result and a sentence; again: another prediction may help."""

    def __init__(self, code: int, message: str, again: bool = False) -> None:
        super().__init__(message)
        self.code, self.message, self.again = code, message, again


class Coordinator(Robot4dNode):
    """Serves `run_task`; uses `predict`, `gripper_plan` and `execute_plan`."""

    def __init__(self, **node_options) -> None:
        """Declare parameters and create clients; works once it is active."""
        super().__init__('coordinator', CoordinatorParameters(), **node_options)
        group = ReentrantCallbackGroup()
        self._predict = ConcurrentActionClient(self, Predict, 'predict', callback_group=group)
        self._execute = ConcurrentActionClient(self, ExecutePlan, 'execute_plan', callback_group=group)
        self.closing.callback(self._predict.destroy)
        self.closing.callback(self._execute.destroy)
        self._plans: GripperPlans | None = None
        self._plans_changed = threading.Condition()
        self.create_subscription(GripperPlans, 'gripper_plan', self._receive_plans, qos.LATCHED, callback_group=group)
        self._server = SingleGoalServer(
            self, RunTask, 'run_task', self._run_task, failed=RunTask.Result.EXECUTE_FAILED)

    def deactivate(self) -> None:
        """Wait until the running task has been cancelled."""
        self._server.wait_until_idle(timeout=3.0)

    def _receive_plans(self, plans: GripperPlans) -> None:
        with self._plans_changed:
            self._plans = plans
            self._plans_changed.notify_all()

    def _run_task(self, goal_handle) -> RunTask.Result:
        goal, settings = goal_handle.request, self.parameters
        if not goal.instruction.strip():
            return RunTask.Result(
                code=RunTask.Result.INVALID_GOAL, message='the instruction is empty; say what the robot shall do')
        max_cycles = 1 if goal.dry_run else goal.max_cycles or settings.max_cycles
        cycles: list[Cycle] = []
        try:
            for number in range(1, max_cycles + 1):
                cycles.append(Cycle())
                self._run_cycle(goal_handle, cycles[-1], number, max_cycles)
            if goal.dry_run:
                raise _TaskEnded(RunTask.Result.SUCCEEDED, 'dry run: imagined, planned and checked; nothing moved')
            raise _TaskEnded(RunTask.Result.MAX_CYCLES, f'the imagined future still moves after {max_cycles} cycles')
        except _TaskEnded as end:
            code, message = end.code, end.message
        except ActionInterrupted:
            code, message = RunTask.Result.CANCELED, 'cancelled; the arm has been told to stop'
        self.get_logger().info(message)
        return RunTask.Result(code=code, message=message, cycles=cycles)

    def _run_cycle(self, goal_handle, cycle: Cycle, number: int, max_cycles: int) -> None:
        """Predict, track and execute, again with another prediction where that may help; fills cycle as it goes."""
        attempts = self.parameters.attempts
        feedback = RunTask.Feedback(cycle=number, max_cycles=max_cycles)
        for attempt in range(1, attempts + 1):
            try:
                self._imagine_and_act(goal_handle, cycle, feedback)
                return
            except _TaskEnded as end:
                if not end.again or attempt == attempts:
                    raise
                cycle.outcome = end.message
                self.get_logger().warning(f'cycle {number}, attempt {attempt} of {attempts}: {end.message}')

    def _imagine_and_act(self, goal_handle, cycle: Cycle, feedback: RunTask.Feedback) -> None:
        settings = self.parameters
        plans = self._imagine(goal_handle, cycle, feedback)
        try:
            gripper_plans = gripper_plans_from_message(plans)
        except PoseError as error:
            raise _TaskEnded(RunTask.Result.TRACK_FAILED, f'the gripper plan is broken: {error}') from error
        if not gripper_plans:
            raise _TaskEnded(RunTask.Result.TRACK_FAILED, plans.message, again=True)
        steps = steps_until_next_look(gripper_plans, settings.execute_steps)
        if any(plan.until(steps).lost for plan in gripper_plans):
            raise _TaskEnded(RunTask.Result.TRACK_FAILED, plans.message, again=True)
        cycle.predicted_path = max(plan.reach() for plan in gripper_plans)
        if all(plan.is_still(settings.still_distance) for plan in gripper_plans):
            cycle.outcome = 'still'
            raise _TaskEnded(RunTask.Result.SUCCEEDED, 'the imagined future holds no more motion')
        self._act(goal_handle, cycle, feedback, plans, steps)

    def _imagine(self, goal_handle, cycle: Cycle, feedback: RunTask.Feedback) -> GripperPlans:
        settings = self.parameters
        started = time.monotonic()
        result = self._call(
            goal_handle, feedback, 'predict', self._predict, 'predict',
            Predict.Goal(instruction=goal_handle.request.instruction, seed=-1),
            settings.predict_timeout, RunTask.Result.PREDICT_FAILED,
            lambda progress: (progress.step, progress.steps, progress.remaining),
        )
        cycle.prediction_id = result.prediction_id
        cycle.predict = duration_to_message(time.monotonic() - started)
        started = time.monotonic()
        self._publish(goal_handle, feedback, 'track')
        plans = self._wait_for_plans(goal_handle, result.prediction_id)
        cycle.track = duration_to_message(time.monotonic() - started)
        return plans

    def _wait_for_plans(self, goal_handle, prediction_id) -> GripperPlans:
        timeout = self.parameters.track_timeout
        deadline = time.monotonic() + timeout
        with self._plans_changed:
            while self._plans is None or self._plans.prediction_id != prediction_id:
                if self._server.interrupted(goal_handle):
                    raise ActionInterrupted('interrupted')
                if time.monotonic() > deadline:
                    raise _TaskEnded(
                        RunTask.Result.TRACK_FAILED,
                        f'no gripper plan for the prediction in {timeout:.0f} s; is the tracker running and active?')
                self._plans_changed.wait(_TICK)
            return self._plans

    def _act(self, goal_handle, cycle: Cycle, feedback: RunTask.Feedback, plans: GripperPlans, steps: int) -> None:
        started = time.monotonic()
        dry_run = goal_handle.request.dry_run
        self._call(
            goal_handle, feedback, 'execute', self._execute, 'execute_plan',
            ExecutePlan.Goal(plans=plans, max_steps=steps, dry_run=dry_run),
            self.parameters.execute_timeout, RunTask.Result.EXECUTE_FAILED,
            lambda progress: (progress.segment, progress.segments, progress.remaining),
        )
        cycle.execute = duration_to_message(time.monotonic() - started)
        cycle.outcome, cycle.steps = ('planned', 0) if dry_run else ('moved', steps)

    def _call(self, goal_handle, feedback, phase, client, action, goal, timeout, failure_code, progress_of):
        """Call an action of a phase, forward its feedback, and end the task when it does not succeed."""
        self._publish(goal_handle, feedback, phase)
        try:
            result = call_action(
                client, action, goal,
                server_timeout=self.parameters.server_timeout, result_timeout=timeout,
                interrupted=lambda: self._server.interrupted(goal_handle),
                on_feedback=lambda progress: self._publish(goal_handle, feedback, phase, *progress_of(progress)),
            )
        except ActionFailed as error:
            result = error.result
            if result.code == result.SUCCEEDED:
                raise _TaskEnded(failure_code, f'{phase}: {error}') from error
        except (ActionUnavailable, ActionTimeout) as error:
            raise _TaskEnded(failure_code, str(error)) from error
        if self._server.interrupted(goal_handle):
            raise ActionInterrupted('interrupted')
        if result.code != result.SUCCEEDED:
            again = result.code in (
                (Predict.Result.ENGINE_FAILED,) if phase == 'predict' else (ExecutePlan.Result.REJECTED,))
            raise _TaskEnded(failure_code, f'{phase}: {result.message}', again)
        return result

    def _publish(self, goal_handle, feedback: RunTask.Feedback, phase: str, step=0, steps=0, remaining=None) -> None:
        feedback.phase, feedback.step, feedback.steps = phase, step, steps
        feedback.remaining = remaining or duration_to_message(0.0)
        if goal_handle.is_active:
            goal_handle.publish_feedback(feedback)


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(Coordinator)


if __name__ == '__main__':
    sys.exit(main())
