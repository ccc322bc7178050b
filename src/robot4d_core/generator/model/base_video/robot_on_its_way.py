# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The base of a predicted video: the observed scene, emptied of the robot, and the robot drawn along its paths.

In the spirit of Kinema4D (arXiv 2603.16669). What the grippers close upon goes with them, rigidly; all else stands
still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robot4d_core.generator.model.base_video.base_video import BaseVideo
from robot4d_core.generator.model.base_video.moving_scene import MovingScene
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import CameraPlacement
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.observation import RobotState
from robot4d_core.prediction import GripperPath
from robot4d_core.robot.along_path import RobotAlongPaths
from robot4d_core.robot.colours import RobotColours
from robot4d_core.robot.drawing import NOTHING, DrawnRobot, RobotDrawing
from robot4d_core.robot.gripper_model import CLOSED_SHARE
from robot4d_core.robot.robot import Robot
from robot4d_core.robot.self_filter import robot_margin

GROW = 2  # pixels beside the drawn robot that are taken for it: their colours mix
STANDS_STILL = 0.003  # metres, and sines of angles, by which the pose of a link may change


class RobotOnItsWay:
    """Draws the base of a video for a robot."""

    def __init__(self, robot: Robot, drawing: RobotDrawing, workspace: np.ndarray) -> None:
        """Take what draws the arms of the robot; workspace: (2, 3) of what can be carried, metres, base frame."""
        self._robot, self._drawing, self._workspace = robot, drawing, workspace
        self._along_paths = RobotAlongPaths(robot)
        self._T_root_base = robot.description.pose(robot.base_frame)
        self._described = np.stack([
            np.full(3, 0.5) if surface is None else surface[1]
            for surface in map(robot.description.surface, robot.description.links)])

    def draw(
        self, views: Sequence[CameraView], placements: Sequence[np.ndarray], state: RobotState,
        paths: Sequence[GripperPath],
    ) -> BaseVideo:
        """Draw the frames of paths into two views of one size; placements: T_reference_optical (4, 4) of each view.

        Raises InverseKinematicsError when an arm cannot follow its path.
        """
        T_base_path = state.T_base_reference
        joints = self._along_paths.positions(
            state.joints, [T_base_path @ path.poses for path in paths], [path.opening for path in paths])
        cameras = [CameraPlacement(view.name, self._T_root_base @ T_base_path @ placement, view.camera)
                   for view, placement in zip(views, placements, strict=True)]
        moving = self._moving_links([state.joints, *joints])
        now = self._drawn(state.joints, cameras, moving)
        colours = RobotColours(self._described)
        colours.learn(now, [view.rgb for view in views], [view.depth for view in views])
        scene = MovingScene(views, placements, [
            robot_margin(view.depth, drawn, GROW) for view, drawn in zip(views, now, strict=True)],
            self._workspace, T_base_path)
        tools = [np.concatenate([tool[None], path.poses]) for tool, path in zip(
            invert_pose(T_base_path) @ self._robot.tools(state.joints), paths, strict=True)]
        closed = [np.concatenate([[path.closed[0] and self._holds(number, state.joints)], path.closed])
                  for number, path in enumerate(paths)]
        frames = []
        for step, positions in enumerate(joints, 1):
            for gripper, shut in enumerate(closed):
                scene.grip(gripper, tools[gripper], shut, step)
            robots = self._drawn(positions, cameras, moving)
            frames.append([_composed(view, placement, robot, colours.paint(robot)) for view, placement, robot in zip(
                scene.views(), placements, robots, strict=True)])
        by_view = [[np.stack(images) for images in zip(*of_view)] for of_view in zip(*frames)]
        return BaseVideo(*(np.stack(images) for images in zip(*by_view)), T_n_m=placements[1])

    def _holds(self, gripper: int, joints: Mapping[str, float]) -> bool:
        of_gripper = self._robot.grippers[gripper]
        return of_gripper.share(of_gripper.opening(joints)) < CLOSED_SHARE

    def _moving_links(self, positions: Sequence[Mapping[str, float]]) -> set[int]:
        """Return the numbers of the links that do not stand still; those that do are left in the scene."""
        poses = np.stack([self._robot.description.poses(joints) for joints in positions])
        shifts = np.abs(poses[:, :, :3] - poses[0, :, :3]).max(axis=(0, 2, 3))
        return set(np.flatnonzero(shifts > STANDS_STILL))

    def _drawn(
        self, positions: Mapping[str, float], cameras: Sequence[CameraPlacement], links: set[int]
    ) -> list[DrawnRobot]:
        posed = self._drawing.posed(positions, links)
        return [posed.draw(camera) for camera in cameras]


def _composed(
    view: CameraView, placement: np.ndarray, robot: DrawnRobot, painted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return colours, and points in the common frame, of the robot before the scene."""
    before = (robot.link != NOTHING) & ~(view.depth < robot.depth)
    depth = np.where(before, robot.depth, view.depth)
    points = transform_points(placement, pointmap_from_depth(depth, view.camera)).astype(np.float32)
    return np.where(before[..., None], painted, view.rgb), points
