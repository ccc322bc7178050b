# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot of an episode, and its state at a step."""

from __future__ import annotations

import numpy as np

from robot4d_core.episodes.episode import Episode
from robot4d_core.errors import EpisodeError
from robot4d_core.observation import RobotState
from robot4d_core.robot.names import CELL
from robot4d_core.robot.robot import Robot


def robot_of(attributes: dict) -> Robot:
    """Return the robot of the simulated cell in which an episode was recorded; episodes of once do not name it.

    Raises RobotDescriptionError when this robot4d has no such robot.
    """
    return Robot.shipped(len(attributes['grippers']), attributes.get('robot', CELL))


def recorded_robot(episode: Episode, attributes: dict, step: int, camera: int) -> RobotState:
    """Return joints and reference camera as `RobotCell.observe` gives them.

    camera: which of the episode's is the reference. Imported episodes name their robot's joints themselves. Raises
    EpisodeError that says what the episode does not know.
    """
    joints: dict[str, float] = {}
    positions = np.asarray(episode.joints[step])
    fingers = finger_positions(attributes, np.asarray(episode.opening[step]), positions.shape[1])
    for names, of_arm, of_fingers in zip(joint_names(attributes), positions, fingers, strict=True):
        joints |= zip(names, [*of_arm.tolist(), *of_fingers], strict=True)
    if unknown := [joint for joint, position in joints.items() if not np.isfinite(position)]:
        raise EpisodeError(f'the episode does not know where {", ".join(unknown)} were at step {step}')
    return RobotState(joints, np.asarray(episode.camera_poses)[camera])


def joint_names(attributes: dict) -> list[list[str]]:
    """Return for every gripper of an episode the names of its arm's joints from base to tool, then of its fingers'.

    Raises EpisodeError when the episode does not know them.
    """
    source = attributes.get('source')
    if source is not None:
        if 'joints' not in source:
            raise EpisodeError('the episode was imported without the names of its joints; import its bag again')
        return source['joints']
    return [list(arm.all_joints) for arm in _simulated(attributes).arms]


def finger_positions(attributes: dict, openings: np.ndarray, joints: int) -> list[list[float]]:
    """Return where the driven finger joints of every gripper are at openings (G,) in metres; NaN where one is NaN.

    joints: of each arm. Of imported episodes the grippers are not known: the fingers of each share its opening equally.
    Raises EpisodeError as joint_names does.
    """
    numbers = [len(names) - joints for names in joint_names(attributes)]
    if attributes.get('source') is not None:
        return [[float(opening) / number] * number for opening, number in zip(openings, numbers, strict=True)]
    return [
        list(gripper.positions(opening).values()) if np.isfinite(opening) else [np.nan] * number
        for gripper, opening, number in zip(_simulated(attributes).grippers, openings, numbers, strict=True)]


def _simulated(attributes: dict) -> Robot:
    grippers = attributes.get('grippers', [])
    if grippers:
        robot = robot_of(attributes)
        if grippers == [arm.gripper.name for arm in robot.arms]:
            return robot
    raise EpisodeError(f"the episode's grippers are {grippers}, the joints of which robot4d's cell does not have")
