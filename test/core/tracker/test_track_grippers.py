# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Two grippers that look alike, one of which passes by the other, against what the simulated cell says."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.generator.engines.oracle import OracleEngine
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings, track_grippers
from shipped_robot import ARMS

HAND_OVER = 6.0  # seconds after the start: the first arm carries the apple to the shelf between the arms
DESCRIPTION = RobotDescription.shipped(arms=2)


def gripper_poses(cell: RobotCell) -> list[np.ndarray]:
    """Return T_reference_tcp (4, 4) of each gripper."""
    T_reference_world = invert_pose(cell.scene.cameras[0].T_world_optical)
    return [T_reference_world @ arm.gripper_pose() for arm in cell.arms]


@pytest.mark.parametrize('mode', ['fused', 'best_view'])
def test_each_gripper_keeps_its_own_path_where_they_hand_over(mode):
    cell = RobotCell(Scene.sample('PlaceAppleFromBowlIntoBin', 1, 160, 128))
    Expert(cell).advance(HAND_OVER)
    starts, openings = gripper_poses(cell), [arm.gripper_opening for arm in cell.arms]
    observation = cell.observe()
    engine = OracleEngine(160, 128)
    prediction = engine.predict(observation)
    engine.stop()
    expert, true = Expert(cell), []  # takes over where the oracle's does
    for _ in range(FRAMES):
        expert.advance(FRAME_INTERVAL)
        true.append(gripper_poses(cell))
    cell.close()
    trackers = [
        GripperTracker(GripperModel.from_description(DESCRIPTION, arm.gripper), TrackerSettings(mode, gripper=name))
        for arm, name in zip(ARMS, ('first', 'second'), strict=True)]
    plans = track_grippers(trackers, prediction, starts, openings, observation)
    assert [plan.gripper for plan in plans] == ['first', 'second'] and not any(plan.lost for plan in plans)
    for number, plan in enumerate(plans):
        assert max(pose_distance(found, poses[number])[0]
                   for found, poses in zip(plan.poses, true, strict=True)) < 0.02
