# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The plane that most points of a cloud lie on: the table top."""

from __future__ import annotations

import numpy as np

from robot4d_core.geometry.poses import make_pose

PLANE_TOLERANCE = 0.012  # metres


def find_dominant_plane(points: np.ndarray) -> np.ndarray | None:
    """Return T_level_camera of the plane that holds most points (N, 3), or None when none holds a fifth of them."""
    random = np.random.default_rng(0)
    corners = points[random.integers(len(points), size=(600, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    usable = lengths > 0.01
    normals, origins = normals[usable] / lengths[usable, None], corners[usable, 0]
    few = points[random.permutation(len(points))[:1500]]
    distances = np.abs(few @ normals.T - np.einsum('ij,ij->i', origins, normals))
    best = (distances < PLANE_TOLERANCE).sum(axis=0).argmax()
    normal, origin = normals[best], origins[best]
    for _ in range(3):
        flat = points[np.abs((points - origin) @ normal) < PLANE_TOLERANCE]
        origin = flat.mean(axis=0)
        normal = np.linalg.svd(flat - origin, full_matrices=False)[2][2]
    if len(flat) < 0.2 * len(points):
        return None
    normal = -normal * np.sign(origin @ normal)
    forward = np.array([0.0, 0.0, 1.0]) - normal[2] * normal
    if np.linalg.norm(forward) < 1e-3:
        forward = np.array([0.0, -1.0, 0.0]) - -normal[1] * normal
    forward /= np.linalg.norm(forward)
    rotation = np.stack([forward, np.cross(normal, forward), normal])
    return make_pose(rotation, -rotation @ (normal * (origin @ normal)))
