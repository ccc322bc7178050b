# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A prediction in a terminal: where its time went, and an end between two steps."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from rich.console import Console

from core.generator.engines.test_diffusion_engine import make_observation
from core.manual_clock import ManualClock
from robot4d_core.commands import prediction_in_terminal
from robot4d_core.commands.prediction_in_terminal import predict_in_terminal
from robot4d_core.errors import PredictionCancelled
from robot4d_core.generator.engines.engine import Engine
from robot4d_core.prediction import PredictedView, Prediction


class SleepyEngine(Engine):
    """Sleeps for known times before, in and after its steps; presses Ctrl-C in the second step if asked to."""

    name = 'sleepy'

    def __init__(self, interrupted: int = 0, sleep=lambda seconds: None) -> None:
        self.interrupted, self.sleep = interrupted, sleep
        self.finished = []

    def start(self) -> None:
        """Nothing to load."""

    def predict(self, observation, *, steps=None, seed=None, progress=None, cancelled=None):
        self.sleep(0.2)
        for step in range(1, steps + 1):
            if cancelled():
                raise PredictionCancelled(f'before step {step}')
            if step == 2:
                for _ in range(self.interrupted):
                    signal.raise_signal(signal.SIGINT)
            self.sleep(0.1)
            self.finished.append(step)
            progress(step, steps)
        self.sleep(0.3)
        seen = observation.views[0]
        view = PredictedView(seen.name, seen.camera, seen.rgb[None], np.zeros((1, *seen.rgb.shape), np.float32))
        return Prediction(0.0, 'frame', np.array([0.5]), (view,), 'sleepy')


def run(engine, steps=3):
    with open(os.devnull, 'w') as nowhere:
        return predict_in_terminal(engine, make_observation(16, 12), steps, 0, Console(file=nowhere))


def test_times_are_those_of_the_stages(monkeypatch):
    clock = ManualClock()
    monkeypatch.setattr(prediction_in_terminal, 'time', clock)
    prediction, seconds, steps = run(SleepyEngine(sleep=clock.sleep))
    assert (prediction.model, steps) == ('sleepy', 3)
    assert (seconds.before, seconds.steps, seconds.after) == pytest.approx((0.2, 0.3, 0.3))
    assert seconds.total == pytest.approx(seconds.before + seconds.steps + seconds.after)


def test_ctrl_c_lets_the_step_under_way_finish():
    engine, handler = SleepyEngine(interrupted=1), signal.getsignal(signal.SIGINT)
    with pytest.raises(PredictionCancelled, match='before step 3'):
        run(engine)
    assert engine.finished == [1, 2]
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_ctrl_c_ends_at_once():
    engine, handler = SleepyEngine(interrupted=2), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(engine)
    assert engine.finished == [1]
    assert signal.getsignal(signal.SIGINT) is handler
