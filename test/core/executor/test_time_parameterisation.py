# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Waypoints become motion: within limits, continuous, through every waypoint, at rest at both ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robot4d_core.errors import TrajectoryError
from robot4d_core.executor.time_parameterisation import SAMPLE_PERIOD, Waypoint, parameterise

VELOCITY, ACCELERATION, JERK = np.array([1.0, 2.0]), np.array([4.0, 5.0]), np.array([40.0, 60.0])
START = np.array([0.1, -0.2])
waypoint_lists = st.lists(
    st.tuples(st.floats(0.1, 1.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)), min_size=1, max_size=6)


def motion_through(waypoints):
    return parameterise(
        START, [Waypoint(interval, np.array(q)) for interval, *q in waypoints], VELOCITY, ACCELERATION, JERK)


@settings(max_examples=60, deadline=None)
@given(waypoint_lists)
@example([(1.0, 0.0, 1.0), (1.0, -1.0, 0.001953125), (1.0, 1.0, 0.0), (1.0, 0.0, -1.0)])  # Ruckig ends legs 9e-9 beside
@example([(0.1, 0.0, 0.1), (1.0, 1e-7, 0.0), (0.1, 1e-5, -1e-9)])
def test_limits_continuity_ends_and_waypoints_hold_for_any_waypoints(waypoints):
    motion = motion_through(waypoints)
    steps = np.diff(motion.times)[:, None]
    assert (steps > 0).all() and (steps <= SAMPLE_PERIOD + 1e-9).all()
    assert (np.abs(motion.velocities) <= VELOCITY * 1.000001).all()
    assert (np.abs(motion.accelerations) <= ACCELERATION * 1.000001).all()
    assert (np.abs(np.diff(motion.accelerations, axis=0)) <= JERK * steps * 1.000001 + 1e-9).all()
    moved, averaged = np.diff(motion.positions, axis=0), (motion.velocities[1:] + motion.velocities[:-1]) / 2 * steps
    assert (np.abs(moved - averaged) <= JERK * steps**3 / 6 + 1e-9).all()
    np.testing.assert_array_equal(motion.positions[0], START)
    np.testing.assert_allclose(motion.positions[-1], waypoints[-1][1:], atol=1e-9)
    for end in (0, -1):
        np.testing.assert_allclose(motion.velocities[end], 0, atol=1e-9)
        np.testing.assert_allclose(motion.accelerations[end], 0, atol=1e-9)
    for _, *positions in waypoints:
        assert np.abs(motion.positions - positions).max(axis=1).min() < 1e-9
    assert motion.duration >= sum(interval for interval, *_ in waypoints) - 1e-9


def test_intervals_that_suffice_are_kept():
    motion = motion_through([(1.0, 0.2, -0.1), (1.0, 0.3, 0.0), (1.0, 0.4, 0.1)])
    assert motion.duration == pytest.approx(3.0)


def test_when_an_interval_is_too_short_expect_a_longer_leg():
    assert motion_through([(0.1, 1.0, 0.0)]).duration > 0.9  # at 1 rad/s at most


def test_a_joint_keeps_moving_through_a_waypoint_on_its_way_and_rests_where_it_turns_back():
    motion = motion_through([(1.0, 0.3, 0.0), (1.0, 0.5, -0.2)])
    at_waypoint = int(np.abs(motion.positions - [0.3, 0.0]).max(axis=1).argmin())
    assert motion.velocities[at_waypoint, 0] > 0.1
    assert motion.velocities[at_waypoint, 1] == pytest.approx(0.0, abs=1e-9)


def test_slowed_motion_is_the_same_path_in_more_time():
    motion = motion_through([(1.0, 0.5, 0.3)])
    slow = motion.slowed(0.25)
    assert slow.duration == pytest.approx(4 * motion.duration)
    np.testing.assert_array_equal(slow.positions, motion.positions)
    np.testing.assert_allclose(
        np.gradient(slow.positions, slow.times, axis=0)[5:-5], slow.velocities[5:-5], atol=2e-3)
    np.testing.assert_allclose(
        np.gradient(slow.velocities, slow.times, axis=0)[5:-5], slow.accelerations[5:-5], atol=2e-2)


def test_when_the_limits_allow_no_motion_expect_a_named_error():
    with pytest.raises(TrajectoryError, match='no motion within the limits'):
        parameterise(START, [Waypoint(1.0, START + 0.1)], np.array([1.0, 1.0]), np.array([1.0, -1.0]), JERK)
