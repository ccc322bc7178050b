#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Drives the demo: asks for the task, shows progress, keeps what happened, and writes it down at the end."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import rclpy
from lifecycle_msgs.srv import GetState
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image

from robot4d.action import RunTask
from robot4d.msg import GripperPlans, Prediction, SimulatorState
from robot4d_core.cell.tasks.by_name import make_task
from robot4d_core.errors import Robot4dError
from robot4d_core.evaluation.demo_cycle import DemoCycle
from robot4d_core.evaluation.demo_report import DemoOutcome, exit_status, print_summary, read_summary, write_demo
from robot4d_core.generator.engines.shipped_model import shipped_model
from robot4d_core.robot.names import CELL, SHIPPED
from robot4d_core.sensors.images import colour_image
from robot4d_nodes import conversions, parameters, qos
from robot4d_nodes.action_call import ActionFailed, ActionInterrupted, ConcurrentActionClient, call_action
from robot4d_nodes.ending_signals import EndingSignals
from robot4d_nodes.lifecycle import ACTIVE, spinning
from robot4d_nodes.parameters import parameter

NODES = ('cell', 'generator', 'tracker', 'executor', 'coordinator', 'playback')
CAMERAS = ('reference', 'second')
HISTORY = 400  # camera images and simulator states kept to look back to an observation
BAR = 24  # characters
_SETTLE = 1.0  # seconds of wall time before the simulator judges
_HEARD = 1.5  # simulated seconds that all nodes listen before anything is asked: longer than an observation may be old


@dataclass(frozen=True)
class DemoParameters:
    """Parameters of the demo."""

    task: str = parameter('PutSpatulaOnTable', 'What the robot shall do')
    robot: str = parameter(CELL, 'Which robot the cell has', choices=tuple(SHIPPED))
    engine: str = parameter('diffusion', 'The generator engine that was started; decides what counts as a good end')
    model: str = parameter('', 'Folder of the learned model; empty: the shipped one')
    max_cycles: int = parameter(24, 'Cycles before the task is given up', low=1, high=1000)
    dry_run: bool = parameter(False, 'Plan and check, but do not move')
    output: str = parameter('out/demo', 'Folder for what the demo writes')
    start_timeout: float = parameter(180.0, 'For all nodes to become active, seconds', low=1.0, high=3600.0)
    task_timeout: float = parameter(1800.0, 'For the whole task, seconds', low=1.0, high=36000.0)


class NotStarted(Robot4dError):
    """A node of the demo did not become active."""


