# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot that cannot be moved is refused with every problem named, by what nodes and `robot4d doctor` both call."""

from __future__ import annotations

import re

import pytest
import trimesh

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.executor.robot_arms import RobotArms
from robot4d_core.executor.robot_examination import examine_robot
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.names import read_arm_names
from shipped_robot import DESCRIPTION

NAMES = read_arm_names()[:1]


def test_a_robot_that_is_well_has_no_problems():
    found = examine_robot(DESCRIPTION, NAMES)
    assert not found.problems and all(found.grippers) and all(found.kinematics) and found.clearance


def test_every_joint_without_a_speed_limit_is_named():
    slow = RobotDescription(re.sub(r'velocity="[^"]*"', 'velocity="0"', DESCRIPTION.urdf))
    found = examine_robot(slow, NAMES, velocity_limits={'arm_joint1': 1.0})
    assert [re.match("joint '(.*?)' has no velocity limit", problem)[1] for problem in found.problems] == [
        f'arm_joint{number}' for number in range(2, 8)]
    assert all(found.kinematics)


@pytest.mark.parametrize(('size', 'said'), [(3e-5, '3e-05'), (30.0, '30')])
def test_a_hand_of_an_impossible_size_is_refused(tmp_path, size, said):
    trimesh.creation.box((size, size, size)).export(tmp_path / 'hand.stl')
    mesh = f'<visual><geometry><mesh filename="{tmp_path}/hand.stl"/></geometry></visual>'
    urdf = re.sub('(<link name="gripper_hand">).*?(</link>)', rf'\1{mesh}\2', DESCRIPTION.urdf, flags=re.DOTALL)
    with pytest.raises(RobotDescriptionError, match=f"link 'gripper_hand': its mesh .* is {said} m large"):
        RobotArms.from_description(RobotDescription(urdf), NAMES)


def test_all_problems_are_in_the_refusal():
    urdf = re.sub(r'velocity="[^"]*"', 'velocity="0"', DESCRIPTION.urdf, count=1).replace('visual', 'sketch').replace(
        'collision', 'shape')
    with pytest.raises(RobotDescriptionError) as refused:
        RobotArms.from_description(RobotDescription(urdf), NAMES)
    for part in ("the hand 'gripper_hand' has neither visual nor collision shapes",
                 "joint 'arm_joint1' has no velocity limit", 'clearance cannot be judged'):
        assert part in str(refused.value)
