# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Distances of arms to themselves, to the table and to each other, against what the geometry of the cell says."""

from __future__ import annotations

import re

import numpy as np
import pinocchio as pin
import pytest

from published_robots import PANDA, description
from robot4d_core.cell.arms import HOME, HOME_BESIDE_ANOTHER
from robot4d_core.errors import RobotDescriptionError
from robot4d_core.geometry.poses import make_pose
from robot4d_core.robot.clearance import Clearance
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics
from shipped_robot import ARM, ARMS, DESCRIPTION

DOWN = np.diag([1.0, -1.0, -1.0])
TWO_ARMS = RobotDescription.shipped(arms=2)
JOINTS = [arm.joints for arm in ARMS]


@pytest.fixture(scope='module')
def alone() -> Clearance:
    return Clearance(DESCRIPTION, [ARM.joints])


@pytest.fixture(scope='module')
def both() -> Clearance:
    return Clearance(TWO_ARMS, JOINTS)


def apart(clearance: Clearance, positions: np.ndarray) -> float:
    return clearance.nearest(positions)[0].distance


def between(both: Clearance, first: np.ndarray, second: np.ndarray) -> float:
    return both.nearest(np.concatenate([first, second]))[1].distance


def test_at_home_nothing_is_near_and_one_arm_has_no_other(alone):
    own, other = alone.nearest(HOME)
    assert own.distance > 0.05 and other is None


def test_when_the_tool_is_below_the_table_top_expect_gripper_and_table_in_contact(alone, arm):
    above = arm.ik(make_pose(DOWN, [-0.1, 0.0, 0.05]), HOME)
    assert 0.02 < apart(alone, above) < 0.06
    gap, _ = alone.nearest(arm.ik(make_pose(DOWN, [-0.1, 0.0, -0.03]), above))
    assert gap.distance < 0 and 'table' in gap.links and 'gripper' in gap.links


def test_open_fingers_come_nearer_to_the_table_than_closed_ones(alone):
    tilted = HOME + np.array([0, 0.7, 0, 0, 0, 1.2, np.pi / 2])  # one finger below the other, 10 cm above the table
    with_open_fingers = Clearance(DESCRIPTION, [ARM.joints], dict.fromkeys(ARM.gripper.finger_joints, 0.04))
    assert apart(with_open_fingers, tilted) < apart(alone, tilted) - 0.01


def test_when_the_arm_folds_onto_itself_expect_contact(alone, arm):
    low, high = arm.position_limits
    folded = HOME.copy()
    folded[1], folded[3], folded[5] = -1.0, low[3], high[5]
    assert apart(alone, folded) < apart(alone, HOME)


def test_two_arms_at_home_are_as_far_from_themselves_as_one_alone(both, alone):
    home = np.concatenate([HOME_BESIDE_ANOTHER] * 2)
    assert apart(both, home) == pytest.approx(apart(alone, HOME_BESIDE_ANOTHER), abs=1e-6)


def test_two_hands_are_as_far_apart_as_their_poses_say(both):
    kinematics = [ArmKinematics(TWO_ARMS, arm.joints, arm.gripper.tcp) for arm in ARMS]
    first, second = (
        [arm.ik(make_pose(DOWN, [0.0, side * offset, 0.3]), HOME_BESIDE_ANOTHER) for offset in (0.14, 0.11)]
        for arm, side in zip(kinematics, (-1, 1), strict=True))
    hands = 2 * 0.14 - 2 * 0.09  # each hand is 0.18 m wide, across the way to the other
    assert between(both, first[0], second[0]) == pytest.approx(hands, abs=0.01)
    assert between(both, first[0], second[1]) == pytest.approx(hands - 0.03, abs=0.01)
    assert between(both, HOME_BESIDE_ANOTHER, second[0]) > between(both, first[0], second[0])


def test_when_an_arm_reaches_into_the_other_expect_both_hands_named(both):
    kinematics = [ArmKinematics(TWO_ARMS, arm.joints, arm.gripper.tcp) for arm in ARMS]
    same = [arm.ik(make_pose(DOWN, [0.0, 0.0, 0.3]), HOME_BESIDE_ANOTHER) for arm in kinematics]
    _, gap = both.nearest(np.concatenate(same))
    assert gap.distance < 0 and 'second_' in gap.links


def test_when_a_joint_is_unknown_expect_it_named():
    with pytest.raises(RobotDescriptionError, match='second_arm_joint1'):
        Clearance(DESCRIPTION, JOINTS)


def test_the_smallest_gap_is_that_of_all_pairs_measured_one_by_one():
    """Of a Panda with meshes, most of whose pairs are passed over for the boxes around them."""
    panda = description(PANDA)
    joints = panda.joints_above('panda_hand_tcp')
    clearance, rng = Clearance(panda, [joints]), np.random.default_rng(0)
    for _ in range(3):
        positions = dict(zip(joints, rng.uniform(-0.5, 0.5, 7) + [0, 0, 0, -1.5, 0, 1.5, 0]))
        model, shapes = pin.buildReducedModel(
            panda.model, panda.collision_shapes, [panda.model.getJointId(f'panda_finger_joint{k}') for k in (1, 2)],
            panda.configuration({}))
        for i, first in enumerate(shapes.geometryObjects):
            for j, second in enumerate(shapes.geometryObjects):
                if second.parentJoint - first.parentJoint > 2:  # in one chain
                    shapes.addCollisionPair(pin.CollisionPair(i, j))
        data, shape_data = model.createData(), shapes.createData()
        pin.updateGeometryPlacements(model, data, shapes, shape_data, np.array([positions[name] for name in joints]))
        pin.computeDistances(shapes, shape_data)
        expected = min(result.min_distance for result in shape_data.distanceResults)
        assert clearance.nearest(list(positions.values()))[0].distance == pytest.approx(expected, abs=1e-9)


def test_when_no_link_has_a_shape_expect_refusal():
    bare = RobotDescription(re.sub(r'<(visual|collision).*?</\1>', '', DESCRIPTION.urdf, flags=re.DOTALL))
    with pytest.raises(RobotDescriptionError, match='no shapes .* clearance cannot be judged; give its links'):
        Clearance(bare, [ARM.joints])


def test_when_links_have_visual_shapes_alone_expect_those_to_count(alone):
    seen = re.sub(r'<collision.*?</collision>', '', DESCRIPTION.urdf, flags=re.DOTALL)
    assert apart(Clearance(RobotDescription(seen), [ARM.joints]), HOME) == pytest.approx(apart(alone, HOME), abs=0.03)
