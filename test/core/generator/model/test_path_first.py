# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the second view is placed when the network that places it is wrong."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.sensor import SENSORS
from robot4d_core.errors import EngineError
from robot4d_core.generator.model.path.network import PathNetwork
from robot4d_core.generator.model.path_first import PathFirst
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.robot.robot import Robot


@pytest.fixture(scope='module')
def seen():
    """Two noisy views, and where the second truly stands."""
    scene = Scene.sample('PutSpatulaOnTable', 3)
    with closing(RobotCell(scene)) as cell:
        cell.advance(0.2)
        rng = np.random.default_rng(0)
        views = [SENSORS['noisy'].apply(view, rng) for view in cell.observe().views]
    n, m = (placement.T_world_optical for placement in scene.cameras)
    return views, invert_pose(n) @ m


def placing_at(T_n_m):
    """Make a PathFirst whose network places the second camera at T_n_m."""
    return PathFirst(SimpleNamespace(
        path=PathNetwork(width=16, layers=1), encode=lambda rgb, points: np.zeros((2, 1)),
        align=lambda latents, points: T_n_m), Robot.shipped(1))


def test_a_placement_that_is_off_is_refined_without_a_search(seen, monkeypatch):
    views, truth = seen
    monkeypatch.setattr(PathFirst, '_search', staticmethod(lambda *_: pytest.fail('searched')))
    off = truth @ make_pose(Rotation.from_rotvec([0.0, 0.06, 0.0]), [0.03, 0.0, 0.03])
    distance, turn = pose_distance(truth, placing_at(off).place(views)[1])
    assert distance < 0.015 and turn < np.deg2rad(1)


def test_a_placement_far_off_is_searched_for_or_refused(seen):
    views, truth = seen
    off = truth @ make_pose(Rotation.from_rotvec([0.0, 0.0, 2.0]), [0.0, 0.0, 0.5])
    try:
        placed = placing_at(off).place(views)[1]
    except EngineError as error:
        assert 'cannot be placed otherwise' in str(error)
    else:
        assert pose_distance(truth, placed)[0] < 0.03
