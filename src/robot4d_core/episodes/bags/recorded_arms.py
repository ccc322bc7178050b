# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names of the arms in a recording."""

from __future__ import annotations

from dataclasses import dataclass

from robot4d_core.robot.names import CELL, ArmNames, shipped_arm_names


@dataclass(frozen=True)
class RecordedArm:
    """The names of an arm in joint_states and tf, and of its gripper in episodes."""

    gripper: str
    joints: tuple[str, ...]
    finger_joints: tuple[str, ...]
    tcp: str

    @classmethod
    def of(cls, names: ArmNames) -> RecordedArm:
        """Take what recordings need of an arm's names."""
        return cls(names.gripper.name, names.joints, names.gripper.finger_joints, names.gripper.tcp)

    @property
    def all_joints(self) -> tuple[str, ...]:
        """The arm's joints, then the fingers'."""
        return *self.joints, *self.finger_joints


def known_arms(robot: str = CELL) -> tuple[RecordedArm, ...]:
    """Return the arms of a robot of the simulated cell, the first of which every recording of it has."""
    return tuple(RecordedArm.of(names) for names in shipped_arm_names(robot))
