# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What can be true of a joint passes, other units and impossible jumps are named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from robot4d_core.robot.joint_range import JointRange, joint_ranges
from shipped_robot import ARM, DESCRIPTION

ELBOW = JointRange('elbow', -2.0, 3.0, 2.0)
FINGER = JointRange('finger', 0.0, 0.04, np.inf)
WHEEL = JointRange('wheel', -np.inf, np.inf, 2.0)


@given(st.floats(-2.0, 3.0), st.floats(-2.0, 2.0), st.floats(0.0, 10.0))
def test_motion_within_the_limits_passes(position, speed, seconds):
    after = position + speed * seconds
    assert ELBOW.outside(position) == '' and ELBOW.jump(position, after, seconds) == ''


@given(st.floats(-2.0, 3.0).filter(lambda angle: abs(angle) > 0.2))
def test_degrees_are_no_radians(angle):
    assume(not -2.2 < np.degrees(angle) < 3.2)
    assert 'elbow is said to be at' in ELBOW.outside(np.degrees(angle))


@pytest.mark.parametrize('position', [100.0, 0.5, -0.01, 40.0, np.nan, np.inf])
def test_percent_millimetres_and_nonsense_are_no_metres(position):
    assert 'its limits are 0 to 0.04; joint states are in rad and metres' in FINGER.outside(position)


def test_a_joint_may_be_measured_a_little_beyond_its_limits():
    assert FINGER.outside(-0.0005) == FINGER.outside(0.0405) == ELBOW.outside(3.05) == ''


@pytest.mark.parametrize(('seconds', 'says'), [(0.005, 'within 0.005 s, its speed limit is 2 per second'), (1.0, '')])
def test_a_jump_is_one_that_is_faster_than_the_joint(seconds, says):
    assert says in ELBOW.jump(0.1, 0.4, seconds)
    assert bool(ELBOW.jump(0.1, 0.4, seconds)) == bool(says)


def test_a_whole_turn_of_a_continuous_joint_is_no_jump():
    assert WHEEL.outside(1000.0) == WHEEL.jump(3.14, -3.14, 0.01) == ''
    assert WHEEL.jump(0.0, 3.0, 0.01)


def test_ranges_are_those_of_the_description():
    ranges = joint_ranges(DESCRIPTION, [ARM.joints[0], *ARM.gripper.finger_joints], {ARM.joints[0]: 1.0})
    assert [ranges[joint].speed for joint in ranges] == [1.0, np.inf, np.inf]
    assert (ranges[ARM.joints[0]].low, ranges[ARM.joints[0]].high) == DESCRIPTION.position_limits(ARM.joints[0])