class Demo(Node):
    """Listens to everything the demo shows, and calls `run_task`."""

    def __init__(self) -> None:
        """Subscribe; nothing is asked for yet."""
        super().__init__('demo')
        parameters.declare(self, DemoParameters())
        self.settings = parameters.read(self, DemoParameters)
        self.interrupted = threading.Event()
        self.cycles: list[DemoCycle] = []
        self._group = ReentrantCallbackGroup()
        self._lock = threading.Lock()
        self._phase = ''
        self._last_line = 0.0
        self._images = {camera: deque(maxlen=HISTORY) for camera in CAMERAS}
        self._states: deque[SimulatorState] = deque(maxlen=HISTORY)
        self._run_task = ConcurrentActionClient(self, RunTask, 'run_task', callback_group=self._group)
        self._listen(Prediction, 'prediction', self._receive_prediction, qos.PREDICTION)
        self._listen(GripperPlans, 'gripper_plan', self._receive_plans, qos.LATCHED)
        self._listen(SimulatorState, 'simulator_state', self._receive_state, qos.STATE)
        for camera in CAMERAS:
            self._listen(
                Image, f'/{camera}/color/image_raw',
                lambda message, camera=camera: self._receive_image(camera, message), qos.CAMERA,
            )

    def _listen(self, message_type, topic, callback, profile) -> None:
        self.create_subscription(message_type, topic, callback, profile, callback_group=self._group)

    def wait_for_nodes(self) -> None:
        """Wait until every node is active and has listened to the cell for a while.

        Raises NotStarted naming the nodes that are not active in time, ModelError when the shipped model does not know
        the cell's robot.
        """
        if self.settings.engine == 'diffusion' and not self.settings.model:
            shipped_model(self.settings.robot)
        clients = {
            name: self.create_client(GetState, f'{name}/get_state', callback_group=self._group) for name in NODES
        }
        waiting, said = set(NODES), ''
        deadline = time.monotonic() + self.settings.start_timeout
        while waiting or not self._states:
            now_waiting = ', '.join(sorted(waiting)) or 'the first state of the cell'
            if now_waiting != said:
                said = now_waiting
                print(f'waiting for: {said}', flush=True)
            if time.monotonic() > deadline:
                raise NotStarted(
                    f'not active after {self.settings.start_timeout:.0f} s: {said}; see what they say above')
            if self.interrupted.wait(0.5):
                raise ActionInterrupted('interrupted')
            waiting -= {name for name in waiting if self._is_active(clients[name])}
        all_active = self._cell_time()
        while self._cell_time() < all_active + _HEARD:
            if time.monotonic() > deadline:
                raise NotStarted(f'the cell stands still at {all_active:.1f} s; see what it says above')
            if self.interrupted.wait(0.1):
                raise ActionInterrupted('interrupted')

    def _cell_time(self) -> float:
        return conversions.time_from_message(self._states[-1].header.stamp)

    def _is_active(self, client) -> bool:
        if not client.service_is_ready():
            return False
        answered = threading.Event()
        future = client.call_async(GetState.Request())
        future.add_done_callback(lambda _: answered.set())
        return answered.wait(1.0) and future.result().current_state.label == ACTIVE

    def run(self) -> DemoOutcome:
        """Ask for the task and wait for its end."""
        started = time.monotonic()
        try:
            result = call_action(
                self._run_task, 'run_task',
                RunTask.Goal(
                    instruction=make_task(self.settings.task).instruction, max_cycles=self.settings.max_cycles,
                    dry_run=self.settings.dry_run,
                ),
                server_timeout=10.0, result_timeout=self.settings.task_timeout,
                interrupted=self.interrupted.is_set, on_feedback=self._show,
            )
            message, loop_ended = result.message, True
            self._keep_durations(result)
        except ActionFailed as error:
            message = error.result.message or str(error)
            loop_ended = error.result.code in (RunTask.Result.MAX_CYCLES, RunTask.Result.TRACK_FAILED)
            self._keep_durations(error.result)
        except Robot4dError as error:
            message, loop_ended = str(error), False
        self.interrupted.wait(_SETTLE)
        return DemoOutcome(
            task=self.settings.task, engine=self.settings.engine,
            model=self.cycles[-1].prediction.model if self.cycles else self.settings.engine,
            loop_ended=loop_ended, loop_message=message, missing=tuple(self._states[-1].missing),
            wall_time=time.monotonic() - started,
        )

    def _keep_durations(self, result: RunTask.Result) -> None:
        by_id = {conversions.uuid_from_message(cycle.prediction_id): cycle for cycle in result.cycles}
        for cycle in self.cycles:
            happened = by_id.get(cycle.prediction.id)
            if happened is None:
                cycle.outcome = 'lost, predicted again'
                continue
            cycle.predict, cycle.track, cycle.execute = (
                conversions.duration_from_message(d) for d in (happened.predict, happened.track, happened.execute))
            cycle.steps, cycle.outcome = happened.steps, happened.outcome

    def _receive_prediction(self, message: Prediction) -> None:
        prediction = conversions.prediction_from_message(message)
        states = [(conversions.time_from_message(state.header.stamp), state) for state in self._states]
        state = min(states, key=lambda pair: abs(pair[0] - prediction.stamp))[1]
        observed = {
            camera: min(images, key=lambda pair: abs(pair[0] - prediction.stamp))[1]
            for camera, images in self._images.items() if images
        }
        with self._lock:
            self.cycles.append(DemoCycle(
                prediction, simulator=conversions.simulator_state_from_message(state), observed=observed,
                then={camera: [] for camera in CAMERAS},
            ))

    def _receive_plans(self, message: GripperPlans) -> None:
        prediction_id = conversions.uuid_from_message(message.prediction_id)
        with self._lock:
            for cycle in self.cycles:
                if cycle.prediction.id == prediction_id:
                    cycle.plans = conversions.gripper_plans_from_message(message)

    def _receive_state(self, message: SimulatorState) -> None:
        self._states.append(message)

    def _receive_image(self, camera: str, message: Image) -> None:
        image = colour_image(message, camera)
        self._images[camera].append((conversions.time_from_message(message.header.stamp), image))
        with self._lock:
            if self._phase == 'execute' and self.cycles:
                self.cycles[-1].then[camera].append(image)

    def _show(self, feedback: RunTask.Feedback) -> None:
        """Print progress: every change of phase, and the step at most once a second."""
        with self._lock:
            new_phase = feedback.phase != self._phase
            self._phase = feedback.phase
            if not new_phase and time.monotonic() - self._last_line < 1.0:
                return
            self._last_line = time.monotonic()
        line = f'cycle {feedback.cycle}/{feedback.max_cycles}  {feedback.phase:8}'
        if feedback.steps:
            filled = BAR * feedback.step // feedback.steps
            line += f'[{"#" * filled}{"-" * (BAR - filled)}] {feedback.step}/{feedback.steps}'
            remaining = conversions.duration_from_message(feedback.remaining)
            if remaining > 0:
                line += f'  {remaining:.0f} s left'
        print(line, flush=True)


def main() -> int:
    """Run the demo once; the exit status is that of `robot4d report`, 130 after Ctrl-C."""
    signals = EndingSignals()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    demo = Demo()

    def wait_for_interrupt() -> None:
        signals.wait()
        demo.interrupted.set()

    threading.Thread(target=wait_for_interrupt, daemon=True).start()
    status = 1
    try:
        with spinning(demo):
            demo.wait_for_nodes()
            outcome = demo.run()
        files = write_demo(
            demo.cycles, outcome, Path(demo.settings.output), pictures=not demo.interrupted.is_set())
        summary = read_summary(Path(demo.settings.output))
        print_summary(summary)
        status = exit_status(summary)
        print('wrote ' + ', '.join(str(file) for file in files), flush=True)
    except Robot4dError as error:
        print(f'demo: {error}', file=sys.stderr, flush=True)
    rclpy.shutdown()
    return status


if __name__ == '__main__':
    sys.exit(main())
