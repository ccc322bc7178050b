# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Shapes as Pinocchio holds them, as triangle meshes."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import trimesh

from robot4d_core.errors import RobotDescriptionError


def to_trimesh(shape: pin.GeometryObject) -> trimesh.Trimesh:
    """Return a shape in its own frame, metres; raises RobotDescriptionError for a shape that has no surface.

    Shapes are told by the names of their classes: whether those are coal's or hppfcl's depends on Pinocchio's version.
    """
    geometry, kind = shape.geometry, type(shape.geometry).__name__
    if kind == 'Box':
        return trimesh.creation.box(2 * geometry.halfSide)
    if kind == 'Cylinder':
        return trimesh.creation.cylinder(geometry.radius, 2 * geometry.halfLength)
    if kind == 'Capsule':
        return trimesh.creation.capsule(2 * geometry.halfLength, geometry.radius)
    if kind == 'Sphere':
        return trimesh.creation.icosphere(radius=geometry.radius)
    if kind.startswith('BVHModel'):
        triangles = map(geometry.tri_indices, range(geometry.num_tris))
        faces = np.array([(triangle[0], triangle[1], triangle[2]) for triangle in triangles])
        return trimesh.Trimesh(geometry.vertices(), faces, process=False)
    raise RobotDescriptionError(
        f"shape '{shape.name}' of the robot description is a {kind}, which has no surface; "
        'use box, cylinder, sphere, capsule or mesh')
