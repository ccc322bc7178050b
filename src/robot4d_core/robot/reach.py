# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far an arm reaches."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.kinematics import ArmKinematics

STARTS = 12


def reach(description: RobotDescription, arm: ArmKinematics, base_frame: str) -> tuple[float, str]:
    """Return how far from its first joint an arm brings its tool at most, metres, and the name of that joint.

    The farthest of what L-BFGS-B climbs to from positions drawn at random, the same for every call.
    """
    first = min(arm.joint_names, key=description.require_joint)
    T_root_base = description.pose(base_frame)
    shoulder = (np.linalg.inv(T_root_base) @ description.pose(description.link_moved_by(first)))[:3, 3]
    low, high = arm.position_limits
    low, high = np.where(arm.continuous, -np.pi, low), np.where(arm.continuous, np.pi, high)

    def nearness(positions: np.ndarray) -> tuple[float, np.ndarray]:
        away = arm.fk(positions)[:3, 3] - shoulder
        return -(away @ away), -2 * away @ arm.jacobian(positions)[:3]

    rng = np.random.default_rng(0)
    found = [minimize(nearness, rng.uniform(low, high), jac=True, bounds=np.stack([low, high], axis=1)).fun
             for _ in range(STARTS)]
    return float(np.sqrt(-min(found))), first
