# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Points on what can be seen of a mesh: published ones hold screws, motors and walls inside, and faces inside out."""

from __future__ import annotations

import numpy as np
import open3d as o3d
import trimesh

LEAST_POINTS = 30
LEAST_SKY = 0.05  # share of the directions before a point from which it must be seen
GRAZING = 0.3  # cosine to the normal of the directions that are looked from
LIFT = 1e-4  # metres off the surface, from which nothing of it itself is in the way


def sample_outer_surface(mesh: trimesh.Trimesh, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points (N, 3) about spacing metres apart, and their normals (N, 3) to the side that is seen."""
    count = max(LEAST_POINTS, int(mesh.area / spacing**2))
    points, faces = trimesh.sample.sample_surface(mesh, count, seed=0)
    points, normals = np.asarray(points), mesh.face_normals[faces]
    scene = o3d.t.geometry.RaycastingScene(nthreads=1)
    scene.add_triangles(*(o3d.core.Tensor(np.asarray(*array)) for array in (
        (mesh.vertices, np.float32), (mesh.faces, np.uint32))))
    front, back = (_sky(scene, points, side * normals) for side in (1, -1))
    seen = np.maximum(front, back) > LEAST_SKY
    outward = np.where(back > front, -1.0, 1.0)[:, None] * normals
    return (points[seen], outward[seen]) if seen.any() else (points, normals)


def _sky(scene: o3d.t.geometry.RaycastingScene, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return from which share of the directions before each point it is seen, (N,)."""
    directions = trimesh.creation.icosphere(subdivisions=2).vertices
    before = normals @ directions.T > GRAZING
    begin = np.broadcast_to((points + LIFT * normals)[:, None], (*before.shape, 3))
    rays = np.concatenate([begin, np.broadcast_to(directions, begin.shape)], axis=-1).astype(np.float32)
    free = ~scene.test_occlusions(o3d.core.Tensor(rays), nthreads=1).numpy()
    return (free & before).sum(axis=1) / before.sum(axis=1)
