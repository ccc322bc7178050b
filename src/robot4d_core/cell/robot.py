# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names of the cell's robot in its URDF, and where it rests."""

from __future__ import annotations

import numpy as np

ARM_JOINTS = tuple(f'arm_joint{i}' for i in range(1, 8))
FINGER_JOINTS = ('gripper_finger_left_joint', 'gripper_finger_right_joint')
FINGERS = ('gripper_finger_left', 'gripper_finger_right')
HAND = 'gripper_hand'
TCP = 'gripper_tcp'

HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])  # gripper above the table, in view of the cameras
OPEN = 0.08  # metres between the finger pads
