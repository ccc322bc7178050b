# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The arm of the cell, and plans for its gripper: for the tests of robot and executor."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import numpy as np
import pytest

from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.robot.kinematics import ArmKinematics
from shipped_robot import arm_kinematics


@pytest.fixture(scope='session')
def arm() -> ArmKinematics:
    """Return the arm of the cell."""
    return arm_kinematics()


@pytest.fixture(scope='session')
def make_plan() -> Callable[..., GripperPlan]:
    """Return a function that makes a plan of poses (T, 4, 4) half a second apart; open unless told otherwise."""
    def make(poses: np.ndarray, **values) -> GripperPlan:
        steps = len(poses)
        return GripperPlan(**{
            'gripper': 'gripper', 'stamp': 0.0, 'frame_id': 'camera', 'prediction_id': UUID(int=1), 'model': 'test',
            'time_from_start': 0.5 * np.arange(1, steps + 1), 'poses': poses, 'opening': np.full(steps, 0.08),
            'closed': np.zeros(steps, bool), 'confidence': np.ones(steps), 'source_view': ('reference',) * steps,
            'observed_pose': poses[0] if steps else np.eye(4), 'observed_closed': False,
            **values})

    return make
