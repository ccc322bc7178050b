# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The joints of a robot whose grippers follow paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robot4d_core.robot.kinematics import ArmKinematics
from robot4d_core.robot.robot import Robot


class RobotAlongPaths:
    """Inverse kinematics of all arms of a robot at once."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._kinematics = [
            ArmKinematics(robot.description, arm.joints, arm.gripper.tcp, robot.base_frame) for arm in robot.arms]

    def positions(
        self, start: Mapping[str, float], poses: Sequence[np.ndarray], openings: Sequence[np.ndarray]
    ) -> list[dict[str, float]]:
        """Return the positions of all joints, by name, at each of T steps.

        start: positions before the first step; poses: (T, 4, 4) T_base_tcp and openings: (T,) metres of every gripper.
        Raises InverseKinematicsError when an arm cannot follow.
        """
        arms = []
        for arm, kinematics, path in zip(self._robot.arms, self._kinematics, poses, strict=True):
            joints = [np.array([start[joint] for joint in arm.joints])]
            for pose in path:
                joints.append(kinematics.ik(pose, joints[-1]))
            arms.append(joints[1:])
        return [
            {**start, **self._robot.positions(np.stack(joints), np.array(opening))}
            for joints, opening in zip(zip(*arms), zip(*openings, strict=True), strict=True)]
