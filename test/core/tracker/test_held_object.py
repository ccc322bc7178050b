# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""An object that travels with the gripper is told from one that stays, in rendered futures with known contacts."""

import numpy as np
import pytest

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.generator.engines.oracle import OracleEngine
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.tracker.held_object import TRAVEL, object_travels


@pytest.mark.parametrize('seed', [2, 5])
def test_object_travels_exactly_while_both_fingers_hold_it(seed):
    cell = RobotCell(Scene.sample('PutSpatulaOnTable', seed))
    camera_from_world = invert_pose(cell.scene.cameras[0].T_world_optical)
    oracle = OracleEngine()
    told, true, moving = [], [], []
    for _ in range(2):
        prediction = oracle.predict(cell.observe())
        expert, poses, held = Expert(cell), [], []
        for _ in prediction.time_from_start:
            expert.advance(0.5)
            poses.append(camera_from_world @ cell.arms[0].gripper_pose())
            held.append(cell.arms[0].fingers_touching('spatula') == 2)
        poses, held = np.array(poses), np.array(held)
        told.append(object_travels(prediction, poses))
        true.append(held[1:] & held[:-1])
        moving.append(np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=1) > TRAVEL)
    oracle.stop()
    cell.close()
    told, true, moving = (np.concatenate(x) for x in (told, true, moving))
    assert not told[~true].any()
    assert told[true & moving].mean() > 0.7
    assert (true & moving).sum() >= 5
