# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Kinematics: against itself, against the published Panda, and at the edge of its reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot4d_core.errors import InverseKinematicsError, RobotDescriptionError
from robot4d_core.executor import ArmKinematics
from robot4d_core.geometry.poses import make_pose, pose_distance
from robot4d_core.robot_description import load_robot_description

KINEMATICS = ArmKinematics(load_robot_description())
HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-0.4, 0.4), min_size=7, max_size=7), st.lists(st.floats(-0.25, 0.25), min_size=7, max_size=7))
def test_inverse_kinematics_reaches_the_pose_it_was_asked_for(offset, seed_offset):
    goal = KINEMATICS.fk(HOME + np.array(offset))
    solution = KINEMATICS.ik(goal, HOME + np.array(offset) + np.array(seed_offset))
    metres, radians = pose_distance(goal, KINEMATICS.fk(solution))
    low, high = KINEMATICS.position_limits
    assert metres < 1e-3 and radians < 3e-3
    assert (solution >= low).all() and (solution <= high).all()


def test_published_panda_pose():
    """At the ready pose the Panda's flange is 0.307 m ahead of and 0.59 m above its base; the tool is 0.1034 m below."""
    ready = np.array([0, -np.pi / 4, 0, -3 * np.pi / 4, 0, np.pi / 2, np.pi / 4])
    assert KINEMATICS.fk(ready)[:3, 3] == pytest.approx([-0.55 + 0.307, 0.0, 0.590 - 0.1034], abs=2e-3)


def test_when_goal_is_out_of_reach_expect_by_how_much():
    with pytest.raises(InverseKinematicsError, match='misses by'):
        KINEMATICS.ik(make_pose(np.diag([1.0, -1.0, -1.0]), [2.0, 0.0, 0.3]), HOME)


def test_when_gripper_is_pushed_into_the_table_expect_contact_with_it():
    distance, _ = KINEMATICS.nearest_contact(HOME)
    assert distance > 0.05
    low = KINEMATICS.fk(HOME)
    low[2, 3] = -0.02
    distance, names = KINEMATICS.nearest_contact(KINEMATICS.ik(low, HOME))
    assert distance < 0 and 'table' in names


@pytest.mark.parametrize('wrong', [{'tip_frame': 'nowhere'}, {'base_frame': 'nowhere'}, {'joint_names': ['nowhere']}])
def test_when_name_is_not_in_the_description_expect_it_named(wrong):
    with pytest.raises(RobotDescriptionError, match='nowhere'):
        ArmKinematics(load_robot_description(), **wrong)
