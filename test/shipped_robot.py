# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot that comes with robot4d, as tests use it."""

from __future__ import annotations

from robot4d_core.executor.robot_arms import RobotArms
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.names import read_arm_names

DESCRIPTION = RobotDescription.shipped()
ARMS = read_arm_names()
ARM = ARMS[0]


def arm_kinematics(**options) -> ArmKinematics:
    """Return the kinematics of its first arm."""
    return ArmKinematics(DESCRIPTION, ARM.joints, ARM.gripper.tcp, **options)


def robot_arms(arms: int = 1) -> RobotArms:
    """Return all arms of the cell with so many."""
    return RobotArms.from_description(RobotDescription.shipped(arms=arms), ARMS[:arms])
