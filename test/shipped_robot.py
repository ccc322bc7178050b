# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot that comes with robot4d, as tests use it."""

from __future__ import annotations

from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.names import read_arm_names

DESCRIPTION = RobotDescription.shipped()
ARM = read_arm_names()[0]


def arm_kinematics(**options) -> ArmKinematics:
    """Return the kinematics of its first arm."""
    return ArmKinematics(DESCRIPTION, ARM.joints, ARM.gripper.tcp, **options)
