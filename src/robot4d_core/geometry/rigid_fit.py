# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Rigid fits: point to point, plain and robust, and one Gauss-Newton step of point to plane."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.poses import make_pose


def fit_points(target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return T_target_source (4, 4) that maps source (N, 3) onto target (N, 3) best (Kabsch), N >= 3."""
    centre_target, centre_source = target.mean(axis=0), source.mean(axis=0)
    u, _, vt = np.linalg.svd((target - centre_target).T @ (source - centre_source))
    rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return make_pose(rotation, centre_target - rotation @ centre_source)


def fit_rigid_transform(source: np.ndarray, target: np.ndarray, iterations: int = 10, scale: float = 0.01):
    """Return T_target_source, (4, 4), that maps points (N, 3) onto points (N, 3) with least sum of robust distances.

    Iteratively reweighted Procrustes (Kabsch); distances far above scale (metres) count linearly.
    """
    source, target = source.astype(np.float64), target.astype(np.float64)
    weights = np.ones(len(source))
    transform = np.eye(4)
    for _ in range(iterations):
        total = weights.sum()
        centre_s, centre_t = weights @ source / total, weights @ target / total
        u, _, vt = np.linalg.svd((weights[:, None] * (target - centre_t)).T @ (source - centre_s))
        rotation = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
        transform[:3, :3] = rotation
        transform[:3, 3] = centre_t - rotation @ centre_s
        distances = np.linalg.norm(source @ rotation.T + transform[:3, 3] - target, axis=1)
        weights = 1 / (distances + scale)
    return transform


def plane_step(
    points: np.ndarray, targets: np.ndarray, normals: np.ndarray, weights: np.ndarray, damping: float = 1e-6
) -> np.ndarray:
    """Return the small motion (4, 4) that moves points (N, 3) onto the planes through targets with unit normals.

    weights (N,) scale the squared distances. damping holds back directions that the planes leave free; it is
    relative to the total weight. The motion is linearised about the centroid, so apply it and repeat.
    """
    return joint_plane_step(points, targets, normals, weights, np.empty((len(points), 3, 0)), damping)[0]


def joint_plane_step(
    points: np.ndarray, targets: np.ndarray, normals: np.ndarray, weights: np.ndarray, slides: np.ndarray,
    damping: float = 1e-6,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the motion of plane_step for targets that also move, and by how much (K,).

    slides: (N, 3, K), how each target moves with each of K unknowns, metres per unit.
    """
    centre = np.average(points, axis=0, weights=weights)
    jacobian = np.hstack([np.cross(points - centre, normals), normals, -np.einsum('ijk,ij->ik', slides, normals)])
    residuals = np.einsum('ij,ij->i', targets - points, normals)
    scaled = jacobian * weights[:, None]
    spread = np.average(((points - centre) ** 2).sum(axis=1), weights=weights)
    regular = damping * weights.sum() * np.diag([spread] * 3 + [1.0] * (3 + slides.shape[2]))
    motion = np.linalg.solve(scaled.T @ jacobian + regular, scaled.T @ residuals)
    rotation = Rotation.from_rotvec(motion[:3])
    return make_pose(rotation, motion[3:6] + centre - rotation.apply(centre)), motion[6:]


def least_constrained(points: np.ndarray, normals: np.ndarray, weights: np.ndarray) -> float:
    """Return, in [0, 1/6], how well planes through points (N, 3) fix a rigid motion in the direction they fix least.

    The smallest eigenvalue of the normal equations of plane_step, rotations scaled by the size of the cloud and the
    trace to 1: 0 when some motion slides along every plane.
    """
    centred = points - np.average(points, axis=0, weights=weights)
    radius = np.sqrt(np.average((centred**2).sum(axis=1), weights=weights))
    jacobian = np.hstack([np.cross(centred, normals) / radius, normals])
    information = (jacobian * weights[:, None]).T @ jacobian
    return float(np.linalg.eigvalsh(information)[0] / np.trace(information))
