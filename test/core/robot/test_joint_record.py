# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where joints were: between messages, from several publishers, and a sentence where it is not known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot4d_core.errors import ObservationError
from robot4d_core.robot.joint_record import JointRecord

STAMP = 1_700_000_000.0
TOLERANCE = 0.05


def record(*messages, **options) -> JointRecord:
    """Return a record of messages (seconds after STAMP, {joint: position})."""
    made = JointRecord(**options)
    for time, positions in messages:
        made.add(STAMP + time, list(positions), list(positions.values()))
    return made


@given(st.floats(0, 0.04), st.floats(-3, 3), st.floats(-3, 3), st.booleans())
def test_between_two_messages_the_position_lies_on_their_line_in_whatever_order_they_came(time, first, slope, swapped):
    messages = [(0.0, {'a': first}), (0.04, {'a': first + 0.04 * slope})]
    found = record(*(reversed(messages) if swapped else messages)).at(['a'], STAMP + time, TOLERANCE)
    assert found == {'a': pytest.approx(first + time * slope, abs=1e-5)}


def test_publishers_of_parts_of_the_robot_are_put_together_each_at_the_stamp():
    parts = record((0.00, {'arm': 1.0}), (0.01, {'finger': 0.02}), (0.02, {'arm': 2.0}), (0.03, {'finger': 0.04}))
    assert parts.at(['arm', 'finger'], STAMP + 0.02, TOLERANCE) == {'arm': 2.0, 'finger': pytest.approx(0.03)}


def test_a_message_at_the_stamp_counts_as_it_is():
    assert record((-0.02, {'a': 7.0}), (0.0, {'a': 0.1}), (0.02, {'a': 9.0})).at(['a'], STAMP, TOLERANCE) == {'a': 0.1}


def test_with_messages_on_one_side_only_the_nearest_counts():
    assert record((0.01, {'a': 1.0}), (0.03, {'a': 2.0})).at(['a'], STAMP, TOLERANCE) == {'a': 1.0}
    assert record((-0.03, {'a': 1.0}), (-0.01, {'a': 2.0})).at(['a'], STAMP, TOLERANCE) == {'a': 2.0}


def test_an_angle_that_begins_anew_is_not_interpolated_through_half_a_turn():
    wheel = record((-0.01, {'a': math.pi - 0.01}), (0.03, {'a': -math.pi + 0.03}))
    assert wheel.at(['a'], STAMP, TOLERANCE) == {'a': math.pi - 0.01}
    assert wheel.at(['a'], STAMP + 0.02, TOLERANCE) == {'a': -math.pi + 0.03}


def test_joints_that_are_not_asked_for_are_told_where_known():
    lift = record((0.0, {'arm': 1.0}), (-1.0, {'wheel': 5.0}), (0.0, {'lift': 0.3}))
    assert lift.at(['arm'], STAMP, TOLERANCE) == {'arm': 1.0, 'lift': 0.3}


@pytest.mark.parametrize(('made', 'expected'), [
    (record(), r'no joint_states with arm and finger; heard: nothing'),
    (record((0.0, {'finger': 0.0, 'wheel': 0.0})), r'no joint_states with arm; heard: finger, wheel'),
    (record((0.0, {'finger': 0.0}), (0.3, {'arm': 0.0})), r'with arm are 0\.30 s from the observation, limit 0\.05 s'),
])
def test_what_is_missing_is_named(made, expected):
    with pytest.raises(ObservationError, match=expected):
        made.at(['arm', 'finger'], STAMP, TOLERANCE)


def test_a_message_without_a_position_for_every_name_is_refused():
    with pytest.raises(ObservationError, match='1 positions for 2 joint names'):
        JointRecord().add(STAMP, ['a', 'b'], [0.0])


def test_a_joint_without_a_number_is_left_out_and_the_others_count():
    made = JointRecord()
    assert made.add(STAMP, ['a', 'b', 'c'], [math.nan, 0.5, math.inf]) == {'b'}
    assert made.at([], STAMP, TOLERANCE) == {'b': 0.5}


def test_it_reaches_a_stamp_once_every_joint_was_told_of_then_or_later():
    made = record((0.0, {'a': 0.0, 'b': 0.0}), (0.1, {'a': 0.0}))
    assert made.reaches(['a'], STAMP + 0.1) and not made.reaches(['a', 'b'], STAMP + 0.1)
    assert made.reaches(['a', 'b'], STAMP) and not made.reaches(['c'], STAMP)


def test_when_the_stamps_jump_back_expect_what_was_told_before_forgotten_and_the_jump_told():
    made = record((0.0, {'arm': 1.0}), (5.0, {'arm': 9.0, 'finger': 0.01}), (2.0, {'arm': 3.0}), (2.04, {'arm': 3.4}))
    assert made.at(['arm'], STAMP + 2.02, TOLERANCE) == {'arm': pytest.approx(3.2)}
    assert not made.reaches(['arm'], STAMP + 3.0)
    for stamp in (0.0, 5.0):
        with pytest.raises(ObservationError, match=r'their stamps jumped back by 3\.00 s'):
            made.at(['arm'], STAMP + stamp, TOLERANCE)


def test_the_past_is_remembered_for_a_while_and_can_be_forgotten():
    made = record((0.0, {'a': 1.0}), (5.0, {'a': 2.0}), duration=4.0)
    with pytest.raises(ObservationError, match=r'5\.00 s from the observation'):
        made.at(['a'], STAMP, TOLERANCE)
    made.forget()
    assert made.names == () and not made.reaches(['a'], STAMP)
