# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What gripper controllers are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from robot4d_core.errors import ParameterError
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.robot_file import read_parameters

GRIPPER_TYPES = ('GripperCommand', 'ParallelGripperCommand')
POSITIONS: Mapping[str, Callable[[Gripper, float], float]] = {
    'pads': lambda gripper, opening: opening,
    'finger': lambda gripper, opening: opening / 2,
    'joint': lambda gripper, opening: gripper.positions(opening)[gripper.names.finger_joints[0]],
    'share': lambda gripper, opening: (opening - gripper.range[0]) / gripper.stroke,
    'closure': lambda gripper, opening: (gripper.range[1] - opening) / gripper.stroke,
}
"""The position for a gripper and an opening, metres between its pads.

pads: metres between the pads; finger: half of that; joint: rad or metres of the first finger joint; share: of the range
of the description, 0 closed to 1 open; closure: 0 open to 1 closed.
"""


@dataclass(frozen=True)
class Controllers:
    """Of one arm and its gripper: the actions, and what that of the gripper is told."""

    arm_action: str = ''
    gripper_action: str = ''
    gripper_type: str = 'GripperCommand'
    gripper_position: str = 'finger'


def read_controllers(file: Path, arm: str) -> Controllers:
    """Read the controllers of an arm from a parameter file, where it names them. Raises ParameterError."""
    names = read_parameters(file)[arm]
    found = Controllers(**{field: names[field] for field in Controllers.__annotations__ if field in names})
    for field, choices in (('gripper_type', GRIPPER_TYPES), ('gripper_position', POSITIONS)):
        if (value := getattr(found, field)) not in choices:
            raise ParameterError(f'{file}: {arm}.{field} must be one of {", ".join(choices)}, got {value!r}')
    return found
