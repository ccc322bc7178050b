# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Depth images without the robot: what is drawn of it where it says it is, and a margin, is taken out."""

from __future__ import annotations

import cv2
import numpy as np

from robot4d_core.robot.drawing import DrawnRobot

IN_FRONT = 0.06  # metres before the robot's nearest surface from which a point is somebody else's


def robot_margin(depth: np.ndarray, drawn: DrawnRobot, grow: int) -> np.ndarray:
    """Return (H, W) bool: where the robot may be what is seen, drawn or up to `grow` pixels beside it.

    depth: (H, W) metres as measured, NaN invalid. What stands clearly before the robot is not the robot.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1, 2 * grow + 1))
    nearest = cv2.erode(np.where(np.isfinite(drawn.depth), drawn.depth, np.inf).astype(np.float32), kernel)
    with np.errstate(invalid='ignore'):
        return np.isfinite(nearest) & ~(depth < nearest - IN_FRONT)
