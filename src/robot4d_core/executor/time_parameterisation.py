# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""When to be where: waypoints become smooth joint motion within speed, acceleration and jerk limits (Ruckig)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ruckig import InputParameter, Result, Ruckig, RuckigError, Trajectory

from robot4d_core.errors import TrajectoryError
from robot4d_core.executor.motion import ArmMotion

SAMPLE_PERIOD = 0.02  # seconds, at most


@dataclass(frozen=True)
class Waypoint:
    """Joint positions (J,), rad, and the least time, seconds, since the waypoint before."""

    interval: float
    positions: np.ndarray


def parameterise(
    start: np.ndarray, waypoints: Sequence[Waypoint],
    max_velocity: np.ndarray, max_acceleration: np.ndarray, max_jerk: np.ndarray,
) -> ArmMotion:
    """Move from start (J,), at rest, through at least one waypoint to rest at the last one.

    Every joint passes every waypoint exactly and is at rest where it turns back. Legs that would break a limit,
    each (J,), take longer than their interval. Sampled every SAMPLE_PERIOD or closer, at every waypoint.
    Legs are solved one by one: Ruckig (Berscheid and Kroeger 2021, arXiv 2105.04830) has no intermediate waypoints
    offline. Raises TrajectoryError when it finds no solution.
    """
    positions = np.stack([start, *(waypoint.positions for waypoint in waypoints)])
    shortest = (np.abs(np.diff(positions, axis=0)) / max_velocity).max(axis=1)
    intervals = np.maximum([waypoint.interval for waypoint in waypoints], shortest)
    velocities = _waypoint_velocities(positions, intervals)
    rest = np.zeros_like(positions[0])
    times, samples = [0.0], [(positions[0], rest, rest)]
    for leg, interval in enumerate(intervals):
        trajectory = _solve_leg(
            positions[leg:leg + 2], velocities[leg:leg + 2], interval, max_velocity, max_acceleration, max_jerk)
        elapsed = np.linspace(0.0, trajectory.duration, int(np.ceil(trajectory.duration / SAMPLE_PERIOD)) + 1)[1:]
        samples += [tuple(np.array(values) for values in trajectory.at_time(time)) for time in elapsed[:-1]]
        samples.append((positions[leg + 1], velocities[leg + 1], rest))  # Ruckig ends up to 1e-8 rad beside it
        times += list(times[-1] + elapsed)
    return ArmMotion(np.array(times), *(np.stack(values) for values in zip(*samples, strict=True)))


def _solve_leg(
    positions: np.ndarray, velocities: np.ndarray, interval: float,
    max_velocity: np.ndarray, max_acceleration: np.ndarray, max_jerk: np.ndarray,
) -> Trajectory:
    joints = positions.shape[1]
    problem, trajectory = InputParameter(joints), Trajectory(joints)
    problem.current_position, problem.target_position = positions
    problem.current_velocity, problem.target_velocity = velocities
    problem.max_velocity, problem.max_acceleration, problem.max_jerk = max_velocity, max_acceleration, max_jerk
    problem.minimum_duration = float(interval)
    try:
        result = Ruckig(joints).calculate(problem, trajectory)
    except (RuckigError, ValueError) as error:  # ValueError: of a result that its Python part does not know
        result = error
    if result not in (Result.Working, Result.Finished):
        raise TrajectoryError(f'no motion within the limits from {np.round(positions[0], 3)} to '
                              f'{np.round(positions[1], 3)} rad: {result}')
    return trajectory


def _waypoint_velocities(positions: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    """Choose velocities (N, J) at waypoints (N, J): at rest at the ends and where a joint turns back.

    In between the harmonic mean of the neighbouring slopes, which keeps each joint monotone between waypoints
    (Fritsch and Butland 1984).
    """
    velocities = np.zeros_like(positions)
    slopes = np.diff(positions, axis=0) / intervals[:, None]
    before, after = slopes[:-1], slopes[1:]
    onward = before * after > 0
    velocities[1:-1][onward] = 2 * before[onward] * after[onward] / (before + after)[onward]
    return velocities
