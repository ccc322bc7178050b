# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a demo keeps of one cycle."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import SimulatorState
from robot4d_core.prediction import Prediction


@dataclass
class DemoCycle:
    """One cycle as the demo saw it.

    plans: of every gripper, none before they are known; observed: RGB (H, W, 3) of each camera at the observation;
    then: RGB of each camera while the arms moved, in order; simulator: the cell's true state at the observation;
    steps: of the prediction that were executed; predict, track, execute: wall-clock seconds.
    """

    prediction: Prediction
    plans: tuple[GripperPlan, ...] = ()
    simulator: SimulatorState | None = None
    observed: dict[str, np.ndarray] = field(default_factory=dict)
    then: dict[str, list[np.ndarray]] = field(default_factory=dict)
    predict: float = 0.0
    track: float = 0.0
    execute: float = 0.0
    steps: int = 0
    outcome: str = ''

    @property
    def lost(self) -> bool:
        """Whether any gripper was lost, or no plan has come."""
        return not self.plans or any(plan.lost for plan in self.plans)

    def reach(self) -> float:
        """Return how far a gripper gets from where it was observed, metres; 0 where one was lost."""
        return 0.0 if self.lost else max(plan.reach() for plan in self.plans)
