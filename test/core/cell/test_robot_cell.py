# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The cell against the truth: geometry of its images, servo accuracy, reproducibility."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from robot4d_core.cell.arms import HOME
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import SceneError
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from shipped_robot import ARMS, DESCRIPTION


def placement(cell, name):
    return next(p for p in cell.scene.cameras if p.name == name)


def points_in_world(cell, name):
    view = cell.render(name)
    pointmap = pointmap_from_depth(view.depth, placement(cell, name).camera)
    return view, transform_points(placement(cell, name).T_world_optical, pointmap)


@pytest.mark.parametrize('name', ['reference', 'second'])
def test_depth_of_the_table_lies_in_its_plane(cell, name):
    view, points = points_in_world(cell, name)
    table = points[(view.segmentation == 0) & np.isfinite(view.depth)]
    on_top = table[np.abs(table[:, 2]) < 0.02]
    assert len(on_top) > 0.9 * len(table), 'the rest is the edge of the table'
    assert np.quantile(on_top[:, 2], 0.05) > -0.002 and np.quantile(on_top[:, 2], 0.95) < 0.003


@pytest.mark.parametrize('name', ['reference', 'second'])
def test_points_of_the_hand_lie_on_the_hand(cell, name):
    view, points = points_in_world(cell, name)
    hand = transform_points(invert_pose(cell.pose('gripper_hand')), points[view.segmentation == 2])
    assert len(hand) > 100
    outside = np.maximum(np.abs(hand - [0, 0, 0.0205]) - [0.035, 0.09, 0.0375], 0)
    assert np.linalg.norm(outside, axis=1).max() < 0.004


@pytest.mark.parametrize('label, body', [(9, 'crock'), (10, 'spatula')])
def test_object_is_drawn_where_it_is(cell, label, body):
    view, points = points_in_world(cell, 'reference')
    seen = transform_points(invert_pose(cell.pose(body)), points[view.segmentation == label])
    assert len(seen) > 20
    half_width, height = {'crock': (0.045, 0.13), 'spatula': (0.03, 0.30)}[body]
    assert np.abs(seen[:, :2]).max() < half_width + 0.003
    assert -0.003 < seen[:, 2].min() and seen[:, 2].max() < height + 0.003


def test_fingers_are_told_apart(cell):
    labels = np.unique(np.concatenate([cell.render(name).segmentation for name in ('reference', 'second')]))
    assert set(labels) <= {0, 1, 2, 3, 4, 9, 10} and {0, 1, 2, 9, 10} <= set(labels)
    left, right = (cell.pose(f'gripper_finger_{side}')[:3, 3] for side in ('left', 'right'))
    assert (left - right) @ cell.arms[0].gripper_pose()[:3, 1] == pytest.approx(0.08, abs=1e-4)


def test_link_poses_follow_the_robot_description(cell):
    cell.arms[0].command(HOME + [0.2, 0.1, -0.1, 0.1, 0.2, -0.2, 0.3])
    cell.advance(1.0)
    model = pin.buildModelFromXML(DESCRIPTION.urdf)
    data, q = model.createData(), pin.neutral(model)
    for name, value in zip(ARMS[0].joints, cell.arms[0].positions, strict=True):
        q[model.joints[model.getJointId(name)].idx_q] = value
    pin.framesForwardKinematics(model, data, q)
    poses = cell.link_poses()
    for name in (*(f'arm_link{i}' for i in range(8)), 'gripper_hand', 'gripper_tcp'):
        expected = data.oMf[model.getFrameId(name)].homogeneous
        np.testing.assert_allclose(poses[name], expected, atol=1e-5, err_msg=name)


def test_arm_and_gripper_arrive_where_they_are_sent(cell):
    target = cell.arms[0].positions + [0.1, -0.1, 0.1, 0.1, -0.1, 0.1, 0.2]
    cell.arms[0].command(target)
    cell.arms[0].command_gripper(0.03)
    cell.advance(2.0)
    np.testing.assert_allclose(cell.arms[0].positions, target, atol=1e-3)
    np.testing.assert_allclose(cell.arms[0].velocities, 0, atol=1e-3)
    assert cell.arms[0].gripper_opening == pytest.approx(0.03, abs=5e-4)


def test_velocity_feed_forward_removes_the_lag(cell):
    start, speed, tick = cell.arms[0].positions, np.full(7, 0.2), 0.01
    for step in range(100):
        cell.arms[0].command(start + speed * tick * (step + 1), speed)
        cell.advance(tick)
    np.testing.assert_allclose(cell.arms[0].positions, start + speed * 1.0, atol=4e-3)


def test_when_restored_expect_bit_identical_future(cell):
    cell.arms[0].command(HOME + 0.1)
    cell.arms[0].command_gripper(0.0)
    cell.advance(0.3)
    state, rendered = cell.state(), cell.render('second')
    cell.advance(0.5)
    future = cell.state()

    twin = RobotCell(Scene.from_json(cell.scene.to_json()))
    twin.restore(state)
    again = twin.render('second')
    twin.advance(0.5)
    assert np.array_equal(twin.state(), future)
    assert np.array_equal(again.rgb, rendered.rgb) and np.array_equal(again.depth, rendered.depth, equal_nan=True)
    twin.close()


def test_reset_returns_to_the_drawn_start(cell):
    start = cell.state()
    cell.arms[0].command(HOME + 0.2)
    cell.advance(0.5)
    cell.reset()
    assert np.array_equal(cell.state(), start)
    assert cell.time == 0


def test_when_state_has_wrong_size_expect_named_error(cell):
    with pytest.raises(SceneError, match='numbers'):
        cell.restore(np.zeros(3))


def test_when_camera_is_unknown_expect_the_known_ones(cell):
    with pytest.raises(SceneError, match='reference, second'):
        cell.render('third')
