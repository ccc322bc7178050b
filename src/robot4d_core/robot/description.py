# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot by its description (URDF): links, joints, poses and shapes, by name."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio as pin
import trimesh

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.shapes import to_trimesh
from robot4d_core.share import CELL_DESCRIPTION, share_directory

GREY = (0.5, 0.5, 0.5)
SHAPES = {'box', 'cylinder', 'sphere', 'capsule', 'mesh'}

_XACRO = threading.Lock()  # xacro keeps its stack of files in globals


class RobotDescription:
    """What a robot is. Pinocchio reads the URDF, also its meshes; nothing else in robot4d does.

    Joint positions are given by name, in rad or metres; joints without one are at 0. Poses are T_root_link (4, 4), of
    the link that no joint carries. A mesh is a path, a file:// URL, or a package:// URL of a package that
    AMENT_PREFIX_PATH or ROS_PACKAGE_PATH leads to.
    """

    def __init__(self, urdf: str) -> None:
        """Read the text of a URDF, expanded by xacro; raises RobotDescriptionError when it is none."""
        self.urdf = urdf
        _check(urdf)
        try:
            self.model: pin.Model = pin.buildModelFromXML(urdf)
        except (ValueError, RuntimeError) as error:
            raise RobotDescriptionError(f'the robot description is no URDF that Pinocchio can read: {error}') from error
        frames = [self.model.frames[number] for number in range(1, self.model.nframes)]
        self._links = {frame.name: self.model.getFrameId(frame.name, pin.FrameType.BODY)
                       for frame in frames if frame.type == pin.FrameType.BODY}
        self.links: tuple[str, ...] = tuple(self._links)
        self.joints: tuple[str, ...] = tuple(self.model.names[1:])
        self._mimics = _mimics(urdf)

    @classmethod
    def from_file(cls, path: Path | str, **xacro_args) -> RobotDescription:
        """Read a URDF or xacro file; xacro_args: the xacro's arguments.

        Raises RobotDescriptionError when the file is missing or xacro cannot expand it.
        """
        import xacro

        path = Path(path)
        if not path.is_file():
            raise RobotDescriptionError(
                f'robot description {path} does not exist; give the path of a URDF or xacro file')
        mappings = {name: str(value) for name, value in xacro_args.items()}
        try:
            with _XACRO:
                document = xacro.process_file(str(path), mappings=mappings)
        except Exception as error:  # xacro raises its own, expat's and Python's errors alike
            raise RobotDescriptionError(f'xacro cannot expand {path}: {error}') from error
        return cls(document.toxml())

    @classmethod
    def shipped(cls, **xacro_args) -> RobotDescription:
        """Read the description of the cell that comes with robot4d; arms=2 for that with two arms."""
        return cls.from_file(share_directory() / CELL_DESCRIPTION, **xacro_args)

    def to_mujoco(self):
        """Return MuJoCo's editable model of the robot (mujoco.MjSpec), for a simulation to build on.

        Raises RobotDescriptionError when MuJoCo cannot read the description.
        """
        import mujoco

        try:
            return mujoco.MjSpec.from_string(self.urdf)
        except ValueError as error:
            raise RobotDescriptionError(f'MuJoCo cannot read the robot description: {error}') from error

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

    def configuration(self, positions: Mapping[str, float]) -> np.ndarray:
        """Return Pinocchio's configuration (nq,) of joint positions by name; mimic joints follow."""
        configuration = pin.neutral(self.model)
        for name, position in {**self._following(positions), **positions}.items():
            joint = self.model.joints[self.require_joint(name)]
            turning_freely = joint.nq == 2
            configuration[joint.idx_q:joint.idx_q + joint.nq] = (
                (np.cos(position), np.sin(position)) if turning_freely else position)
        return configuration

    def mimicked_by(self, joint: str) -> str | None:
        """Return the joint that a mimic joint follows, None for one that is driven itself."""
        self.require_joint(joint)
        return self._mimics[joint][0] if joint in self._mimics else None

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

    def links_of_arm(self, first_joint: str) -> tuple[str, ...]:
        """Return the links of the arm whose first joint it is: all that it carries, and its base unless the root is."""
        first = self.link_moved_by(first_joint)
        base = self.link_above(first)
        return self.links_below(first if base == self.links[0] else base)

    def position_limits(self, joint: str) -> tuple[float, float]:
        """Return the lower and upper limit of a joint, rad or metres; infinite for continuous joints."""
        found = self.model.joints[self.require_joint(joint)]
        if found.nq == 2:  # a cosine and a sine
            return -np.inf, np.inf
        return float(self.model.lowerPositionLimit[found.idx_q]), float(self.model.upperPositionLimit[found.idx_q])

    def surface(self, link: str) -> tuple[trimesh.Trimesh, np.ndarray] | None:
        """Return what is seen of a link: a mesh in its frame, and the colour (3,) of its first shape in [0, 1].

        Links without visual shapes are seen as their collision shapes, those without either not at all (None).
        """
        frame = self.require_link(link)
        for shapes in (self._visual_shapes, self.collision_shapes):
            own = [shape for shape in shapes.geometryObjects if shape.parentFrame == frame]
            if own:
                T_link_joint = self.model.frames[frame].placement.inverse()
                meshes = [to_trimesh(shape).apply_transform((T_link_joint * shape.placement).homogeneous)
                          for shape in own]
                colour = own[0].meshColor[:3] if own[0].overrideMaterial else GREY
                return trimesh.util.concatenate(meshes), np.array(colour)
        return None

    @cached_property
    def collision_shapes(self) -> pin.GeometryModel:
        """Return the collision shapes, by link, as Pinocchio has them."""
        return self._shapes(pin.GeometryType.COLLISION)

    @cached_property
    def _visual_shapes(self) -> pin.GeometryModel:
        return self._shapes(pin.GeometryType.VISUAL)

    def _shapes(self, kind: pin.GeometryType) -> pin.GeometryModel:
        try:
            return pin.buildGeomFromUrdfString(self.model, self.urdf, kind)
        except (ValueError, RuntimeError) as error:
            raise RobotDescriptionError(
                f'a shape of the robot description cannot be read: {error} Meshes are paths, file:// or package:// '
                'URLs of files on this machine; packages are looked for in AMENT_PREFIX_PATH and ROS_PACKAGE_PATH'
            ) from error

    def _following(self, positions: Mapping[str, float]) -> dict[str, float]:
        """Return the positions of the mimic joints."""
        return {joint: factor * positions.get(followed, 0.0) + offset
                for joint, (followed, factor, offset) in self._mimics.items()}

    def _joint_above(self, link: str) -> str:
        return self.model.frames[self.model.frames[self._links[link]].parentFrame].name


