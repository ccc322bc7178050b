# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stamps that jump back are noticed, disorder on the way is not taken for it, and clocks that differ are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot4d_core.sensors.stamps import JUMP, StampOrder, clocks_differ, first_jump


@given(st.lists(st.floats(0, JUMP - 0.01), min_size=1, max_size=50), st.floats(0.001, 1.0))
def test_stamps_in_disorder_do_not_jump(lateness, interval):
    assert first_jump(number * interval - late for number, late in enumerate(lateness)) is None


@given(st.floats(JUMP + 0.01, 1e9), st.integers(1, 20), st.integers(1, 20))
def test_a_jump_is_noticed_once_and_what_follows_goes_on(back, before, after):
    stamps = [2e9 + 0.05 * number for number in range(before)]
    stamps += [stamps[-1] - back + 0.05 * number for number in range(after)]
    order = StampOrder()
    jumps = [order.jump(stamp) for stamp in stamps]
    assert jumps.pop(before) == pytest.approx(back, abs=1e-5) and not any(jumps)
    assert first_jump(stamps) == (before, pytest.approx(back, abs=1e-5))


def test_two_publishers_with_clocks_of_their_own_jump_all_the_time():
    order = StampOrder()
    assert sum(order.jump(stamp) > 0 for k in range(10) for stamp in (100.0 + k, 50.0 + k)) == 10


@pytest.mark.parametrize(('delays', 'expected'), [
    ({}, ''), ({'a': 5.0}, ''), ({'a': 0.02, 'b': 0.2}, ''),
    ({'a': -0.3, 'b': 0.1}, 'clocks of a and b differ by 0.400 s'),
])
def test_clocks_that_differ_are_named(delays, expected):
    assert expected in clocks_differ(delays) and bool(expected) == bool(clocks_differ(delays))
