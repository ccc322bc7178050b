# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Success is judged from the objects: lying, on the place side, at rest, let go, the crock still standing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.geometry.poses import make_pose

LYING = Rotation.from_euler('y', 90, degrees=True)


def lay_down(cell, x, y, turn=0.0, height=0.012):
    rotation = Rotation.from_euler('z', turn) * LYING
    middle = rotation.apply([0, 0, 0.15])
    cell.place('spatula', make_pose(rotation, [x - middle[0], y - middle[1], height]))
    cell.advance(1.5)


def test_in_the_crock_is_no_success(cell):
    assert not cell.success()
    assert cell.pose('spatula')[2, 2] > 0.9, 'the spatula stands'
    assert np.linalg.norm((cell.pose('spatula') - cell.pose('crock'))[:2, 3]) < 0.031


@pytest.mark.parametrize('seed', range(5))
def test_objects_have_settled_at_the_start(seed):
    cell = RobotCell(Scene('PutSpatulaOnTable', seed, ()))
    before = cell.pose('spatula')
    cell.advance(3.0)
    top = [0, 0, 0.3, 1]
    assert np.linalg.norm((cell.pose('spatula') - before) @ top) < 0.015


@pytest.mark.parametrize('seed', range(1, 6))
def test_what_leans_does_not_creep_while_a_robot_thinks(seed):
    cell = RobotCell(Scene('PutSpatulaOnTable', seed, ()))
    cell.advance(5.0)
    before = cell.pose('spatula')
    cell.advance(10.0)
    assert np.linalg.norm((cell.pose('spatula') - before) @ [0, 0, 0.3, 1]) < 0.001


@pytest.mark.parametrize('turn', [0.0, 1.0, 2.5, 4.0])
def test_lying_on_the_place_side_is_success(cell, turn):
    lay_down(cell, 0.1, -0.25, turn)
    assert cell.success()


def test_lying_beside_the_crock_is_no_success(cell):
    lay_down(cell, 0.2, 0.05)
    assert not cell.success()
    assert cell.missing() == ('the spatula does not lie on the place side',)


def test_falling_is_no_success(cell):
    rotation = LYING
    cell.place('spatula', make_pose(rotation, [0.0, -0.25, 0.025]))
    cell.advance(0.04)
    assert cell.speed('spatula') > 0.02 and not cell.success()
    assert 'the spatula still moves' in cell.missing()


def test_lying_on_the_floor_is_no_success(cell):
    lay_down(cell, 0.1, -1.5)
    assert not cell.success()


def test_with_the_crock_toppled_is_no_success(cell):
    cell.place('crock', make_pose(Rotation.from_euler('x', 90, degrees=True), [0.3, 0.3, 0.05]))
    lay_down(cell, 0.1, -0.25)
    assert not cell.success()
    assert cell.missing() == ('the crock has toppled (90 degrees)',)


def test_while_held_is_no_success(cell):
    expert = Expert(cell)
    while expert.stages[0].name != 'carry':
        expert.advance(0.1)
    assert cell.arms[0].fingers_touching('spatula') == 2
    assert not cell.success()
    assert 'the gripper still touches the spatula' in cell.missing()


@pytest.mark.parametrize('turn', [0.0, 2.0, 4.0])
def test_a_lying_spatula_is_taken_without_touching_the_table(cell, turn):
    lay_down(cell, 0.1, 0.0, turn)
    expert, lowest = Expert(cell), np.inf
    while not expert.done and cell.time < 40:
        expert.advance(0.1)
        tips = [cell.pose(finger) @ [0, 0, 0.055, 1] for finger in cell.arms[0].names.gripper.fingers]
        lowest = min(lowest, *(tip[2] for tip in tips))
    assert cell.success()
    assert lowest > 0.003
