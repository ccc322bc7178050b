# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Gripper poses and openings out of predicted 4-D video."""

from robot4d_core.tracker.gripper_model import GripperModel
from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings

__all__ = ['GripperModel', 'GripperTracker', 'TrackerSettings']
