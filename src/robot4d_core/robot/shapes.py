# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Shapes of links as Pinocchio reads and holds them, and as triangle meshes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio as pin
import trimesh

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.urdf import kinematic_urdf

MESHES = ('BVHModel', 'Convex')
OF_PARTS = ('.dae', '.obj')  # may have several, of a material each
SMALLEST, LARGEST = 1e-3, 5.0  # metres, the size of the meshes of a link; beyond, their scale is wrong


def read_shapes(model: pin.Model, root: ElementTree.Element, kind: str, loader) -> pin.GeometryModel:
    """Return all 'visual' or 'collision' shapes of a URDF whose meshes are named by paths; loader: Pinocchio's.

    Raises RobotDescriptionError when one cannot be read or has an impossible size.
    """
    try:
        shapes = pin.buildGeomFromUrdfString(
            model, kinematic_urdf(root), pin.GeometryType.names[kind.upper()], mesh_loader=loader)
    except (ValueError, RuntimeError) as error:
        raise RobotDescriptionError(f'a {kind} shape of the robot description cannot be read: {error}') from error
    expected = {link.get('name'): len(link.findall(kind)) for link in root.findall('link')}
    for shape in shapes.geometryObjects:
        expected[model.frames[shape.parentFrame].name] -= 1
    for link, unread in expected.items():
        if unread:
            raise RobotDescriptionError(
                f"link '{link}': {unread} of its <{kind}> shapes cannot be read; see what the parser says on stderr")
    for shape in shapes.geometryObjects:
        if shape.meshPath.lower().endswith(OF_PARTS):
            _mend(shape)
    _check_sizes(model, shapes)
    return shapes


def collada_unit(file: Path) -> float:
    """Return the metres of a .dae file's unit, 1 for any other file."""
    if file.suffix.lower() != '.dae':
        return 1.0
    with file.open('rb') as stream:
        unit = re.search(rb'<unit\s[^>]*meter="([0-9.eE+-]+)"', stream.read(65536))
    return float(unit[1]) if unit else 1.0


def boxes_around(shapes: pin.GeometryModel) -> pin.GeometryModel:
    """Return a copy with a box around each mesh in its place, to bound distances from below; the pairs stay."""
    boxes = shapes.copy()
    for shape in boxes.geometryObjects:
        if type(shape.geometry).__name__.startswith(MESHES):
            low, high = _extent(shape)
            shape.geometry = pin.hppfcl.Box(*(high - low))
            shape.placement = shape.placement * pin.SE3(np.eye(3), (low + high) / 2)
    return boxes


def _mend(shape: pin.GeometryObject) -> None:
    """Read a mesh by trimesh that coal has joined wrongly: it counts the corners of some parts from 0, not on.

    That leaves vertices that no triangle has. Raises RobotDescriptionError when trimesh cannot read it.
    """
    if len(np.unique(_triangles(shape.geometry))) == shape.geometry.num_vertices:
        return
    try:
        mesh = trimesh.load_mesh(shape.meshPath, process=False)
    except Exception as error:  # of each format's reader
        raise RobotDescriptionError(f'{shape.meshPath} cannot be read: {type(error).__name__}: {error}') from error
    if not len(mesh.faces):
        raise RobotDescriptionError(f'{shape.meshPath} has parts that cannot be joined; export it as one mesh, or .stl')
    mended = type(shape.geometry)()
    mended.beginModel(len(mesh.faces), len(mesh.vertices))
    mended.addVertices(np.asarray(mesh.vertices * shape.meshScale))
    mended.addTriangles(np.asarray(mesh.faces))
    mended.endModel()
    shape.geometry = mended


def _triangles(geometry) -> np.ndarray:
    """Return the vertices (N, 3) of each triangle of a coal mesh."""
    triangles = map(geometry.tri_indices, range(geometry.num_tris))
    return np.array([(triangle[0], triangle[1], triangle[2]) for triangle in triangles])


def _extent(shape: pin.GeometryObject) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest x, y, z (3,) of a shape in its own frame, metres."""
    shape.geometry.computeLocalAABB()
    return np.array(shape.geometry.aabb_local.min_), np.array(shape.geometry.aabb_local.max_)


def _check_sizes(model: pin.Model, shapes: pin.GeometryModel) -> None:
    largest: dict[str, tuple[float, str]] = {}
    for shape in shapes.geometryObjects:
        if type(shape.geometry).__name__.startswith(MESHES):
            size = float(np.ptp(_extent(shape), axis=0).max())
            link = model.frames[shape.parentFrame].name
            largest[link] = max(largest.get(link, (0.0, '')), (size, shape.meshPath))
    for link, (size, mesh) in largest.items():
        if not SMALLEST <= size <= LARGEST:
            raise RobotDescriptionError(
                f"link '{link}': its mesh {mesh} is {size:.3g} m large, which no link is; correct the <mesh scale>, or "
                'the unit that the file was written in')


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
        return trimesh.Trimesh(geometry.vertices(), _triangles(geometry), process=False)
    if kind.startswith('Convex'):
        return trimesh.convex.convex_hull(geometry.points())
    raise RobotDescriptionError(
        f"shape '{shape.name}' of the robot description is a {kind}, which has no surface; "
        'use box, cylinder, sphere, capsule or mesh')
