# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The arms of a robot that move in time with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.executor.robot_examination import examine_robot
from robot4d_core.robot.clearance import Clearance
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.names import ArmNames


@dataclass(frozen=True)
class RobotArm:
    """An arm and its gripper."""

    gripper: Gripper
    kinematics: ArmKinematics


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
        cls, description: RobotDescription, names: Sequence[ArmNames], base_frame: str = 'world',
        velocity_limits: Mapping[str, float] | None = None,
    ) -> RobotArms:
        """Take the arms that have names; their grippers count as open in clearance.

        velocity_limits: see ArmKinematics. Raises RobotDescriptionError with all problems that examine_robot finds.
        """
        found = examine_robot(description, names, base_frame, velocity_limits)
        if found.problems:
            raise RobotDescriptionError('; '.join(found.problems))
        return cls(
            tuple(RobotArm(gripper, kinematics)
                  for gripper, kinematics in zip(found.grippers, found.kinematics, strict=True)),
            found.clearance, np.concatenate([kinematics.velocity_limits for kinematics in found.kinematics]))

    @cached_property
    def joints(self) -> tuple[slice, ...]:
        """Where the joints of each arm are among all joints."""
        ends = np.cumsum([len(arm.kinematics.joint_names) for arm in self.arms]).tolist()
        return tuple(slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False))
