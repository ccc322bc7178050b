# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A proposed pose made exact by point-to-plane ICP, and how firmly the shapes in common view then hold it."""

from __future__ import annotations

import numpy as np

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.registration.prepared_cloud import PreparedCloud
from robot4d_core.geometry.rigid_fit import least_constrained, plane_step

FINEST_REACH = 0.012  # metres


def refine(n: PreparedCloud, m: PreparedCloud, T_n_m: np.ndarray) -> np.ndarray:
    """Align the two clouds by point-to-plane ICP, trusting ever nearer neighbours."""
    for reach in np.repeat([0.08, 0.04, 0.02, FINEST_REACH], (6, 6, 6, 10)):
        moved, targets, normals, weights = _neighbours(n, m, T_n_m, reach)
        if len(moved) < 50:
            break
        T_n_m = plane_step(moved, targets, normals, weights) @ T_n_m
    return T_n_m


def stability(n: PreparedCloud, m: PreparedCloud, T_n_m: np.ndarray) -> float:
    """Return how well the shapes in common view fix the pose against sliding; 0 for a bare plane."""
    moved, _, normals, weights = _neighbours(n, m, T_n_m, FINEST_REACH)
    return least_constrained(moved, normals, weights) if len(moved) else 0.0


def _neighbours(n: PreparedCloud, m: PreparedCloud, T_n_m: np.ndarray, reach: float) -> tuple[np.ndarray, ...]:
    """Pair points of m with the nearest of n of like normal and colour; return moved, targets, normals, weights."""
    moved = transform_points(T_n_m, m.points)
    distances, nearest = n.tree.query(moved, distance_upper_bound=reach)
    matched = np.flatnonzero(np.isfinite(distances))
    nearest = nearest[matched]
    turned = m.normals[matched] @ T_n_m[:3, :3].T
    alike = np.einsum('ij,ij->i', turned, n.normals[nearest]) > 0.8
    alike &= np.abs(m.colours[matched] - n.colours[nearest]).max(axis=1) < 0.35
    matched, nearest = matched[alike], nearest[alike]
    return moved[matched], n.points[nearest], n.normals[nearest], m.weights[matched]
