# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The arm's kinematics against a planar arm that can be computed by hand, and round trips on the cell's arm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot4d_core.cell.arms import HOME
from robot4d_core.errors import InverseKinematicsError, RobotDescriptionError
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.reach import reach
from shipped_robot import arm_kinematics

LENGTHS = (0.4, 0.3, 0.2)
DOWN = np.diag([1.0, -1.0, -1.0])
shares = st.lists(st.floats(0.05, 0.95), min_size=7, max_size=7)
nudges = st.lists(st.floats(-0.15, 0.15), min_size=7, max_size=7)


def planar_urdf() -> str:
    """Return three joints about z, on a pedestal 1 m above `ground`."""
    parts = ['<link name="ground"/><link name="link0"/>',
             '<joint name="pedestal" type="fixed"><parent link="ground"/><child link="link0"/>'
             '<origin xyz="0 0 1"/></joint>']
    for k, offset in enumerate((0.0, *LENGTHS[:2]), 1):
        parts.append(f'<link name="link{k}"/><joint name="joint{k}" type="revolute"><parent link="link{k - 1}"/>'
                     f'<child link="link{k}"/><origin xyz="{offset} 0 0"/><axis xyz="0 0 1"/>'
                     '<limit lower="-3" upper="3" velocity="2" effort="1"/></joint>')
    parts.append('<link name="tip"/><joint name="tip_joint" type="fixed"><parent link="link3"/><child link="tip"/>'
                 f'<origin xyz="{LENGTHS[2]} 0 0"/></joint>')
    return f'<robot name="planar">{"".join(parts)}</robot>'


@pytest.fixture
def planar() -> ArmKinematics:
    return ArmKinematics(RobotDescription(planar_urdf()), ['joint1', 'joint2', 'joint3'], 'tip', 'ground')


def joints_at(arm: ArmKinematics, share) -> np.ndarray:
    low, high = arm.position_limits
    return low + np.array(share) * (high - low)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_forward_kinematics_of_a_planar_arm(angles):
    planar = ArmKinematics(RobotDescription(planar_urdf()), ['joint1', 'joint2', 'joint3'], 'tip', 'ground')
    pose, headings = planar.fk(np.array(angles)), np.cumsum(angles)
    expected = [np.dot(LENGTHS, np.cos(headings)), np.dot(LENGTHS, np.sin(headings)), 1.0]
    np.testing.assert_allclose(pose[:3, 3], expected, atol=1e-12)
    np.testing.assert_allclose(pose[:2, 0], [np.cos(headings[-1]), np.sin(headings[-1])], atol=1e-12)


def test_limits_come_from_the_robot_description(planar):
    low, high = planar.position_limits
    assert (low.tolist(), high.tolist(), planar.velocity_limits.tolist()) == ([-3] * 3, [3] * 3, [2] * 3)


def test_the_published_ready_pose_of_the_panda(arm):
    """The flange is 0.307 m ahead of and 0.59 m above the base; the tool is 0.1034 m below it."""
    ready = np.array([0, -np.pi / 4, 0, -3 * np.pi / 4, 0, np.pi / 2, np.pi / 4])
    assert arm.fk(ready)[:3, 3] == pytest.approx([-0.55 + 0.307, 0.0, 0.590 - 0.1034], abs=2e-3)


@settings(max_examples=30)
@given(shares)
def test_jacobian_is_the_derivative_of_forward_kinematics(arm, share):
    positions, step = joints_at(arm, share), 1e-6
    here, jacobian = arm.fk(positions), arm.jacobian(positions)
    for joint in range(7):
        moved = arm.fk(positions + step * np.eye(7)[joint])
        np.testing.assert_allclose((moved - here)[:3, 3] / step, jacobian[:3, joint], atol=1e-5)
        turn = (moved[:3, :3] @ here[:3, :3].T - np.eye(3)) / step
        np.testing.assert_allclose([turn[2, 1], turn[0, 2], turn[1, 0]], jacobian[3:, joint], atol=1e-5)


