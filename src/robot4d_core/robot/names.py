# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names of arms and grippers in descriptions, joint states, tf and recordings, as parameter files give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from robot4d_core.errors import ParameterError
from robot4d_core.share import share_directory

FILES = ('robot.yaml', 'second_arm.yaml')


@dataclass(frozen=True)
class GripperNames:
    """name: in plans and episodes; hand: the link that carries the fingers (links), each moved by a finger joint.

    tcp: the frame between the finger pads; z is the approach direction, y the closing direction.
    """

    name: str
    hand: str
    fingers: tuple[str, ...]
    finger_joints: tuple[str, ...]
    tcp: str


@dataclass(frozen=True)
class ArmNames:
    """joints: from base to tool."""

    joints: tuple[str, ...]
    gripper: GripperNames


def read_arm_names(files: Sequence[Path] | None = None) -> tuple[ArmNames, ...]:
    """Read the names of an arm from each of the parameter files; None: those of the robot that comes with robot4d.

    Raises ParameterError when a file cannot be read or lacks a name.
    """
    if files is None:
        files = [share_directory() / 'config' / name for name in FILES]
    return tuple(_read(Path(file)) for file in files)


def _read(file: Path) -> ArmNames:
    try:
        names = yaml.safe_load(file.read_text(encoding='utf-8'))['/**']['ros__parameters']
        gripper = GripperNames(
            names['gripper'], names['hand_link'], tuple(names['finger_links']), tuple(names['finger_joints']),
            names['tcp_frame'])
        return ArmNames(tuple(names['joint_names']), gripper)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ParameterError(
            f'{file} does not name an arm and its gripper: {error!r}; write it as config/robot.yaml of robot4d'
        ) from error