def _mimics(urdf: str) -> dict[str, tuple[str, float, float]]:
    """Return, for each mimic joint, the joint that it follows, and factor and offset of its position."""
    return {joint.get('name'): (mimic.get('joint'), float(mimic.get('multiplier', 1)), float(mimic.get('offset', 0)))
            for joint in ElementTree.fromstring(urdf).findall('joint') for mimic in joint.findall('mimic')}


def _check(urdf: str) -> None:
    """Raise RobotDescriptionError for what Pinocchio's parser only complains about on stderr."""
    try:
        root = ElementTree.fromstring(urdf)
    except ElementTree.ParseError as error:
        raise RobotDescriptionError(
            f'the robot description is no URDF, for it is not XML ({error}); pass the text that xacro expanded'
        ) from error
    links = [link.get('name') for link in root.findall('link')]
    if not links:
        raise RobotDescriptionError('the robot description has no link; pass the URDF of a robot')
    for joint in root.findall('joint'):
        for end in (*joint.findall('parent'), *joint.findall('child')):
            if end.get('link') not in links:
                raise RobotDescriptionError(
                    f"the robot description has no link '{end.get('link')}'; it has: {', '.join(map(str, links))}; "
                    f"joint '{joint.get('name')}' names it")
    for link in root.findall('link'):
        for geometry in link.iter('geometry'):
            for shape in geometry:
                if shape.tag not in SHAPES:
                    raise RobotDescriptionError(
                        f"link '{link.get('name')}': geometry <{shape.tag}> is unknown; use one of {sorted(SHAPES)}")
