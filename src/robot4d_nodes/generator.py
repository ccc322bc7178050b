#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The generator: synchronised RGB-D views in, on request an imagined 4-D video out."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

from robot4d.action import Predict
from robot4d.msg import Prediction as PredictionMessage
from robot4d.msg import SimulatorState as SimulatorStateMessage
from robot4d_core.errors import EngineError, ObservationError, PredictionCancelled, Robot4dError
from robot4d_core.generator.engines.engine import Engine, make_engine
from robot4d_core.observation import Observation, RobotState, SimulatorState
from robot4d_core.prediction import Prediction
from robot4d_nodes import qos
from robot4d_nodes.arm_parameters import ArmsOfNode, arms_parameter
from robot4d_nodes.camera_inputs import CameraInputs, Look
from robot4d_nodes.camera_streams import CameraTopics
from robot4d_nodes.conversions import (
    duration_to_message,
    prediction_to_message,
    simulator_state_from_message,
    time_from_message,
    uuid_to_message,
)
from robot4d_nodes.diagnostics import OK, WARN, Health
from robot4d_nodes.lifecycle import Robot4dNode, run_node
from robot4d_nodes.parameters import parameter
from robot4d_nodes.publishers import why_unheard
from robot4d_nodes.robot_state_input import RobotParameters, RobotStateInput
from robot4d_nodes.single_goal import SingleGoalServer

MAX_STEPS = 1000
_SIMULATOR_STATES = 100  # kept for the match with an observation
_TICK = 0.1  # seconds
_IDLE_TIMEOUT = 3.0  # seconds that deactivate waits for the engine to finish its step


@dataclass(frozen=True)
class GeneratorParameters:
    """Parameters of the generator node; those of each camera are CameraTopics under the camera's name."""

    engine: str = parameter(
        'diffusion', 'Engine that imagines: diffusion (learned), hold (nothing moves), oracle (simulation only)',
        choices=('hold', 'diffusion', 'oracle'), at_configure=True)
    arms: list[str] = arms_parameter()
    model: str = parameter(
        '', 'Folder of the learned model; empty: the one that comes with robot4d', at_configure=True)
    device: str = parameter('auto', 'Device of the diffusion engine: auto, cpu, cuda, cuda:1', at_configure=True)
    steps: int = parameter(0, 'Denoising steps when a goal does not say; 0: the default of the model', low=0,
                           high=MAX_STEPS)
    cameras: list[str] = parameter(
        ['reference', 'second'], 'Names of the cameras; the first is the calibrated reference', read_only=True)
    max_skew: float = parameter(
        0.05, 'Largest time between the images of one observation, seconds', low=0.001, high=1.0, at_configure=True)
    sync_queue: int = parameter(
        10, 'Images kept per stream for synchronisation', low=2, high=100, at_configure=True)
    max_age: float = parameter(
        0.0, 'How much older than a goal its observation may be, seconds; before it the robot may have moved',
        low=0.0, high=10.0)
    max_silence: float = parameter(
        2.0, 'Wall-clock time without a message after which an input counts as dead, seconds', low=0.1, high=60.0,
        at_configure=True)
    observation_timeout: float = parameter(
        5.0, 'How long a goal waits for an observation, seconds of wall time', low=0.1, high=60.0)
    engine_timeout: float = parameter(
        600.0, 'Longest time to load the engine, and to make one prediction, seconds', low=1.0, high=86400.0)


