# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A parallel gripper: points on its surface at any opening, and when it counts as closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import trimesh

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.names import GripperNames

HAND_SPACING = 0.008  # metres between neighbouring surface points
FINGER_SPACING = 0.004
CLOSED_SHARE = 0.8  # of the stroke: below it a gripper counts as closed,
OPEN_SHARE = 0.9  # above it as open, in between it stays as it was


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
    def from_description(cls, description: RobotDescription, names: GripperNames) -> GripperModel:
        """Sample the visual shapes (collision shapes of links that have none) of hand and fingers.

        The opening is the sum of the fingers' joint positions, shared equally.
        Raises RobotDescriptionError when a link, its shapes or a finger's prismatic joint with limits is missing.
        """
        T_tcp_root = invert_pose(description.pose(names.tcp))
        parts, stroke = [], 0.0
        for link in (names.hand, *names.fingers):
            T_tcp_link, travel = T_tcp_root @ description.pose(link), np.zeros(3)
            if link != names.hand:
                joint, upper = _sliding_joint(description, link)
                T_tcp_open = T_tcp_root @ description.pose(link, {joint: upper})
                travel = (T_tcp_open - T_tcp_link)[:3, 3] / upper / len(names.fingers)
                stroke += upper
            surface = description.surface(link)
            if surface is None:
                raise RobotDescriptionError(f"link '{link}' has neither visual nor collision shapes to track")
            mesh, colour = surface
            points, normals = _sample(mesh, HAND_SPACING if link == names.hand else FINGER_SPACING)
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

        Closed means that something may be held: fingers that are clearly not open, however wide what they hold is.
        """
        if opening < CLOSED_SHARE * self.stroke:
            return True
        return before and opening < OPEN_SHARE * self.stroke


def _sliding_joint(description: RobotDescription, finger: str) -> tuple[str, float]:
    """Return the joint that slides a finger, and its upper limit in metres."""
    joint = description.joint_above(finger)
    if joint is None or not description.slides(joint) or description.position_limits(joint)[1] <= 0:
        raise RobotDescriptionError(
            f"finger '{finger}' must hang on a prismatic joint with a positive upper limit; "
            'name the links that slide in finger_links')
    return joint, description.position_limits(joint)[1]


def _sample(mesh: trimesh.Trimesh, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    count = max(30, int(mesh.area / spacing**2))
    points, faces = trimesh.sample.sample_surface(mesh, count, seed=0)
    return np.asarray(points), mesh.face_normals[faces]
