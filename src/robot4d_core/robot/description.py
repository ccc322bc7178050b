# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot by its description (URDF): links, joints, poses and shapes, by name."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import pinocchio as pin
import trimesh

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.package_files import find_file
from robot4d_core.robot.shapes import collada_unit, read_shapes, to_trimesh
from robot4d_core.robot.urdf import (
    check_urdf,
    kinematic_urdf,
    mesh_tags,
    mimics,
    paint,
    parse_urdf,
    read_urdf,
    with_shapes,
)
from robot4d_core.share import CELL_DESCRIPTION, share_directory

GREY = (0.5, 0.5, 0.5)
MIMIC_TOLERANCE = 0.05  # rad or metres between where a mimic joint is said to be and where it follows its joint to


class RobotDescription:
    """What a robot is. Pinocchio reads the URDF, also its meshes; nothing else in robot4d does.

    Joint positions are given by name, in rad or metres; joints without one are at 0, mimic joints where the joint that
    they follow takes them. Where a position is given for a mimic joint alone, the joint that it follows is where that
    tells; where both are given, they must agree, or RobotDescriptionError is raised. Poses are T_root_link (4, 4), of
    the link that no joint carries.

    A mesh is a path, absolute or relative to folder, a file:// URL, or a package:// URL (see find_package for where
    packages are looked for). Meshes are looked for when shapes are first asked for. Shapes without a material have the
    colour that <gazebo reference="LINK"> gives their link as <visual><material><diffuse>.
    """

    def __init__(self, urdf: str, folder: Path | None = None, package_paths: Sequence[Path] = ()) -> None:
        """Read the text of a URDF, expanded by xacro; raises RobotDescriptionError when it is none.

        folder: of the file that it came from, None where that is not known.
        """
        self.urdf = urdf
        self._root, self.folder, self.package_paths = parse_urdf(urdf), folder, tuple(package_paths)
        check_urdf(self._root)
        paint(self._root)
        self._mimics = mimics(self._root)
        try:
            self.model: pin.Model = pin.buildModelFromXML(kinematic_urdf(self._root))
        except (ValueError, RuntimeError) as error:
            raise RobotDescriptionError(f'the robot description is no URDF that Pinocchio can read: {error}') from error
        frames = [self.model.frames[number] for number in range(1, self.model.nframes)]
        self._links = {frame.name: self.model.getFrameId(frame.name, pin.FrameType.BODY)
                       for frame in frames if frame.type == pin.FrameType.BODY}
        self.links: tuple[str, ...] = tuple(self._links)
        self.joints: tuple[str, ...] = tuple(
            self.model.names[number] for number in range(1, self.model.njoints) if self.model.joints[number].nv == 1)

    @classmethod
    def from_file(
        cls, path: Path | str, xacro_arguments: Mapping[str, object] | None = None, package_paths: Sequence[Path] = (),
    ) -> RobotDescription:
        """Read a URDF or xacro file; package_paths: where packages are looked for first, see find_package.

        Raises RobotDescriptionError when the file is missing or xacro cannot expand it.
        """
        path = Path(path)
        arguments = {name: str(value) for name, value in (xacro_arguments or {}).items()}
        urdf = read_urdf(path, arguments, package_paths)
        try:
            return cls(urdf, path.absolute().parent, package_paths)
        except RobotDescriptionError as error:
            raise RobotDescriptionError(f'{path}: {error}') from error

    @classmethod
    def shipped(cls, **xacro_arguments) -> RobotDescription:
        """Read the description of the cell that comes with robot4d; arms=2 for that with two arms."""
        return cls.from_file(share_directory() / CELL_DESCRIPTION, xacro_arguments)

    def to_mujoco(self):
        """Return MuJoCo's editable model of the robot (mujoco.MjSpec), for a simulation to build on.

        Raises RobotDescriptionError when MuJoCo cannot read the description, or a mesh is missing.
        """
        from robot4d_core.robot.mujoco_spec import to_mujoco

        meshes = {}
        for kind in ('visual', 'collision'):
            shapes = self._shapes(kind, self._links_with(kind))
            named = {shape.name: shape for shape in shapes.geometryObjects}
            for link in self._root.findall('link'):
                for number, shape in enumerate(link.findall(kind)):
                    if shape.find('geometry/mesh') is not None:
                        meshes[link.get('name'), kind, number] = to_trimesh(named[f"{link.get('name')}_{number}"])
        return to_mujoco(copy.deepcopy(self._root), meshes)

    def require_link(self, link: str) -> int:
        """Return the number of a link's frame in the model; raises RobotDescriptionError when there is none."""
        if link not in self._links:
            raise RobotDescriptionError(f"the robot description has no link '{link}'; it has: {', '.join(self.links)}")
        return self._links[link]

    def require_joint(self, joint: str) -> int:
        """Return the number of a movable joint in the model; raises RobotDescriptionError when there is none."""
        if joint not in self.joints:
            raise RobotDescriptionError(
                f"the robot description has no movable joint '{joint}'; it has: {', '.join(self.joints)}")
        return self.model.getJointId(joint)

    def coordinates(self, positions: Mapping[str, float]) -> np.ndarray:
        """Return where every degree of freedom is (nv,), rad or metres, of joint positions by name."""
        known = {name: float(position) for name, position in positions.items()}
        for name in known:
            self.require_joint(name)
        for name, mimic in self._mimics.items():
            if name in known and mimic.multiplier:
                known.setdefault(mimic.joint, (known[name] - mimic.offset) / mimic.multiplier)
        for name, mimic in self._mimics.items():
            follows = mimic.multiplier * known.get(mimic.joint, 0.0) + mimic.offset
            if abs(known.get(name, follows) - follows) > MIMIC_TOLERANCE:
                raise RobotDescriptionError(
                    f"joint '{name}' is said to be at {known[name]:.3f}, but follows '{mimic.joint}' to {follows:.3f}; "
                    'leave its position out, or correct its <mimic>')
            known[name] = follows
        coordinates = np.zeros(self.model.nv)
        for name, position in known.items():
            coordinates[self.model.joints[self.require_joint(name)].idx_v] = position
        return coordinates

    def configuration(self, positions: Mapping[str, float]) -> np.ndarray:
        """Return Pinocchio's configuration (nq,) of joint positions by name."""
        return pin.integrate(self.model, pin.neutral(self.model), self.coordinates(positions))

    def poses(self, positions: Mapping[str, float]) -> np.ndarray:
        """Return T_root_link (L, 4, 4) of all links, in the order of `links`."""
        data = self.model.createData()
        pin.framesForwardKinematics(self.model, data, self.configuration(positions))
        return np.stack([data.oMf[number].homogeneous for number in self._links.values()])

    def pose(self, link: str, positions: Mapping[str, float] | None = None) -> np.ndarray:
        """Return T_root_link (4, 4); raises RobotDescriptionError when there is no such link."""
        self.require_link(link)
        return self.poses(positions or {})[self.links.index(link)]

    def link_moved_by(self, joint: str) -> str:
        """Return the link that a movable joint carries."""
        self.require_joint(joint)
        return next(link for link in self.links if self._joint_above(link) == joint)

    def link_above(self, link: str) -> str | None:
        """Return the link that carries a link, None for the root."""
        joint = self.model.frames[self.model.frames[self.require_link(link)].parentFrame]
        above = self.model.frames[joint.parentFrame].name
        return above if above in self._links else None

    def links_below(self, link: str) -> tuple[str, ...]:
        """Return a link and all that it carries, links of its children included."""
        below = {link: self.require_link(link)}
        for name in self.links:  # parents come before their children
            if self.link_above(name) in below:
                below[name] = self._links[name]
        return tuple(below)

    def rigid_with(self, link: str) -> tuple[str, ...]:
        """Return a link and all that never move against it, in the order of `links`."""
        joint = self.model.frames[self.require_link(link)].parentJoint
        return tuple(name for name, number in self._links.items() if self.model.frames[number].parentJoint == joint)

    def links_of_arm(self, joints: Sequence[str]) -> tuple[str, ...]:
        """Return the links of the arm that has these joints, in any order.

        They are all that the joint nearest to the root carries, and the arm's base, unless that is the root and carries
        other things too.
        """
        first = self.link_moved_by(min(joints, key=self.require_joint))
        base, below = self.link_above(first), self.links_below(first)
        shared = base == self.links[0] and len(below) + 1 < len(self.links)
        return below if shared else self.links_below(base)

    def require_still(self, link: str) -> int:
        """Return the number of the frame of a link that no joint moves; raises RobotDescriptionError for others."""
        number = self.require_link(link)
        if moving := self.joints_above(link):
            raise RobotDescriptionError(
                f"base_frame '{link}' moves: joint '{moving[-1]}' carries it; name a link that no joint moves, such as "
                f"'{self.links[0]}'")
        return number

    def joints_above(self, link: str) -> tuple[str, ...]:
        """Return the movable joints between the root and a link, the root's first; mimic joints are among them."""
        above = self.model.supports[self.model.frames[self.require_link(link)].parentJoint]
        return tuple(self.model.names[number] for number in list(above)[1:])

    def joint_kind(self, joint: str) -> str:
        """Return what a movable joint is: revolute, continuous, prismatic, ..."""
        self.require_joint(joint)
        return next(tag.get('type') for tag in self._root.findall('joint') if tag.get('name') == joint)

    def mimicked_by(self, joint: str) -> str | None:
        """Return the joint that a mimic joint follows, None for one that is driven itself."""
        self.require_joint(joint)
        return self._mimics[joint].joint if joint in self._mimics else None

    def position_limits(self, joint: str) -> tuple[float, float]:
        """Return the lower and upper limit of a joint, rad or metres; infinite for continuous joints."""
        found = self.model.joints[self.require_joint(joint)]
        if found.nq == 2:  # a cosine and a sine
            return -np.inf, np.inf
        return float(self.model.lowerPositionLimit[found.idx_q]), float(self.model.upperPositionLimit[found.idx_q])

    def velocity_limit(self, joint: str) -> float:
        """Return how fast a joint may move, rad/s or m/s; raises RobotDescriptionError when none is given, or 0."""
        limit = float(self.model.velocityLimit[self.model.joints[self.require_joint(joint)].idx_v])
        if not 0 < limit < np.finfo(float).max:
            raise RobotDescriptionError(
                f"joint '{joint}' has no velocity limit in the robot description, or one of 0; give it one there, or "
                f'in robot.yaml: joint_velocity_limits: {{{joint}: 1.0}}')
        return limit

    def surface(self, link: str) -> tuple[trimesh.Trimesh, np.ndarray] | None:
        """Return what is seen of a link: a mesh in its frame, and the colour (3,) of its first shape in [0, 1].

        Links without visual shapes are seen as their collision shapes, those without either not at all (None).
        """
        frame = self.require_link(link)
        for kind in ('visual', 'collision'):
            if link in self._links_with(kind):
                own = self._shapes(kind, {link}).geometryObjects
                T_link_joint = self.model.frames[frame].placement.inverse()
                meshes = [to_trimesh(shape).apply_transform((T_link_joint * shape.placement).homogeneous)
                          for shape in own]
                colour = own[0].meshColor[:3] if own[0].overrideMaterial else GREY
                return trimesh.util.concatenate(meshes), np.array(colour)
        return None

    @cached_property
    def collision_shapes(self) -> pin.GeometryModel:
        """Return the collision shapes, by link, as Pinocchio has them.

        Visual shapes stand in for what a joint carries without any collision shape.
        """
        shapes = self._shapes('collision', self._links_with('collision'))
        covered = {shape.parentJoint for shape in shapes.geometryObjects}
        uncovered = {link for link in self._links_with('visual')
                     if self.model.frames[self._links[link]].parentJoint not in covered}
        for shape in self._shapes('visual', uncovered).geometryObjects if uncovered else ():
            shapes.addGeometryObject(shape)
        return shapes

    def _links_with(self, kind: str) -> set[str]:
        return {link.get('name') for link in self._root.findall('link') if link.find(kind) is not None}

    def _shapes(self, kind: str, links: Collection[str]) -> pin.GeometryModel:
        return read_shapes(self.model, self._with_files(with_shapes(self._root, kind, links)), kind, self._mesh_loader)

    def _with_files(self, root: Element) -> Element:
        """Give every mesh of a copy of the URDF the path of its file, and a scale that makes it metres."""
        for mesh in mesh_tags(root):
            file = find_file(mesh.get('filename', ''), self.folder, self.package_paths)
            mesh.set('filename', str(file))
            if (unit := collada_unit(file)) != 1.0:  # Pinocchio passes it over
                scale = mesh.get('scale', '1 1 1').split()
                mesh.set('scale', ' '.join(str(unit * float(factor)) for factor in scale))
        return root

    @cached_property
    def _mesh_loader(self):
        return pin.hppfcl.CachedMeshLoader()

    def _joint_above(self, link: str) -> str:
        return self.model.frames[self.model.frames[self._links[link]].parentFrame].name