class Generator(Robot4dNode):
    """Serves the action `predict` and publishes `prediction`. The engine lives in one thread of its own."""

    def __init__(self, **node_options) -> None:
        """Declare parameters, the action and the publisher; the engine is loaded by configure."""
        super().__init__('generator', GeneratorParameters(), **node_options)
        self.declare_table(RobotParameters())
        self._arms = ArmsOfNode(self)
        for name in self.parameters.cameras:
            self.declare_table(CameraTopics.of_camera(name), prefix=f'{name}.')
        self._publisher = self.create_lifecycle_publisher(PredictionMessage, 'prediction', qos.PREDICTION)
        self._server = SingleGoalServer(self, Predict, 'predict', self._predict, failed=Predict.Result.ENGINE_FAILED)
        self._simulator_states: deque[SimulatorStateMessage] = deque(maxlen=_SIMULATOR_STATES)
        self._engine: Engine | None = None
        self._activity, self._last_duration = 'not loaded', float('nan')
        self.diagnostics.add('engine', self._engine_health)

    def configure(self) -> None:
        """Load the engine, then listen to the cameras."""
        settings = self.parameters
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix='engine')
        self.configured.callback(self._thread.shutdown, wait=False)
        self._activity = 'loading'
        self.configured.callback(setattr, self, '_activity', 'not loaded')
        self._engine = self._in_engine_thread(self._load, 'loading the engine')
        self.configured.callback(self._thread.submit, self._engine.stop)
        self._activity = 'idle'
        topics = {name: self.read_table(CameraTopics, prefix=f'{name}.') for name in settings.cameras}
        self._cameras = CameraInputs(
            self, topics, max_skew=settings.max_skew, queue_size=settings.sync_queue,
            max_silence=settings.max_silence)
        if self._engine.needs_robot:
            self._robot = RobotStateInput(
                self, self.read_table(RobotParameters), self._arms.names(), settings.max_silence)
            self._in_engine_thread(lambda: self._engine.use_robot(self._robot.robot), 'drawing the robot')
        if self._engine.needs_simulator:
            subscription = self.create_subscription(
                SimulatorStateMessage, 'simulator_state', self._on_simulator_state, qos.STATE,
                callback_group=MutuallyExclusiveCallbackGroup())
            self.configured.callback(self.destroy_subscription, subscription)
        self.get_logger().info(f"engine '{self._engine.name}' is ready")

    def deactivate(self) -> None:
        """Let the running goal end at the next step of the engine."""
        if not self._server.wait_until_idle(_IDLE_TIMEOUT):
            self.get_logger().warning('the engine has not finished its step yet')

    def _load(self) -> Engine:
        settings = self.parameters
        options = {'model': settings.model or None, 'device': settings.device} if settings.engine == 'diffusion' else {}
        try:
            engine = make_engine(settings.engine, **options)
            engine.start()
        except ImportError as error:
            raise EngineError(
                f"engine '{settings.engine}' needs the Python package '{error.name}', which is not installed; "
                'see the README, or choose another engine') from error
        return engine

    def _in_engine_thread(self, work: Callable[[], Any], doing: str) -> Any:
        """Return what work() returns; raises EngineError when it takes too long or the node is stopping."""
        future: Future = self._thread.submit(work)
        limit = self.parameters.engine_timeout
        deadline = time.monotonic() + limit + _IDLE_TIMEOUT
        while not self.stopping.is_set():
            try:
                return future.result(timeout=_TICK)
            except FutureTimeoutError:
                if future.done():
                    raise
                if time.monotonic() > deadline:
                    raise EngineError(
                        f'{doing} takes longer than engine_timeout ({limit:.0f} s); is the device busy?') from None
        raise EngineError(f'{doing} was given up: the node is stopping')

    def _predict(self, goal_handle: ServerGoalHandle) -> Predict.Result:
        goal = goal_handle.request
        if goal.steps > MAX_STEPS:
            return Predict.Result(
                code=Predict.Result.INVALID_GOAL, message=f'steps must be at most {MAX_STEPS}, got {goal.steps}')
        started = time.monotonic()
        failure = Predict.Result.NO_OBSERVATION
        try:
            observation = self._observe(goal_handle)
            failure = Predict.Result.ENGINE_FAILED
            prediction = self._imagine(goal_handle, observation)
        except Robot4dError as error:
            if self._server.interrupted(goal_handle):
                return Predict.Result(code=Predict.Result.CANCELED, message='canceled before the prediction was made')
            self.get_logger().warning(f'no prediction: {error}')
            return Predict.Result(code=failure, message=str(error))
        finally:
            self._activity = 'idle'
        self._publisher.publish(prediction_to_message(prediction))
        self._last_duration = time.monotonic() - started
        return Predict.Result(
            code=Predict.Result.SUCCEEDED, message=f'{self._last_duration:.1f} s', model=prediction.model,
            prediction_id=uuid_to_message(prediction.id))

    def _observe(self, goal_handle: ServerGoalHandle) -> Observation:
        """Return an observation at most max_age older than now, as soon as there is one."""
        self._activity = 'waiting for an observation'
        look, robot = self._look(goal_handle)
        return Observation(
            stamp=look.stamp, frame_id=look.frame_id, views=look.views, instruction=goal_handle.request.instruction,
            robot=robot, simulator=self._simulator_at(look.stamp) if self._engine.needs_simulator else None)

    def _look(self, goal_handle: ServerGoalHandle) -> tuple[Look, RobotState | None]:
        """Return the first look, or for an engine that needs the robot's state the first at which that is known."""
        settings, robot = self.parameters, self.read_table(RobotParameters)
        deadline, not_before = time.monotonic() + settings.observation_timeout, self.seconds_now() - settings.max_age
        while True:
            look = self._cameras.wait_for_look(
                not_before, settings.observation_timeout, lambda: self._server.interrupted(goal_handle))
            if not self._engine.needs_robot:
                return look, None
            try:
                return look, self._robot.state_at(
                    look.stamp, look.frame_id, robot.joint_state_tolerance, robot.state_timeout)
            except ObservationError:
                if time.monotonic() > deadline or self._server.interrupted(goal_handle):
                    raise
            not_before = math.nextafter(look.stamp, math.inf)

    def _imagine(self, goal_handle: ServerGoalHandle, observation: Observation) -> Prediction:
        settings, goal = self.parameters, goal_handle.request
        started = time.monotonic()
        first_step = started

        def report(step: int, steps: int) -> None:
            nonlocal first_step
            now = time.monotonic()
            first_step = now if step <= 1 else first_step
            remaining = (now - first_step) / (step - 1) * (steps - step) if step > 1 else 0.0
            self._activity = f'step {step} of {steps}'
            goal_handle.publish_feedback(Predict.Feedback(
                step=step, steps=steps, remaining=duration_to_message(remaining)))

        def cancelled() -> bool:
            return self._server.interrupted(goal_handle) or time.monotonic() - started > settings.engine_timeout

        try:
            return self._in_engine_thread(lambda: self._engine.predict(
                observation, steps=goal.steps or settings.steps or None, seed=goal.seed if goal.seed >= 0 else None,
                progress=report, cancelled=cancelled), 'the prediction')
        except PredictionCancelled:
            raise EngineError(
                f'no prediction within engine_timeout ({settings.engine_timeout:.0f} s); '
                'ask for fewer steps or use a faster device') from None

    def _on_simulator_state(self, message: SimulatorStateMessage) -> None:
        self._simulator_states.append(message)

    def _simulator_at(self, stamp: float) -> SimulatorState:
        """Return the state of the simulator at the observation's stamp; it may arrive a little later."""
        settings = self.parameters
        deadline = time.monotonic() + settings.observation_timeout
        while not self.stopping.is_set() and time.monotonic() < deadline:
            for message in reversed(tuple(self._simulator_states)):
                if abs(time_from_message(message.header.stamp) - stamp) <= settings.max_skew:
                    return simulator_state_from_message(message)
            self.stopping.wait(_TICK)
        raise ObservationError(
            f'no simulator_state within {settings.max_skew * 1e3:.0f} ms of the observation '
            f"({why_unheard(self, 'simulator_state', SimulatorStateMessage, qos.STATE)}); "
            f"engine '{self._engine.name}' works in simulation only: is the cell node running?")

    def _engine_health(self) -> Health:
        values = {'engine': self._engine.name if self._engine else self.parameters.engine,
                  'last prediction (s)': f'{self._last_duration:.2f}'}
        return Health(OK if self._engine else WARN, self._activity, values)


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(Generator)


if __name__ == '__main__':
    sys.exit(main())