@settings(max_examples=60, deadline=None, derandomize=True)  # about 1 of 5000 goals at the limits is missed
@given(shares, nudges)
def test_inverse_kinematics_returns_to_where_forward_kinematics_came_from(arm, share, nudge):
    low, high = arm.position_limits
    positions = joints_at(arm, share)
    pose = arm.fk(positions)
    solution = arm.ik(pose, np.clip(positions + nudge, low, high))
    distance, turn = pose_distance(arm.fk(solution), pose)
    assert distance < 1e-3 and turn < 5e-3
    assert (solution >= low).all() and (solution <= high).all()


def test_inverse_kinematics_stays_near_its_seed(arm):
    pose = arm.fk(HOME)
    pose[:3, 3] += [0.01, -0.01, 0.01]
    assert np.abs(arm.ik(pose, HOME) - HOME).max() < 0.1


def test_on_its_way_the_elbow_comes_back_from_where_it_was_pushed(arm):
    middle = np.mean(arm.position_limits, axis=0)
    pushed = HOME.copy()
    for _ in range(10):  # along the self-motion that keeps the tool where it is
        self_motion = np.linalg.svd(arm.jacobian(pushed))[2][-1]
        pushed = pushed + 0.1 * self_motion * np.sign(self_motion @ (pushed - middle))
    begin = arm.fk(pushed)
    positions = pushed
    for angle in np.linspace(0, 2 * np.pi, 13)[1:]:
        circle = make_pose(begin[:3, :3], begin[:3, 3] + [0, 0.03 * np.sin(angle), 0.03 * (1 - np.cos(angle))])
        positions = arm.ik(circle, positions)
    assert pose_distance(arm.fk(positions), begin)[0] < 1e-3
    assert np.linalg.norm(positions - middle) < np.linalg.norm(pushed - middle) - 0.3


def test_when_a_pose_is_out_of_reach_expect_the_miss_and_what_to_look_at(arm):
    with pytest.raises(InverseKinematicsError, match=r'misses by \d+ mm .* extrinsic') as caught:
        arm.ik(make_pose(DOWN, [1.5, 0.0, 0.2]), HOME)
    assert caught.value.distance > 0.5


def test_poses_are_relative_to_the_base_frame(arm):
    from_pedestal = arm_kinematics(base_frame='arm_link0')
    reach = invert_pose(arm.fk(HOME)) @ from_pedestal.fk(HOME)
    assert not np.allclose(reach, np.eye(4))
    solution = from_pedestal.ik(from_pedestal.fk(HOME), HOME + 0.05)
    assert pose_distance(arm.fk(solution), arm.fk(HOME))[0] < 1e-3


@pytest.mark.parametrize('names, message', [
    ({'joint_names': ['joint1', 'elbow']}, "no movable joint 'elbow'; it has: joint1, joint2, joint3"),
    ({'joint_names': ['joint1', 'pedestal']}, "no movable joint 'pedestal'"),
    ({'joint_names': ['joint1', 'joint2']}, "joint 'joint3' moves 'tip', but is not in joint_names; add it"),
    ({'tip_frame': 'link2'}, "joint 'joint3' does not move 'link2', what does is: joint1, joint2"),
    ({'joint_names': ['joint1', 'joint2', 'joint1']}, 'a joint is named twice: joint1, joint2, joint1'),
    ({'base_frame': 'link1'}, "base_frame 'link1' moves: joint 'joint1' carries it; name a link .* such as 'ground'"),
    ({'base_frame': 'moon'}, "no link 'moon'"),
    ({'tip_frame': 'claw'}, "no link 'claw'"),
])
def test_when_the_description_lacks_a_name_expect_it_named(names, message):
    complete = {'base_frame': 'ground', 'tip_frame': 'tip', 'joint_names': ['joint1', 'joint2', 'joint3']}
    with pytest.raises(RobotDescriptionError, match=message):
        ArmKinematics(RobotDescription(planar_urdf()), **{**complete, **names})


def test_when_the_description_is_no_urdf_expect_a_named_error():
    with pytest.raises(RobotDescriptionError, match='no URDF'):
        RobotDescription('not xml')


