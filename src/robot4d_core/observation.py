# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the generator sees: one synchronised look of every camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.geometry.camera_view import CameraView


@dataclass(frozen=True)
class SimulatorState:
    """The simulated cell at one moment; exists in simulation only, for the oracle and for scoring.

    scene: JSON that rebuilds the cell (task, seed, cameras); state: MuJoCo integration state (n,) float64.
    """

    scene: str
    state: np.ndarray


@dataclass(frozen=True)
class Observation:
    """Synchronised views, the reference camera first. No extrinsics: nothing here knows where a camera stands.

    stamp: seconds of the ROS clock; frame_id: optical frame of the reference camera.
    """

    stamp: float
    frame_id: str
    views: tuple[CameraView, ...]
    instruction: str = ''
    simulator: SimulatorState | None = None
