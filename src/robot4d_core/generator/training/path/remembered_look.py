# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Looks in memory: what each camera saw beside the robot, and where the grippers went from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.progress import track

from robot4d_core.episodes.episode import Episode, told_closed
from robot4d_core.episodes.joined_stores import JoinedStores
from robot4d_core.episodes.recorded_robot import robot_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import camera_of
from robot4d_core.generator.model.path.scene_cloud import SceneCloud, cloud_of_view
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import depth_in_metres
from robot4d_core.robot.drawing import RobotDrawing
from robot4d_core.robot.robot import Robot

POINTS = 1200  # of a camera's cloud that are kept
MOVES = 0.01  # metres; a gripper that goes farther, opens or closes has something to do


@dataclass(frozen=True)
class RememberedLook:
    """clouds: of every camera, base frame. Of G grippers over 1 + T steps: tools (1 + T, G, 4, 4) T_base_tcp, openings
    (1 + T, G) metres, closed (1 + T, G) bool, as commanded where that is known.
    """

    name: str
    task: str
    clouds: tuple[SceneCloud, ...]
    tools: np.ndarray
    openings: np.ndarray
    closed: np.ndarray

    def moves(self, gripper: int) -> bool:
        """Whether a gripper has something to do."""
        positions, closed = self.tools[:, gripper, :3, 3], self.closed[:, gripper]
        return bool(np.linalg.norm(positions - positions[0], axis=1).max() > MOVES or (closed != closed[0]).any())


def remember_looks(
    store: EpisodeStore | JoinedStores, names: Sequence[str], cameras: Sequence[int], workspace: np.ndarray,
    stroke: float, quiet: bool = False,
) -> list[RememberedLook]:
    """Read looks as those of their cameras saw them, with progress; the robot is that of the cell.

    workspace: see cloud_of_view; stroke: opening of an open gripper, metres. Raises EpisodeError.
    """
    drawings: dict[Robot, RobotDrawing] = {}
    looks = []
    for name in track(names, 'reading looks', disable=quiet):
        episode = store.read(name)
        attributes = store.attributes(name)
        robot = robot_of(attributes)
        if robot not in drawings:
            drawings[robot] = RobotDrawing(robot.description, robot.links)
        task = str(attributes.get('task'))
        looks.append(_remember(name, task, episode, cameras, workspace, stroke, robot, drawings[robot]))
    return looks


def _remember(
    name: str, task: str, episode: Episode, cameras: Sequence[int], workspace: np.ndarray, stroke: float,
    robot: Robot, drawing: RobotDrawing,
) -> RememberedLook:
    openings = np.asarray(episode.opening)
    posed = drawing.posed(robot.positions(episode.joints[0], openings[0]))
    T_root_base = robot.description.pose(robot.base_frame)
    clouds = []
    for camera in cameras:
        view = CameraView(
            str(camera), camera_of(episode, camera), episode.rgb[camera, 0],
            depth_in_metres(episode.depth[camera, 0], '16UC1'))
        cloud = cloud_of_view(view, episode.camera_poses[camera], T_root_base, posed, workspace)
        clouds.append(cloud.some(POINTS, np.random.default_rng(camera)))
    return RememberedLook(
        name, task, tuple(clouds), np.asarray(episode.gripper_poses), openings, told_closed(episode, stroke))
