# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The base of a video along the expert's own path, against what the cameras of the cell then saw."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.generator.model.base_video.robot_on_its_way import RobotOnItsWay
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES, GripperPath
from robot4d_core.robot.drawing import RobotDrawing
from robot4d_core.robot.robot import Robot

WORKSPACE = np.array([[-0.45, -0.6, 0.015], [0.45, 0.6, 0.8]])
MOVED = 0.02  # metres


@pytest.mark.parametrize(('task', 'begin', 'share'), [
    ('PutSpatulaOnTable', 0.0, 0.15), ('StoreCerealBoxUnderShelf', 4.0, 0.2), ('PlaceAppleFromBowlIntoBin', 3.0, 0.15)])
def test_what_moves_is_nearly_where_it_will_be(task, begin, share):
    scene = Scene.sample(task, 7, 160, 128)
    cell = RobotCell(scene)
    robot = Robot.shipped(len(cell.arms))
    expert = Expert(cell)
    expert.advance(begin)
    observation = cell.observe()
    T_reference_world = invert_pose(observation.robot.T_base_reference)
    placements = [T_reference_world @ placement.T_world_optical for placement in scene.cameras]
    futures, tools, openings, closed = [], [], [], []
    for _ in range(FRAMES):
        expert.advance(FRAME_INTERVAL)
        futures.append([cell.render(placement.name) for placement in scene.cameras])
        tools.append([arm.gripper_pose() for arm in cell.arms])
        openings.append([arm.gripper_opening for arm in cell.arms])
        closed.append([arm.gripper_command < 0.04 for arm in cell.arms])
    cell.close()
    paths = [GripperPath(arm.gripper.name, T_reference_world @ np.array(tools)[:, k], np.array(openings)[:, k],
                         np.array(closed)[:, k]) for k, arm in enumerate(robot.arms)]
    base = RobotOnItsWay(robot, RobotDrawing(robot.description, robot.links), WORKSPACE).draw(
        observation.views, placements, observation.robot, paths)
    for number, (view, placement) in enumerate(zip(observation.views, placements)):
        true = np.stack([transform_points(placement, pointmap_from_depth(frame[number].depth, view.camera))
                         for frame in futures])
        hold = transform_points(placement, pointmap_from_depth(view.depth, view.camera))
        moved = np.linalg.norm(true - hold, axis=-1) > MOVED
        error = np.linalg.norm(base.pointmap[number] - true, axis=-1)
        assert moved.mean() > 0.02
        assert np.nanmean(error[moved]) < share * np.nanmean(np.linalg.norm(true - hold, axis=-1)[moved])
        assert np.nanmedian(error[~moved]) < 1e-6
        rgb = np.stack([frame[number].rgb for frame in futures]).astype(float)
        assert np.square(base.rgb[number] - rgb).mean() < 0.6 * np.square(view.rgb - rgb).mean()
