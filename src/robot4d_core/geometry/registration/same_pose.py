# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Which poses count as one answer, and which as rivals."""

from __future__ import annotations

import numpy as np

from robot4d_core.geometry.poses import pose_distance

DISTINCT = (0.06, np.deg2rad(6.0))  # poses nearer than this are one answer


def same_pose(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two poses (4, 4) are so near each other that they are one answer."""
    metres, radians = pose_distance(a, b)
    return metres < DISTINCT[0] and radians < DISTINCT[1]
