# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The simulated arm controller: checks and samples joint trajectories as joint_trajectory_controller does.

Source: ros2_controllers, joint_trajectory_controller/doc/{trajectory,userdoc}.rst.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BPoly

from robot4d_core.errors import TrajectoryError


@dataclass(frozen=True)
class JointTrajectory:
    """A trajectory of one arm. times: (N,) s, increasing; positions (N, J) rad; velocities, accelerations or None.

    Positions alone are joined linearly, with velocities cubically, with accelerations quintically.
    Raises TrajectoryError for what joint_trajectory_controller refuses: no points, arrays of different length,
    times that do not increase, numbers that are not finite, a last velocity that is not zero.
    """

    times: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray | None = None
    accelerations: np.ndarray | None = None

    def __post_init__(self) -> None:
        if len(self.times) == 0:
            raise TrajectoryError('the trajectory has no points')
        for name in ('positions', 'velocities', 'accelerations'):
            values = getattr(self, name)
            if values is None:
                continue
            if values.shape != self.positions.shape or len(values) != len(self.times):
                raise TrajectoryError(
                    f'{name} must have shape ({len(self.times)}, {self.positions.shape[-1]}), got {values.shape}'
                )
            if not np.isfinite(values).all():
                raise TrajectoryError(f'{name} must be finite')
        if self.times[0] < 0 or (np.diff(self.times) <= 0).any():
            late = int(np.argmin(np.diff(self.times))) if len(self.times) > 1 else 0
            raise TrajectoryError(
                f'times must be at least 0 and strictly increasing, got {self.times[late:late + 2]} at point {late}'
            )
        if self.velocities is not None and np.abs(self.velocities[-1]).max() > 1e-3:
            raise TrajectoryError(f'the last velocity must be zero, got {self.velocities[-1]}')

    @property
    def duration(self) -> float:
        """Seconds until the last point."""
        return float(self.times[-1])

    def started_from(self, positions: np.ndarray) -> JointTrajectory:
        """Return the trajectory with the arm's position (J,) as first point, at rest, unless it has one at time 0."""
        if self.times[0] <= 0:
            return self

        def prepend(first, rest):
            return None if rest is None else np.concatenate([first[None], rest])

        rest = np.zeros_like(positions)
        return JointTrajectory(
            np.concatenate([[0.0], self.times]), prepend(positions, self.positions),
            prepend(rest, self.velocities), prepend(rest, self.accelerations),
        )

    def sample(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Return desired positions and velocities (J,) at time seconds after the start; the last point is held."""
        if time >= self.duration or len(self.times) == 1:
            return self.positions[-1], np.zeros_like(self.positions[-1])
        i = max(int(np.searchsorted(self.times, time, side='right')) - 1, 0)
        derivatives = [d for d in (self.positions, self.velocities, self.accelerations) if d is not None]
        leg = BPoly.from_derivatives(self.times[i:i + 2], [[d[k] for d in derivatives] for k in (i, i + 1)])
        time = max(time, self.times[0])
        return leg(time), leg.derivative()(time)
