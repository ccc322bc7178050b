# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the planner hands out: joint motion, gripper motion, and the order of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ArmMotion:
    """Joint motion that begins and ends at rest. times: (N,) s from 0; positions, velocities, accelerations: (N, J)."""

    times: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    accelerations: np.ndarray

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.times[-1])

    def slowed(self, share: float) -> ArmMotion:
        """Return the same path at a share, (0, 1], of its speed."""
        return ArmMotion(
            self.times / share, self.positions, self.velocities * share, self.accelerations * share**2)


@dataclass(frozen=True)
class GripperMotion:
    """Move the fingers to an opening, metres between the pads; 0 is to grasp."""

    opening: float


@dataclass(frozen=True)
class MotionPlan:
    """What to do, in order; every check has passed."""

    segments: tuple[ArmMotion | GripperMotion, ...]

    @property
    def duration(self) -> float:
        """Seconds of arm motion."""
        return sum(segment.duration for segment in self.segments if isinstance(segment, ArmMotion))
