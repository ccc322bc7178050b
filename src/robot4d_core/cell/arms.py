# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the arms of the simulated cell rest, joint angles (7,) in rad; all its robots have the Panda's kinematics."""

from __future__ import annotations

import numpy as np

HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])  # gripper above the table, in view of the cameras
HOME_BESIDE_ANOTHER = np.array([0.0, -0.160, 0.0, -2.682, 0.0, 2.958, np.pi / 4])  # ahead of its base, fingers forward
