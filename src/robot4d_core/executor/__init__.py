# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From gripper paths to checked joint trajectories."""

from robot4d_core.executor.kinematics import ARM_JOINTS, ArmKinematics
from robot4d_core.executor.motion import ArmMotion, GripperMotion, MotionPlan
from robot4d_core.executor.motion_planner import MotionPlanner
from robot4d_core.executor.safety import SafetyLimits, Violation

__all__ = [
    'ARM_JOINTS', 'ArmKinematics', 'ArmMotion', 'GripperMotion', 'MotionPlan', 'MotionPlanner', 'SafetyLimits',
    'Violation',
]
