# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The interface behind which every generator sits, learned or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from robot4d_core.errors import EngineError
from robot4d_core.observation import Observation
from robot4d_core.prediction import Prediction
from robot4d_core.robot.robot import Robot

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


class Engine(ABC):
    """Turns an observation into a predicted 4-D video. One thread owns an engine.

    `name` appears in every message, picture and file that the engine's predictions touch. needs_robot, once it is
    started: whether its observations must hold the robot's state, and use_robot must be called before predict.
    """

    name: str
    needs_robot = False
    needs_simulator = False

    @abstractmethod
    def start(self) -> None:
        """Load what predict needs; raises EngineError that says what is missing and what to do."""

    @abstractmethod
    def predict(
        self,
        observation: Observation,
        *,
        steps: int | None = None,
        seed: int | None = None,
        progress: Progress = lambda step, steps: None,
        cancelled: Cancelled = lambda: False,
    ) -> Prediction:
        """Imagine the next seconds.

        steps: denoising steps, None for the engine's default; seed: of the sampler, None for a fresh one;
        progress(step, steps) is called after every step; cancelled() is asked between steps.
        Raises PredictionCancelled, and EngineError when the observation does not fit.
        """

    def use_robot(self, robot: Robot) -> None:
        """Tell an engine with needs_robot which robot it sees. Raises RobotDescriptionError when it cannot be drawn."""

    def stop(self) -> None:
        """Release memory and devices; start may be called again."""


def make_engine(name: str, **options) -> Engine:
    """Make the engine called name: 'hold', 'diffusion' or 'oracle'; options go to its constructor.

    Raises EngineError for an unknown name.
    """
    if name == 'hold':
        from robot4d_core.generator.engines.hold import HoldEngine
        return HoldEngine(**options)
    if name == 'diffusion':
        from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
        return DiffusionEngine(**options)
    if name == 'oracle':
        from robot4d_core.generator.engines.oracle import OracleEngine
        return OracleEngine(**options)
    raise EngineError(f"unknown engine '{name}'; choose hold, diffusion or oracle")
