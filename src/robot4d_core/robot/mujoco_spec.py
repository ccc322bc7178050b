# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot description as MuJoCo reads it."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

import mujoco
import trimesh

from robot4d_core.errors import RobotDescriptionError


def to_mujoco(root: ElementTree.Element, meshes: Mapping[tuple[str, str, int], trimesh.Trimesh]) -> mujoco.MjSpec:
    """Return MuJoCo's editable model of a URDF; root is changed.

    meshes: metres, in the frame of the shape, by link, 'visual' or 'collision', and number of the shape among those;
    they stand in for the files that the URDF names, of which MuJoCo cannot read some.
    Raises RobotDescriptionError when MuJoCo cannot read the description.
    """
    assets = {}
    for (link, kind, number), mesh in meshes.items():
        name = f'{link}_{kind}_{number}.stl'
        assets[name] = mesh.export(file_type='stl')
        tag = root.findall(f"link[@name='{link}']/{kind}")[number].find('geometry/mesh')
        tag.attrib = {'filename': name}
    try:
        spec = mujoco.MjSpec.from_string(ElementTree.tostring(root, 'unicode'), assets=assets)
    except ValueError as error:
        raise RobotDescriptionError(f'MuJoCo cannot read the robot description: {error}') from error
    for mesh in spec.meshes:
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX  # surfaces that are only seen need not be closed
    return spec
