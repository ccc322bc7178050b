# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A cell with two arms: each has its own commands, poses and labels; a cell with one arm knows nothing of a second."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from robot4d_core.cell.arms import HOME
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.robot.description import RobotDescription
from shipped_robot import ARMS

TASK = 'PlaceAppleFromBowlIntoBin'
HAND = ((0.0, 0.0, 0.0205), (0.035, 0.09, 0.0375))  # centre and half sizes in their links' frames, from the URDF
FINGER_LEFT = ((0.0, 0.008, 0.0275), (0.01, 0.008, 0.0275))
FINGER_RIGHT = ((0.0, -0.008, 0.0275), (0.01, 0.008, 0.0275))
CAMERAS = ('reference', 'second', 'third', 'fourth')


@pytest.fixture(scope='module')
def shared_two_arm_cell():
    cell = RobotCell(Scene.sample(TASK, 1, camera_names=CAMERAS))
    yield cell
    cell.close()


@pytest.fixture
def cell(shared_two_arm_cell):
    shared_two_arm_cell.reset()
    return shared_two_arm_cell


def test_the_arms_are_named_apart(cell):
    assert [arm.names.gripper.name for arm in cell.arms] == ['gripper', 'second_gripper']
    assert [arm.names.joints[0] for arm in cell.arms] == ['arm_joint1', 'second_arm_joint1']
    assert {'arm_link0', 'second_arm_link0', 'gripper_tcp', 'second_gripper_tcp'} <= set(cell.link_poses())


def test_the_bases_stand_side_by_side(cell):
    first, second = (cell.pose(f'{prefix}arm_link0') for prefix in ('', 'second_'))
    np.testing.assert_allclose(first[:3, 3] * [1, -1, 1], second[:3, 3], atol=1e-9)
    assert first[1, 3] < -0.2, 'the first is on the right, seen from behind'


def test_the_arms_start_at_home(cell):
    for arm, side in zip(cell.arms, (-1, 1), strict=True):
        distance, turn = pose_distance(arm.home_pose, arm.gripper_pose())
        assert distance < 0.08 and turn < 0.2
        assert side * arm.home_pose[1, 3] > 0.2


@pytest.mark.parametrize('moving', [0, 1])
def test_each_arm_follows_its_own_commands(cell, moving):
    arm, other = cell.arms[moving], cell.arms[1 - moving]
    rest, target = other.positions, arm.positions + [0.1, -0.1, 0.1, 0.1, -0.1, 0.1, 0.2]
    arm.command(target)
    arm.command_gripper(0.03)
    cell.advance(2.0)
    np.testing.assert_allclose(arm.positions, target, atol=1e-3)
    np.testing.assert_allclose(arm.commands, target, atol=1e-9)
    assert arm.gripper_opening == pytest.approx(0.03, abs=5e-4)
    assert arm.gripper_command == pytest.approx(0.03)
    np.testing.assert_allclose(other.positions, rest, atol=1e-3)
    assert other.gripper_opening == pytest.approx(0.08, abs=5e-4)
    assert other.gripper_command == pytest.approx(0.08)


def test_both_arms_move_at_once(cell):
    targets = [arm.positions + 0.1 * sign for arm, sign in zip(cell.arms, (1, -1), strict=True)]
    for arm, target in zip(cell.arms, targets, strict=True):
        arm.command(target)
    cell.advance(2.0)
    for arm, target in zip(cell.arms, targets, strict=True):
        np.testing.assert_allclose(arm.positions, target, atol=1e-3)


def test_gripper_poses_follow_the_robot_description(cell):
    cell.arms[0].command(cell.arms[0].home + 0.1)
    cell.arms[1].command(cell.arms[1].home - 0.1)
    cell.advance(1.0)
    model = pin.buildModelFromXML(RobotDescription.shipped(arms=2).urdf)
    data, q = model.createData(), pin.neutral(model)
    for arm in cell.arms:
        for name, value in zip(arm.names.joints, arm.positions, strict=True):
            q[model.joints[model.getJointId(name)].idx_q] = value
    pin.framesForwardKinematics(model, data, q)
    for arm in cell.arms:
        expected = data.oMf[model.getFrameId(arm.names.gripper.tcp)].homogeneous
        np.testing.assert_allclose(arm.gripper_pose(), expected, atol=1e-5)


@pytest.mark.parametrize('link, box', [
    (f'{prefix}{link}', box) for prefix in ('', 'second_')
    for link, box in (('hand', HAND), ('finger_left', FINGER_LEFT), ('finger_right', FINGER_RIGHT))
])
def test_each_part_is_labelled_where_it_is(cell, link, box):
    body = link.replace('hand', 'gripper_hand').replace('finger', 'gripper_finger')
    centre, half = np.array(box)
    seen = []
    for placement in cell.scene.cameras:
        view = cell.render(placement.name)
        points = transform_points(placement.T_world_optical, pointmap_from_depth(view.depth, placement.camera))
        seen.append(points[view.segmentation == SEGMENTS.index(link)])
    points = transform_points(invert_pose(cell.pose(body)), np.concatenate(seen))
    assert len(points) > 20
    outside = np.maximum(np.abs(points - centre) - half, 0)
    assert np.linalg.norm(outside, axis=1).max() < 0.004


def test_cameras_see_both_grippers_and_all_objects(cell):
    sought = [SEGMENTS.index('hand'), SEGMENTS.index('second_hand'), *range(len(SEGMENTS), len(SEGMENTS) + 3)]
    seen = [[(cell.render(name).segmentation == label).sum() > 30 for label in sought] for name in CAMERAS]
    assert np.mean(seen) > 0.9


def test_the_arms_can_touch_each_other(cell):
    first, second = cell.arms
    first.command(first.home + [0.8, 0, 0, 0, 0, 0, 0])
    second.command(second.home - [0.8, 0, 0, 0, 0, 0, 0])
    cell.advance(2.0)
    names = [[cell.model.body(cell.model.geom_bodyid[g]).name for g in pair] for pair in cell.data.contact.geom]
    assert any(a.startswith('second_') != b.startswith('second_') for a, b in names)
    assert first.gripper_pose()[1, 3] < second.gripper_pose()[1, 3], 'neither passes through the other'


def test_when_restored_expect_bit_identical_future(cell):
    for arm, sign in zip(cell.arms, (1, -1), strict=True):
        arm.command(arm.home + 0.1 * sign)
    cell.arms[1].command_gripper(0.0)
    cell.advance(0.3)
    state = cell.state()
    cell.advance(0.5)
    future = cell.state()
    twin = RobotCell(Scene.from_json(cell.scene.to_json()))
    twin.restore(state)
    twin.advance(0.5)
    assert np.array_equal(twin.state(), future)


def test_a_cell_with_one_arm_knows_no_second():
    cell = RobotCell(Scene('PutSpatulaOnTable', 0, ()))
    (arm,) = cell.arms
    assert arm.names == ARMS[0]
    np.testing.assert_array_equal(arm.home, HOME)
    np.testing.assert_allclose(cell.pose('arm_link0')[:3, 3], [-0.55, 0, 0], atol=1e-12)
    assert not any('second' in name for name in cell.link_poses())
    assert RobotDescription.shipped().urdf == RobotDescription.shipped(arms=1).urdf
