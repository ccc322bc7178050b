# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The arms of a robot that move in time with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robot4d_core.robot.clearance import Clearance
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.names import ArmNames

OPEN_WIDTH = 0.08  # metres


@dataclass(frozen=True)
class RobotArm:
    """An arm and its gripper, by the gripper's name in plans; open_width: between the pads when it is open, metres."""

    gripper: str
    kinematics: ArmKinematics
    open_width: float


@dataclass(frozen=True)
class RobotArms:
    """All arms of a robot. Joint positions of all arms, (J,) rad, are those of each arm, one after the other.

    velocity_limits: joint speed limits (J,), rad/s, of all arms.
    """

    arms: tuple[RobotArm, ...]
    clearance: Clearance
    velocity_limits: np.ndarray

    @classmethod
    def from_description(
        cls, description: RobotDescription, names: Sequence[ArmNames], open_widths: Sequence[float] | None = None,
        base_frame: str = 'world', velocity_limits: Mapping[str, float] | None = None,
    ) -> RobotArms:
        """Take the arms that have names; their fingers count as open in clearance.

        open_widths: metres per arm; None: OPEN_WIDTH; velocity_limits: see ArmKinematics. Raises RobotDescriptionError
        when a frame, joint, limit or shape is missing.
        """
        widths = open_widths or [OPEN_WIDTH] * len(names)
        arms = tuple(
            RobotArm(
                arm.gripper.name,
                ArmKinematics(description, arm.joints, arm.gripper.tcp, base_frame, velocity_limits), width)
            for arm, width in zip(names, widths, strict=True))
        fingers = {joint: width / len(arm.gripper.finger_joints)
                   for arm, width in zip(names, widths, strict=True) for joint in arm.gripper.finger_joints}
        return cls(
            arms, Clearance(description, [arm.joints for arm in names], fingers),
            np.concatenate([arm.kinematics.velocity_limits for arm in arms]))

    @cached_property
    def joints(self) -> tuple[slice, ...]:
        """Where the joints of each arm are among all joints."""
        ends = np.cumsum([len(arm.kinematics.joint_names) for arm in self.arms]).tolist()
        return tuple(slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False))
