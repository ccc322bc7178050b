# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot of an episode: what is kept of its description and names, and its state at a step.

An episode of another robot than that of the simulated cell keeps the text of its URDF, tens of kilobytes beside
megabytes of images, and the names of its arms in the attribute `robot`. So it can be drawn, exported and predicted from
wherever it is copied to. Meshes are not copied: they are looked for where they were found, and as find_package says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from robot4d_core.episodes.episode import Episode
from robot4d_core.errors import EpisodeError, GripperError, RobotDescriptionError
from robot4d_core.observation import RobotState
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.names import CELL, ArmNames, GripperNames
from robot4d_core.robot.robot import Robot


def robot_record(robot: Robot) -> dict:
    """Return the attribute `robot` of an episode, JSON values that robot_of reads."""
    description = robot.description
    return {
        'urdf': description.urdf, 'folder': None if description.folder is None else str(description.folder),
        'package_paths': [str(path.absolute()) for path in description.package_paths],
        'base_frame': robot.base_frame, 'arms': [asdict(arm) for arm in robot.arms]}


def robot_of(attributes: dict, package_paths: Sequence[Path] = ()) -> Robot:
    """Return the robot of an episode with these attributes; the cell's, where they name its grippers alone.

    package_paths: where the packages of its meshes are looked for first. Raises EpisodeError that says why it cannot be
    rebuilt.
    """
    if 'robot' not in attributes:
        return _cell_robot(attributes)
    return _rebuilt(json.dumps(attributes['robot']), tuple(package_paths))


def recorded_robot(episode: Episode, robot: Robot, step: int, camera: int) -> RobotState:
    """Return joints, those of the fingers by the opening, and the pose of the reference camera at a step.

    camera: which of the episode's is the reference. Raises EpisodeError that says what the episode does not know.
    """
    joints, openings = np.asarray(episode.joints[step]), np.asarray(episode.opening[step])
    counts = [len(arm.joints) for arm in robot.arms]
    if joints.shape != (len(counts), max(counts)):
        raise EpisodeError(f'the episode has joints of shape {joints.shape}, but its robot has arms with {counts}')
    unknown = [joint for arm, angles in zip(robot.arms, joints, strict=True)
               for joint, angle in zip(arm.joints, angles) if not np.isfinite(angle)]
    if unknown:
        raise EpisodeError(f'the episode does not know where {", ".join(unknown)} were at step {step}')
    try:
        positions = robot.positions(joints, openings)
    except GripperError as error:
        raise EpisodeError(f'the episode does not know where the fingers were at step {step}: {error}') from error
    return RobotState(positions, np.asarray(episode.camera_poses)[camera])


def _cell_robot(attributes: dict) -> Robot:
    """Return the robot of the simulated cell, of which episodes name the grippers, and older imports the joints."""
    grippers, name = attributes.get('grippers') or [], attributes.get('cell_robot', CELL)
    try:
        robot = Robot.shipped(len(grippers), name)
    except RobotDescriptionError as error:
        raise EpisodeError(f'the robot of the episode cannot be rebuilt: {error}') from error
    if not grippers or grippers != [arm.gripper.name for arm in robot.arms]:
        raise EpisodeError(f"the episode's grippers are {grippers}, the joints of which robot4d's cell does not have")
    joints = [list(arm.all_joints) for arm in robot.arms]
    if (attributes.get('source') or {}).get('joints', joints) != joints:
        raise EpisodeError(
            'the episode was imported by a version that kept no description of its robot; import its bag again with '
            '--robot and --urdf')
    return robot


@lru_cache(maxsize=8)
def _rebuilt(record: str, package_paths: tuple[Path, ...]) -> Robot:
    try:
        kept = json.loads(record)
        folder = None if kept['folder'] is None else Path(kept['folder'])
        description = RobotDescription(kept['urdf'], folder, (*package_paths, *map(Path, kept['package_paths'])))
        return Robot(description, tuple(_arm(arm) for arm in kept['arms']), kept['base_frame'])
    except RobotDescriptionError as error:
        raise EpisodeError(f'the robot of the episode cannot be rebuilt: {error}') from error
    except (KeyError, TypeError, ValueError) as error:
        raise EpisodeError(f"the episode's attribute robot is damaged: {error!r}; import its bag again") from error


def _arm(kept: dict) -> ArmNames:
    gripper = kept['gripper']
    return ArmNames(kept['name'], tuple(kept['joints']), GripperNames(**{
        key: tuple(value) if isinstance(value, list) else value for key, value in gripper.items()}))
