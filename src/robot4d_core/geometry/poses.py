# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Rigid transforms as (4, 4) float64 arrays: T_a_b maps points in frame b to frame a. Quaternions are xyzw."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from robot4d_core.errors import PoseError


def make_pose(rotation, translation) -> np.ndarray:
    """Make T (4, 4) from a rotation matrix (3, 3) or a scipy Rotation, and a translation (3,) in metres."""
    pose = np.eye(4)
    pose[:3, :3] = rotation.as_matrix() if isinstance(rotation, Rotation) else rotation
    pose[:3, 3] = translation
    return pose


def pose_from_quaternion(translation, quaternion) -> np.ndarray:
    """Make T from a translation (3,) and a quaternion xyzw (4,).

    Raises PoseError when a number is not finite or the quaternion is not of unit length (to 1e-3).
    """
    translation, quaternion = np.asarray(translation, float), np.asarray(quaternion, float)
    if not (np.isfinite(translation).all() and np.isfinite(quaternion).all()):
        raise PoseError(f'pose must be finite, got translation {translation}, quaternion {quaternion}')
    length = np.linalg.norm(quaternion)
    if abs(length - 1) > 1e-3:
        raise PoseError(f'quaternion must have length 1, got {length:.6g} ({quaternion})')
    return make_pose(Rotation.from_quat(quaternion), translation)


def quaternion_of(pose: np.ndarray) -> np.ndarray:
    """Return the quaternion xyzw (4,) of T."""
    return Rotation.from_matrix(pose[:3, :3]).as_quat()


def invert_pose(pose: np.ndarray) -> np.ndarray:
    """Return T_b_a of T_a_b."""
    inverse = np.eye(4)
    inverse[:3, :3] = pose[:3, :3].T
    inverse[:3, 3] = -pose[:3, :3].T @ pose[:3, 3]
    return inverse


def shifted(pose: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return a pose (4, 4) moved by metres (3,) along the axes of its reference frame, not turned."""
    return make_pose(pose[:3, :3], pose[:3, 3] + by)


def pose_distance(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Return how far b is from a: (metres, radians)."""
    relative = invert_pose(a) @ b
    return float(np.linalg.norm(relative[:3, 3])), float(Rotation.from_matrix(relative[:3, :3]).magnitude())


def interpolate_pose(a: np.ndarray, b: np.ndarray, fraction: float) -> np.ndarray:
    """Return the pose a fraction of the way from a to b: straight line and slerp."""
    rotations = Slerp([0.0, 1.0], Rotation.from_matrix(np.stack([a[:3, :3], b[:3, :3]])))
    return make_pose(rotations(fraction), (1 - fraction) * a[:3, 3] + fraction * b[:3, 3])


def look_at(eye, target, up=(0.0, 0.0, 1.0)) -> np.ndarray:
    """Return T_world_optical of a camera at eye (3,) whose optical axis points at target (3,)."""
    eye, target = np.asarray(eye, float), np.asarray(target, float)
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    return make_pose(np.stack([right, np.cross(forward, right), forward], axis=1), eye)
