# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The simulated controller samples trajectories as joint_trajectory_controller documents it."""

import numpy as np
import pytest

from robot4d_core.cell.trajectory_controller import JointTrajectory
from robot4d_core.errors import TrajectoryError


def quintic(t):
    """Minimum-jerk motion from 0 to 1 in 1 s, with its derivatives."""
    return 10 * t**3 - 15 * t**4 + 6 * t**5, 30 * t**2 - 60 * t**3 + 30 * t**4, 60 * t - 180 * t**2 + 120 * t**3


def test_positions_alone_are_joined_by_straight_lines():
    trajectory = JointTrajectory(np.array([0.0, 1.0, 3.0]), np.array([[0.0], [1.0], [0.0]]))
    assert trajectory.sample(0.25)[0] == pytest.approx([0.25])
    assert trajectory.sample(2.0)[0] == pytest.approx([0.5])
    assert trajectory.sample(2.0)[1] == pytest.approx([-0.5])


def test_full_points_reproduce_a_quintic_exactly():
    times = np.array([0.0, 0.3, 1.0])
    points = [np.array(x)[:, None] for x in zip(*(quintic(t) for t in times), strict=True)]
    trajectory = JointTrajectory(times, *points)
    for t in np.linspace(0, 1, 23):
        position, velocity = trajectory.sample(t)
        assert position == pytest.approx([quintic(t)[0]], abs=1e-12)
        assert velocity == pytest.approx([quintic(t)[1]], abs=1e-10)


def test_last_point_is_held():
    trajectory = JointTrajectory(np.array([1.0]), np.array([[0.4, 0.5]])).started_from(np.array([0.0, 0.0]))
    position, velocity = trajectory.sample(99.0)
    assert position == pytest.approx([0.4, 0.5]) and velocity == pytest.approx([0, 0])
    assert trajectory.sample(0.5)[0] == pytest.approx([0.2, 0.25])


@pytest.mark.parametrize(
    ('times', 'positions', 'velocities', 'message'),
    [
        ([], np.zeros((0, 2)), None, 'no points'),
        ([0.0, 1.0, 1.0], np.zeros((3, 2)), None, 'strictly increasing'),
        ([0.0, 1.0], np.zeros((3, 2)), None, 'shape'),
        ([0.0, 1.0], np.full((2, 2), np.nan), None, 'finite'),
        ([0.0, 1.0], np.zeros((2, 2)), np.array([[0.0, 0.0], [0.0, 0.1]]), 'last velocity must be zero'),
    ],
)
def test_when_trajectory_is_wrong_expect_the_reason(times, positions, velocities, message):
    with pytest.raises(TrajectoryError, match=message):
        JointTrajectory(np.array(times), positions, velocities)
