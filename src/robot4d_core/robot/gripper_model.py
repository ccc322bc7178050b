# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The gripper as the tracker knows it: points on its surface, from the robot description."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose

HAND_SPACING = 0.008  # metres between neighbouring surface points
FINGER_SPACING = 0.004
CLOSED_SHARE = 0.45  # of the stroke: below it a gripper counts as closed,
OPEN_SHARE = 0.55  # above it as open, in between it stays as it was
GREY = np.full(3, 0.5)


@dataclass(frozen=True)
class GripperPart:
    """A rigid part. points, normals (outward): (N, 3) in the tcp frame at opening 0; colour: (3,) RGB in [0, 1].

    travel: (3,) how far the part moves, in the tcp frame, per metre of opening.
    """

    name: str
    points: np.ndarray
    normals: np.ndarray
    colour: np.ndarray
    travel: np.ndarray


@dataclass(frozen=True)
class GripperSurface:
    """The surface at one opening: points, normals (N, 3) in the tcp frame; part (N,) index of the part."""

    points: np.ndarray
    normals: np.ndarray
    part: np.ndarray


@dataclass(frozen=True)
class GripperModel:
    """A parallel gripper: parts[0] is the hand, then the fingers; stroke: the largest opening, metres."""

    parts: tuple[GripperPart, ...]
    stroke: float

    @classmethod
    def from_urdf(
        cls,
        urdf: str,
        hand_link: str = 'gripper_hand',
        finger_links: tuple[str, ...] = ('gripper_finger_left', 'gripper_finger_right'),
        tcp_frame: str = 'gripper_tcp',
    ) -> GripperModel:
        """Sample the visual shapes (collision shapes of links that have none) of hand and fingers.

        The opening is the sum of the fingers' joint positions, shared equally.
        Raises RobotDescriptionError when a link, its shapes or a finger's prismatic joint with limits is missing.
        """
        description = _Description(urdf)
        T_tcp_root = invert_pose(description.pose(tcp_frame))
        parts, stroke = [], 0.0
        for link in (hand_link, *finger_links):
            travel = np.zeros(3)
            T_tcp_link = T_tcp_root @ description.pose(link)
            if link != hand_link:
                axis, upper = description.finger_joint(link)
                travel = T_tcp_link[:3, :3] @ axis / len(finger_links)
                stroke += upper
            mesh, colour = description.shape(link)
            points, normals = _sample(mesh, HAND_SPACING if link == hand_link else FINGER_SPACING)
            parts.append(GripperPart(
                link, transform_points(T_tcp_link, points), normals @ T_tcp_link[:3, :3].T, colour, travel))
        return cls(tuple(parts), stroke)

    def surface(self, opening: float) -> GripperSurface:
        """Return the surface with the fingers opening metres apart."""
        return GripperSurface(
            np.concatenate([part.points + opening * part.travel for part in self.parts]),
            np.concatenate([part.normals for part in self.parts]),
            np.repeat(np.arange(len(self.parts)), [len(part.points) for part in self.parts]),
        )

    def closed(self, opening: float, before: bool) -> bool:
        """Whether the gripper counts as closed; between the two thresholds it stays as it was before.

        The thresholds lie about the middle of the stroke, so fingers that hold an object up to almost half the
        stroke wide are closed.
        """
        if opening < CLOSED_SHARE * self.stroke:
            return True
        return before and opening < OPEN_SHARE * self.stroke


