# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot's state at a step of an episode."""

from __future__ import annotations

import numpy as np

from robot4d_core.episodes.episode import Episode
from robot4d_core.errors import EpisodeError
from robot4d_core.observation import RobotState
from robot4d_core.robot.names import read_arm_names


def recorded_robot(episode: Episode, attributes: dict, step: int, camera: int) -> RobotState:
    """Return joints and reference camera as `RobotCell.observe` gives them; the fingers share the opening equally.

    camera: which of the episode's is the reference. Imported episodes name their robot's joints themselves. Raises
    EpisodeError that says what the episode does not know.
    """
    joints: dict[str, float] = {}
    names = joint_names(attributes)
    positions, openings = np.asarray(episode.joints[step]), np.asarray(episode.opening[step])
    for of_gripper, of_arm, opening in zip(names, positions, openings, strict=True):
        arm, fingers = of_gripper[:len(of_arm)], of_gripper[len(of_arm):]
        joints |= zip(arm, of_arm.tolist(), strict=True)
        joints |= dict.fromkeys(fingers, float(opening) / len(fingers))
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
    known = {arm.gripper.name: list(arm.all_joints) for arm in read_arm_names()}
    grippers = attributes.get('grippers', [])
    if not grippers or not set(grippers) <= known.keys():
        raise EpisodeError(f"the episode's grippers are {grippers}, the joints of which robot4d's cell does not have")
    return [known[gripper] for gripper in grippers]
