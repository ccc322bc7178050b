# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A generator node, two cameras and a client, spinning."""

from __future__ import annotations

from rclpy.action import ActionClient

import robot4d_nodes.generator
from nodes.bench import Probe, SteppingEngine, SyntheticCameras, overrides, wait_until
from robot4d.action import Predict
from robot4d.msg import Prediction
from robot4d_nodes.generator import Generator
from robot4d_nodes.lifecycle import spinning

RESULT = Predict.Result
PATIENT = {'engine': 'hold', 'max_silence': 60.0, 'observation_timeout': 60.0}
QUICK = {'max_silence': 0.8, 'observation_timeout': 0.8}


class Bench:
    """A generator, two cameras and a client, spinning."""

    def __init__(self, monkeypatch, engine: SteppingEngine, **values) -> None:
        monkeypatch.setattr(robot4d_nodes.generator, 'make_engine', lambda name, **options: engine)
        self.generator = Generator(parameter_overrides=overrides(**{**PATIENT, **values}))
        self.probe = Probe()
        self.cameras = SyntheticCameras(use_sim_time=values.get('use_sim_time', False))
        self.predictions = self.probe.collect(Prediction, 'prediction')
        self.client = ActionClient(self.probe, Predict, 'predict')
        self.feedback: list[Predict.Feedback] = []

    def __enter__(self) -> Bench:
        self._spinning = spinning(self.generator, self.cameras, self.probe)
        self._spinning.__enter__()
        wait_until(lambda: self.generator.active)
        assert self.client.wait_for_server(100.0)
        return self

    def __exit__(self, *error) -> None:
        self._spinning.__exit__(*error)

    def send(self, **goal):
        """Return the goal handle and the future of the result."""
        sending = self.client.send_goal_async(
            Predict.Goal(**{'seed': -1, **goal}), feedback_callback=lambda m: self.feedback.append(m.feedback))
        wait_until(sending.done)
        return sending.result(), sending.result().get_result_async()

    def predict(self, **goal) -> RESULT:
        _, future = self.send(**goal)
        wait_until(future.done)
        return future.result().result

    def failure(self) -> str:
        """Try to predict; return why there is no observation, '' when there is one."""
        result = self.predict()
        return result.message if result.code == RESULT.NO_OBSERVATION else ''

    def works(self) -> bool:
        return self.predict().code == RESULT.SUCCEEDED


def says_at_configure(monkeypatch, engine: SteppingEngine, message: str, **parameters) -> None:
    """Check that configure fails with a message."""
    monkeypatch.setattr('robot4d_nodes.generator.make_engine', lambda *_, **__: engine)
    generator, probe = Generator(parameter_overrides=overrides(**parameters)), Probe()
    with spinning(generator, probe):
        wait_until(lambda: message in probe.says('generator: state'))