def test_positions_are_in_the_order_of_the_names(planar):
    backwards = ArmKinematics(RobotDescription(planar_urdf()), ['joint3', 'joint1', 'joint2'], 'tip', 'ground')
    angles, order = np.array([0.3, -0.7, 1.1]), [2, 0, 1]
    np.testing.assert_allclose(backwards.fk(angles[order]), planar.fk(angles), atol=1e-12)
    np.testing.assert_allclose(backwards.jacobian(angles[order]), planar.jacobian(angles)[:, order], atol=1e-12)
    np.testing.assert_allclose(backwards.ik(planar.fk(angles), angles[order] + 0.1), angles[order], atol=5e-3)


@given(st.lists(st.floats(-9, 9), min_size=3, max_size=3))
def test_continuous_joints_turn_as_far_as_needed_and_stay_near_the_seed(angles):
    description = RobotDescription(planar_urdf().replace('revolute', 'continuous'))
    arm = ArmKinematics(description, ['joint1', 'joint2', 'joint3'], 'tip', 'ground')
    assert arm.continuous.all() and np.isinf(arm.position_limits).all()
    angles = np.array(angles)
    limited = ArmKinematics(RobotDescription(planar_urdf()), ['joint1', 'joint2', 'joint3'], 'tip', 'ground')
    np.testing.assert_allclose(arm.fk(angles), limited.fk(angles), atol=1e-12)
    assert np.abs(arm.ik(arm.fk(angles), angles + 0.05) - angles).max() < 0.5  # stretched, it has two ways to get there


def test_a_mimic_joint_of_the_arm_moves_the_tip_with_the_joint_that_it_follows():
    urdf = planar_urdf().replace('<origin xyz="0.3 0 0"/>', '<origin xyz="0.3 0 0"/><mimic joint="joint1" '
                                 'multiplier="-2" offset="0.1"/>')
    arm = ArmKinematics(RobotDescription(urdf), ['joint1', 'joint2'], 'tip', 'ground')
    whole = ArmKinematics(RobotDescription(planar_urdf()), ['joint1', 'joint2', 'joint3'], 'tip', 'ground')
    np.testing.assert_allclose(arm.fk([0.4, 0.2]), whole.fk([0.4, 0.2, -0.7]), atol=1e-12)
    moved = (arm.fk([0.4 + 1e-6, 0.2]) - arm.fk([0.4, 0.2]))[:3, 3] / 1e-6
    np.testing.assert_allclose(moved, arm.jacobian([0.4, 0.2])[:3, 0], atol=1e-5)
    with pytest.raises(RobotDescriptionError, match="joint 'joint3' follows 'joint1'; name that one instead"):
        ArmKinematics(RobotDescription(urdf), ['joint1', 'joint2', 'joint3'], 'tip', 'ground')


def test_speed_limits_can_be_supplied_and_a_missing_one_is_named():
    description = RobotDescription(planar_urdf().replace('velocity="2"', 'velocity="0"', 1))
    arm = ArmKinematics(description, ['joint1', 'joint2', 'joint3'], 'tip', 'ground')
    with pytest.raises(RobotDescriptionError, match="joint 'joint1' has no velocity limit"):
        arm.velocity_limits  # noqa: B018
    supplied = ArmKinematics(description, ['joint1', 'joint2', 'joint3'], 'tip', 'ground', {'joint1': 1.5})
    assert supplied.velocity_limits.tolist() == [1.5, 2, 2]


def test_when_a_joint_has_no_room_expect_it_named():
    description = RobotDescription(planar_urdf().replace('lower="-3" upper="3"', 'lower="0" upper="0"', 1))
    with pytest.raises(RobotDescriptionError, match=r"joint 'joint1' cannot move: its limits are \(0.0, 0.0\)"):
        ArmKinematics(description, ['joint1', 'joint2', 'joint3'], 'tip', 'ground')


def test_reach_is_the_length_of_a_stretched_arm():
    description = RobotDescription(planar_urdf())
    arm = ArmKinematics(description, ('joint2', 'joint1', 'joint3'), 'tip', 'ground')
    assert reach(description, arm, 'ground') == (pytest.approx(sum(LENGTHS), abs=1e-6), 'joint1')
