# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Whether what joint states say of a joint can be true of it: where it can be, and how fast it can get there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from robot4d_core.robot.description import RobotDescription

BEYOND_LIMITS = 0.1  # rad or metres, and share of the range, by which a joint may be measured beyond its limits
HASTE = 1.5  # times the speed limit at which a joint may be measured to move
JUMP = 0.05  # rad or metres that a joint may seem to jump all the same


@dataclass(frozen=True)
class JointRange:
    """low, high: rad or metres, infinite for a continuous joint; speed: rad/s or m/s, infinite where none is known."""

    joint: str
    low: float
    high: float
    speed: float

    def outside(self, position: float) -> str:
        """Return '' where a joint can be, otherwise a sentence."""
        beyond = min(BEYOND_LIMITS, BEYOND_LIMITS * (self.high - self.low))
        if self.low - beyond <= position <= self.high + beyond:  # refuses NaN, too
            return ''
        return (
            f'{self.joint} is said to be at {position:.4g}, its limits are {self.low:.4g} to {self.high:.4g}; '
            'joint states are in rad and metres, not in degrees, percent or ticks')

    def jump(self, before: float, position: float, seconds: float) -> str:
        """Return '' when a joint can get from one position to another within seconds, otherwise a sentence."""
        distance = abs(position - before)
        if np.isinf(self.high):  # a whole turn is no way
            distance = abs((position - before + np.pi) % (2 * np.pi) - np.pi)
        if distance <= HASTE * self.speed * abs(seconds) + JUMP:
            return ''
        return (
            f'{self.joint} is said to move from {before:.4g} to {position:.4g} within {abs(seconds):.3f} s, '
            f'its speed limit is {self.speed:.3g} per second: as if several publishers told of it')


def joint_ranges(
    description: RobotDescription, joints: Iterable[str], velocity_limits: Mapping[str, float]
) -> dict[str, JointRange]:
    """Return the range of each joint; velocity_limits: rad/s or m/s by joint, for no others a speed is known.

    Raises RobotDescriptionError for a joint that is not there.
    """
    return {joint: JointRange(joint, *description.position_limits(joint), velocity_limits.get(joint, np.inf))
            for joint in joints}
