# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names of arms and grippers in descriptions, joint states, tf and recordings, as parameter files give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robot4d_core.errors import ParameterError
from robot4d_core.share import CELL_DESCRIPTION, share_directory
from robot4d_core.text_files import read_ros_parameters


@dataclass(frozen=True)
class ShippedFiles:
    """Of a robot, below share_directory(): its description, and the parameter file with its names."""

    description: Path
    names: Path


CELL = 'cell'
SHIPPED = {
    CELL: ShippedFiles(CELL_DESCRIPTION, Path('config/two_arms.yaml')),
    'panda': ShippedFiles(Path('urdf/panda_cell.urdf.xacro'), Path('config/robots/panda_cell.yaml')),
}
"""The robots that the simulated cell can have. CELL is robot4d's own, the one where nothing else is said."""


@dataclass(frozen=True)
class GripperNames:
    """name: in plans and episodes; hand: the link that carries all of the gripper.

    fingers: the two links that carry the pads, or the one jaw that moves against the hand; finger_joints: those that
    are driven, mimic joints follow; tcp: the frame between the pads, z is the approach direction, y the closing
    direction; open_width: of the open gripper, metres between the pads, None: as far as it opens.
    """

    name: str
    hand: str
    fingers: tuple[str, ...]
    finger_joints: tuple[str, ...]
    tcp: str
    open_width: float | None = None


@dataclass(frozen=True)
class ArmNames:
    """name: in parameter files; joints: from base to tool."""

    name: str
    joints: tuple[str, ...]
    gripper: GripperNames

    @property
    def all_joints(self) -> tuple[str, ...]:
        """The joints, then those of the fingers."""
        return *self.joints, *self.gripper.finger_joints


def read_arm_names(file: Path | None = None) -> tuple[ArmNames, ...]:
    """Read the names of all arms from a parameter file like config/robot.yaml.

    None: those of robot4d's own robot, of which a cell with one arm has the first.
    Raises ParameterError when the file cannot be read or lacks a name.
    """
    file = Path(file or share_directory() / SHIPPED[CELL].names)
    try:
        names = read_ros_parameters(file)
        arms = tuple(_read(name, names[name]) for name in names['arms'])
    except (KeyError, TypeError) as error:
        raise ParameterError(
            f'{file} does not name the arms of a robot and their grippers: {error!r}; write it as config/robot.yaml of '
            'robot4d'
        ) from error
    require_different('arms', [arm.name for arm in arms])
    require_different('the grippers', [arm.gripper.name for arm in arms])
    return arms


def require_different(what: str, names: Sequence[str]) -> None:
    """Raise ParameterError when a name is there twice."""
    if len(set(names)) < len(names):
        raise ParameterError(f"{what} must have different names, got: {', '.join(names)}")


def shipped_arm_names(robot: str = CELL) -> tuple[ArmNames, ...]:
    """Read the names of all arms of a robot in SHIPPED."""
    return read_arm_names(share_directory() / SHIPPED[robot].names)


def _read(name: str, names: dict) -> ArmNames:
    gripper = GripperNames(
        names['gripper'], names['hand_link'], tuple(names['finger_links']), tuple(names['finger_joints']),
        names['tcp_frame'], names.get('open_width') or None)
    return ArmNames(name, tuple(names['joint_names']), gripper)