class _Description:
    """The parts of a URDF that matter here."""

    def __init__(self, urdf: str) -> None:
        try:
            self._root = ElementTree.fromstring(urdf)
        except ElementTree.ParseError as error:
            raise RobotDescriptionError(
                f'the robot description is not XML ({error}); pass the URDF text, expanded by xacro') from error
        self._links = {link.get('name'): link for link in self._root.iter('link')}
        self._joint_above = {
            joint.find('child').get('link'): joint for joint in self._root.findall('joint')
        }

    def pose(self, link: str) -> np.ndarray:
        """Return T_root_link with every joint at 0."""
        self._link(link)
        pose = np.eye(4)
        while (joint := self._joint_above.get(link)) is not None:
            pose = _origin(joint) @ pose
            link = joint.find('parent').get('link')
        return pose

    def finger_joint(self, link: str) -> tuple[np.ndarray, float]:
        """Return the axis (3,) in the link's frame and the upper limit in metres."""
        joint = self._joint_above.get(link)
        limit = None if joint is None else joint.find('limit')
        if joint is None or joint.get('type') != 'prismatic' or limit is None or float(limit.get('upper', 0)) <= 0:
            raise RobotDescriptionError(
                f"finger '{link}' must hang on a prismatic joint with a positive upper limit; "
                'name the links that slide in finger_links'
            )
        axis = joint.find('axis')
        return _numbers(axis, 'xyz', (1.0, 0.0, 0.0)), float(limit.get('upper'))

    def shape(self, link: str) -> tuple[trimesh.Trimesh, np.ndarray]:
        """Return the link's shapes as one mesh in its frame, and its colour (3,) in [0, 1]."""
        element = self._link(link)
        shapes = element.findall('visual') or element.findall('collision')
        if not shapes:
            raise RobotDescriptionError(f"link '{link}' has neither visual nor collision shapes to track")
        meshes = [_mesh(shape, link).apply_transform(_origin(shape)) for shape in shapes]
        return trimesh.util.concatenate(meshes), self._colour(shapes[0])

    def _link(self, link: str) -> ElementTree.Element:
        if link not in self._links:
            known = ', '.join(name for name in self._links if name)
            raise RobotDescriptionError(f"the robot description has no link '{link}'; it has: {known}")
        return self._links[link]

    def _colour(self, shape: ElementTree.Element) -> np.ndarray:
        material = shape.find('material')
        if material is None:
            return GREY
        for candidate in (material, *self._root.findall('material')):
            if candidate.get('name') == material.get('name') and candidate.find('color') is not None:
                return _numbers(candidate.find('color'), 'rgba', (0.5, 0.5, 0.5, 1.0))[:3]
        return GREY


def _numbers(element: ElementTree.Element | None, attribute: str, default: tuple[float, ...]) -> np.ndarray:
    text = None if element is None else element.get(attribute)
    return np.array(default if text is None else text.split(), float)


def _origin(element: ElementTree.Element) -> np.ndarray:
    origin = element.find('origin')
    turn = Rotation.from_euler('xyz', _numbers(origin, 'rpy', (0.0, 0.0, 0.0)))
    return make_pose(turn, _numbers(origin, 'xyz', (0.0, 0.0, 0.0)))


def _mesh(shape: ElementTree.Element, link: str) -> trimesh.Trimesh:
    geometry = shape.find('geometry')
    kind = geometry[0]
    if kind.tag == 'box':
        return trimesh.creation.box(_numbers(kind, 'size', ()))
    if kind.tag == 'cylinder':
        return trimesh.creation.cylinder(float(kind.get('radius')), float(kind.get('length')))
    if kind.tag == 'sphere':
        return trimesh.creation.icosphere(radius=float(kind.get('radius')))
    if kind.tag == 'mesh':
        path = Path(kind.get('filename').removeprefix('file://'))
        if not path.is_file():
            raise RobotDescriptionError(
                f"link '{link}': cannot read mesh '{kind.get('filename')}'; expand package:// to a path on this machine"
            )
        return trimesh.load_mesh(path).apply_scale(_numbers(kind, 'scale', (1.0, 1.0, 1.0)))
    raise RobotDescriptionError(f"link '{link}': geometry <{kind.tag}> is unknown; use box, cylinder, sphere or mesh")


def _sample(mesh: trimesh.Trimesh, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    count = max(30, int(mesh.area / spacing**2))
    points, faces = trimesh.sample.sample_surface(mesh, count, seed=0)
    return np.asarray(points), mesh.face_normals[faces]
