# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot is drawn where a camera sees it, and left out where something else was measured."""

import numpy as np
import pytest

from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.episodes.bags.importing.robot_segmentation import RobotSegmenter
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.geometry.cameras import CameraPlacement, PinholeCamera
from robot4d_core.robot.robot import Robot


def positions_of(arm) -> dict[str, float]:
    half = arm.gripper_opening / 2
    fingers = dict.fromkeys(arm.names.gripper.finger_joints, half)
    return dict(zip(arm.names.joints, arm.positions, strict=True)) | fingers


@pytest.fixture(scope='module')
def seen():
    """A camera of the simulated cell, what it sees, and the joint positions by name."""
    cell = RobotCell(Scene.sample('PutSpatulaOnTable', 3, 320, 256))
    (arm,) = cell.arms
    positions = positions_of(arm)
    view = cell.render('reference')
    cell.close()
    return cell.scene.cameras[0], view, positions


def segment(placement: CameraPlacement, positions, depth) -> np.ndarray:
    return RobotSegmenter(Robot.shipped(1)).segment(placement, positions, depth)


def test_the_robot_is_where_the_simulated_camera_sees_it(seen):
    placement, view, positions = seen
    labels = segment(placement, positions, view.depth)
    robot = np.where(view.segmentation < len(SEGMENTS), view.segmentation, 0)
    assert set(np.unique(robot)) == {0, 1, 2, 3, 4}
    for label in range(1, 5):
        ours, truth = labels == label, robot == label
        assert (ours & truth).sum() / (ours | truth).sum() > 0.95, SEGMENTS[label]


@pytest.mark.parametrize('corner', [(0, 0), (60, 30), (40, 100)])
def test_a_principal_point_off_the_middle_shows_the_same_pixels(seen, corner):
    placement, view, positions = seen
    camera, (row, column) = placement.camera, corner
    part = PinholeCamera(200, 150, camera.fx, camera.fy, camera.cx - column, camera.cy - row)
    window = slice(row, row + 150), slice(column, column + 200)
    whole = segment(placement, positions, view.depth)[window]
    assert whole.any()
    labels = segment(CameraPlacement('part', placement.T_world_optical, part), positions, view.depth[window])
    assert (labels != whole).sum() <= 2


def test_pixels_that_are_not_square_are_drawn_so(seen):
    placement, view, positions = seen
    flat = CameraPlacement('flat', placement.T_world_optical, placement.camera.resized(320, 128))
    whole = segment(placement, positions, view.depth)
    labels = segment(flat, positions, view.depth[::2])
    assert (labels > 0).sum() == pytest.approx((whole > 0).sum() / 2, rel=0.03)
    either = (labels > 0) | (whole[::2] > 0)
    assert ((labels > 0) & (whole[::2] > 0)).sum() / either.sum() > 0.9


def test_what_hides_the_robot_is_background(seen):
    placement, view, positions = seen
    whole = segment(placement, positions, view.depth)
    near, far = np.quantile(np.nonzero(whole)[1], [0.4, 0.8]).astype(int)
    depth = view.depth.copy()
    depth[:, :near] -= 0.1
    depth[:, far:] = np.nan
    labels = segment(placement, positions, depth)
    assert not labels[:, :near].any() and not labels[:, far:].any()
    assert labels[:, near:far].any() and np.array_equal(labels[:, near:far], whole[:, near:far])


def test_both_arms_have_their_own_labels():
    cell = RobotCell(Scene.sample('PlaceAppleFromBowlIntoBin', 1, 320, 256))
    positions = positions_of(cell.arms[0]) | positions_of(cell.arms[1])
    segmenter = RobotSegmenter(Robot.shipped(2))
    for placement in cell.scene.cameras:
        view = cell.render(placement.name)
        labels = segmenter.segment(placement, positions, view.depth)
        robot = np.where(view.segmentation < len(SEGMENTS), view.segmentation, 0)
        assert (labels != robot).mean() < 0.002
        assert {SEGMENTS.index('hand'), SEGMENTS.index('second_hand')} <= set(np.unique(labels))
    cell.close()
