# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names of the cell's robot arms in its URDF, and where they rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])  # gripper above the table, in view of the cameras
HOME_BESIDE_ANOTHER = np.array([0.0, -0.160, 0.0, -2.682, 0.0, 2.958, np.pi / 4])  # ahead of its base, fingers forward
OPEN = 0.08  # metres between the finger pads


@dataclass(frozen=True)
class ArmNames:
    """The names of one arm and its gripper; prefix tells the arms of a cell apart."""

    prefix: str = ''

    @property
    def gripper(self) -> str:
        """Its gripper's name in plans and episodes."""
        return f'{self.prefix}gripper'

    @property
    def joints(self) -> tuple[str, ...]:
        """The seven joints from base to tool."""
        return tuple(f'{self.prefix}arm_joint{i}' for i in range(1, 8))

    @property
    def finger_joints(self) -> tuple[str, str]:
        """The joints of the left and the right finger."""
        return f'{self.gripper}_finger_left_joint', f'{self.gripper}_finger_right_joint'

    @property
    def fingers(self) -> tuple[str, str]:
        """The links of the left and the right finger."""
        return f'{self.gripper}_finger_left', f'{self.gripper}_finger_right'

    @property
    def hand(self) -> str:
        """The link that carries the fingers."""
        return f'{self.gripper}_hand'

    @property
    def tcp(self) -> str:
        """The frame between the finger pads: z is the approach direction, y the closing direction."""
        return f'{self.gripper}_tcp'


ARMS = (ArmNames(), ArmNames('second_'))
"""The first arm stands alone in one-arm cells; in two-arm cells it is the one on the right, seen from behind."""
