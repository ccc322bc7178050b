# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the planner hands out: joint motion, gripper motion, and the order of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ArmMotion:
    """Joint motion, of one arm or of all in time with each other, that begins and ends at rest.

    times: (N,) s from 0; positions, velocities, accelerations: (N, J), the joints of all arms one after the other.
    """

    times: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    accelerations: np.ndarray

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.times[-1])

    @property
    def still(self) -> bool:
        """Whether no joint leaves its place."""
        return bool((self.positions == self.positions[0]).all())

    def of(self, joints: slice) -> ArmMotion:
        """Return the motion of some of the joints, those of one arm for example."""
        return ArmMotion(
            self.times, self.positions[:, joints], self.velocities[:, joints], self.accelerations[:, joints])

    def slowed(self, share: float) -> ArmMotion:
        """Return the same path at a share, (0, 1], of its speed."""
        return ArmMotion(
            self.times / share, self.positions, self.velocities * share, self.accelerations * share**2)


@dataclass(frozen=True)
class GripperMotion:
    """Move fingers while every arm rests. openings: per gripper, metres between the pads; None: stay."""

    openings: tuple[float | None, ...]


@dataclass(frozen=True)
class MotionPlan:
    """What all arms and grippers do, in order; every check has passed."""

    segments: tuple[ArmMotion | GripperMotion, ...]

    @property
    def duration(self) -> float:
        """Seconds of arm motion."""
        return sum(segment.duration for segment in self.segments if isinstance(segment, ArmMotion))
