# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot of one arm or two: where its tools are, against the kinematics of each arm alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot4d_core.errors import InverseKinematicsError
from robot4d_core.geometry.poses import pose_distance
from robot4d_core.robot.along_path import RobotAlongPaths
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.robot import Robot

ROBOTS = {arms: Robot.shipped(arms) for arms in (1, 2)}
READY = np.array([0.0, -0.3, 0.0, -2.4, 0.0, 2.1, 0.6])  # rad
angles = st.lists(st.floats(-0.3, 0.3), min_size=7, max_size=7)


@pytest.mark.parametrize('arms', [1, 2])
def test_links_are_those_of_the_arms_alone(arms):
    robot = ROBOTS[arms]
    assert 'table' in robot.description.links and 'table' not in robot.links
    assert {arm.gripper.tcp for arm in robot.arms} < set(robot.links)


@settings(max_examples=20, deadline=None)
@given(st.lists(angles, min_size=2, max_size=2), st.floats(0, 0.08))
def test_tools_are_where_each_arm_alone_has_them(offsets, opening):
    robot = ROBOTS[2]
    joints = READY + np.array(offsets)
    positions = robot.positions(joints, np.array([opening, 0.08 - opening]))
    np.testing.assert_allclose(robot.openings(positions), [opening, 0.08 - opening], atol=1e-9)
    for arm, angles_of_arm, tool in zip(robot.arms, joints, robot.tools(positions), strict=True):
        alone = ArmKinematics(robot.description, arm.joints, arm.gripper.tcp)
        np.testing.assert_allclose(tool, alone.fk(angles_of_arm), atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(angles)
def test_joints_along_a_path_bring_the_tools_along_it(offset):
    robot = ROBOTS[2]
    start = robot.positions(np.stack([READY, READY]), np.array([0.08, 0.08]))
    shares = np.linspace(0.2, 1, 5)[:, None]
    paths = np.stack([robot.tools(robot.positions(np.stack([READY + share * offset, READY]), np.zeros(2)))
                      for share in shares])
    openings = np.linspace(0.08, 0, 5)
    steps = RobotAlongPaths(robot).positions(start, paths.swapaxes(0, 1), [openings, openings])
    for positions, tools, opening in zip(steps, paths, openings, strict=True):
        np.testing.assert_allclose(robot.openings(positions), opening, atol=1e-9)
        for reached, wanted in zip(robot.tools(positions), tools, strict=True):
            distance, turn = pose_distance(reached, wanted)
            assert distance < 1e-3 and turn < 5e-3


def test_a_path_out_of_reach_is_refused():
    robot = ROBOTS[1]
    start = robot.positions(READY[None], np.array([0.08]))
    far = robot.tools(start)[0]
    far[0, 3] += 3.0
    with pytest.raises(InverseKinematicsError, match='cannot bring gripper_tcp'):
        RobotAlongPaths(robot).positions(start, [far[None]], [np.array([0.08])])
