# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Whether something travels with the gripper: the evidence for a grasp when the hand hides the fingers.

Below the fingertips, what moved between two frames is compared in the frame of the tool: an object in the grip keeps
its place there, the rest of the scene does not.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import Prediction

TRAVEL = 0.03  # metres between two frames, below which nothing can be told apart
REACH = 0.06  # metres about the approach axis
BELOW = (0.02, 0.30)  # metres along the approach axis, from just beyond the fingertips
MOVED = 0.015  # metres by which the point of a pixel changes where something moved
SAME_PLACE = 0.01  # metres
MIN_POINTS = 12
MIN_SHARE = 0.6


def object_travels(prediction: Prediction, poses: np.ndarray) -> np.ndarray:
    """Tell, for each frame but the first, whether an object came along since the frame before; (T - 1,) bool.

    poses: (T, 4, 4) T_frame_tcp of the tracked gripper.
    """
    return np.array([_came_along(prediction, poses, frame) for frame in range(1, len(poses))])


def _came_along(prediction: Prediction, poses: np.ndarray, frame: int) -> bool:
    if np.linalg.norm(poses[frame, :3, 3] - poses[frame - 1, :3, 3]) < TRAVEL:
        return False
    moved, before = [], []
    for view in prediction.views:
        points = view.pointmap
        changed = _differs(points[frame], points[frame - 1])
        if frame + 1 < len(points):
            changed &= _differs(points[frame], points[frame + 1])
        moved.append(_below_fingers(points[frame][changed], poses[frame]))
        before.append(_below_fingers(points[frame - 1].reshape(-1, 3), poses[frame - 1]))
    moved, before = np.concatenate(moved), np.concatenate(before)
    if len(moved) < MIN_POINTS or len(before) < MIN_POINTS:
        return False
    return bool((cKDTree(before).query(moved)[0] < SAME_PLACE).mean() > MIN_SHARE)


def _differs(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    with np.errstate(invalid='ignore'):
        return np.linalg.norm(points - others, axis=-1) > MOVED


def _below_fingers(points: np.ndarray, pose: np.ndarray) -> np.ndarray:
    local = transform_points(invert_pose(pose), points.astype(np.float64))
    with np.errstate(invalid='ignore'):
        inside = (np.abs(local[:, :2]) < REACH).all(axis=1) & (local[:, 2] > BELOW[0]) & (local[:, 2] < BELOW[1])
    return local[inside]
