# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the generator sees: one synchronised look of every camera."""

from __future__ import annotations

from collections.abc import Mapping
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
class RobotState:
    """The robot at the stamp of an observation, and the one calibrated extrinsic.

    joints: positions by the joints' names in the robot description, rad or metres, fingers among them;
    T_base_reference: (4, 4) pose of the reference camera's optical frame in the robot's base frame.
    """

    joints: Mapping[str, float]
    T_base_reference: np.ndarray  # noqa: N815


@dataclass(frozen=True)
class Observation:
    """Synchronised views, the reference camera first. Where the other cameras stand is known to nobody.

    stamp: seconds of the ROS clock; frame_id: optical frame of the reference camera; robot: None where no robot's
    state is known.
    """

    stamp: float
    frame_id: str
    views: tuple[CameraView, ...]
    instruction: str = ''
    robot: RobotState | None = None
    simulator: SimulatorState | None = None
