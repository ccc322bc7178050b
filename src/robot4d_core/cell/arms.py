# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names of the cell's robot arms in its URDF, and where they rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.robot.names import ArmNames, GripperNames

HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])  # gripper above the table, in view of the cameras
HOME_BESIDE_ANOTHER = np.array([0.0, -0.160, 0.0, -2.682, 0.0, 2.958, np.pi / 4])  # ahead of its base, fingers forward
OPEN = 0.08  # metres between the finger pads


@dataclass(frozen=True)
class CellArmNames(ArmNames):
    """prefix: what the names of an arm's links begin with; it tells the arms of a cell apart."""

    prefix: str


def _names(prefix: str) -> CellArmNames:
    gripper = f'{prefix}gripper'
    fingers = f'{gripper}_finger_left', f'{gripper}_finger_right'
    return CellArmNames(
        name=f'{prefix}arm',
        joints=tuple(f'{prefix}arm_joint{number}' for number in range(1, 8)),
        gripper=GripperNames(
            gripper, f'{gripper}_hand', fingers, tuple(f'{finger}_joint' for finger in fingers), f'{gripper}_tcp',
            OPEN),
        prefix=prefix)


ARMS = (_names(''), _names('second_'))
"""The first arm stands alone in one-arm cells; in two-arm cells it is the one on the right, seen from behind."""
