# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Any gripper with two jaws, by its description: from joint positions to metres between the pads, and back.

The pads are two points, each fixed to what carries it: where the closing axis, y of the tcp frame, enters the two jaws
when they are closed as far as they go. The opening is the distance of these two points, negative where they have passed
each other. So it means the same for fingers that slide, for linkages and for a jaw that turns.

A jaw is a finger link with all that is rigidly below it. Of a gripper with one moving jaw only that is named as finger;
the other jaw is what belongs to the hand, on the other side of the tcp.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import trimesh
from scipy.interpolate import make_interp_spline

from robot4d_core.errors import GripperError, RobotDescriptionError
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper_pads import TOUCH, Jaw, PadFinder
from robot4d_core.robot.names import GripperNames

BEYOND = 0.003  # metres past the ends of its range that a measured opening may be
NODES = 65  # of the tables; between them a finger that turns by 2 rad is 0.01 mm off


@dataclass(frozen=True)
class GripperPart:
    """A link with a surface. mesh: metres, in the link's frame; colour: (3,) in [0, 1]; finger: moves in the hand."""

    link: str
    mesh: trimesh.Trimesh
    colour: np.ndarray
    finger: bool


class Gripper:
    """A gripper that the joints names.finger_joints, moving together, close and open; mimic joints follow.

    parts: what of the hand and below it has a surface; moving_joints: the finger joints, then those that mimic them;
    range: the smallest and the largest opening, metres; open_width: of the open gripper, metres. Raises
    RobotDescriptionError that says what of the description, or of the names, is not that of a gripper.
    """

    def __init__(self, description: RobotDescription, names: GripperNames) -> None:
        self.names, self._description = names, description
        try:
            self._require_names()
            self.moving_joints: tuple[str, ...] = (*names.finger_joints, *(
                joint for joint in description.joints if description.mimicked_by(joint) in names.finger_joints))
            self.parts = self._find_parts()
            self._tabulate(self._find_jaws())
        except RobotDescriptionError as error:
            raise RobotDescriptionError(f"gripper '{names.name}': {error}") from error

    @property
    def name(self) -> str:
        """The gripper's name in plans and episodes."""
        return self.names.name

    @property
    def stroke(self) -> float:
        """Metres between the smallest and the largest opening."""
        return self.range[1] - self.range[0]

    def opening(self, positions: Mapping[str, float]) -> float:
        """Return the metres between the pads at joint positions, those of other joints too, by name, rad or metres."""
        first, second = self._pads_at({joint: positions[joint] for joint in self.names.finger_joints})
        apart = self._side * (first - second)
        return float(np.copysign(np.linalg.norm(apart), apart[1]))

    def positions(self, opening: float) -> dict[str, float]:
        """Return the positions of the finger joints by name, rad or metres, that bring the pads metres apart.

        Measured openings may lie BEYOND the range; raises GripperError for others.
        """
        self.require(opening)
        return dict(zip(self.names.finger_joints, self._positions_of(opening).tolist(), strict=True))

    def require(self, opening: float) -> None:
        """Raise GripperError when an opening, metres, lies BEYOND the range."""
        if not self.range[0] - BEYOND <= opening <= self.range[1] + BEYOND:  # refuses NaN, too
            raise GripperError(
                f"gripper '{self.names.name}' cannot bring its pads {opening:.4f} m apart; by its description they are "
                f'{self.range[0]:.4f} to {self.range[1]:.4f} m apart')

    def moving_positions(self, opening: float) -> np.ndarray:
        """Return the positions (J,) of moving_joints, rad or metres, as positions has those of the finger joints."""
        coordinates = self._description.coordinates(self.positions(opening))
        model = self._description.model
        return coordinates[[model.joints[model.getJointId(joint)].idx_v for joint in self.moving_joints]]

    def pads(self, opening: float) -> np.ndarray:
        """Return where the two pads are (2, 3), metres in the tcp frame, at an opening, metres."""
        return self._pads_at(self.positions(opening))

    def share(self, opening: float) -> float:
        """Return how far an opening, metres, is on the way from closed, 0, to the open width, 1."""
        return (opening - self.range[0]) / (self.open_width - self.range[0])

    def poses(self, openings: np.ndarray | float) -> np.ndarray:
        """Return T_tcp_part (..., P, 4, 4) of all parts at openings (...), metres."""
        return self._poses_of(openings)

    def _require_names(self) -> None:
        description, names = self._description, self.names
        for link in (names.tcp, names.hand, *names.fingers):
            description.require_link(link)
        if not 1 <= len(names.fingers) <= 2:
            raise RobotDescriptionError(
                'finger_links must name the two links that carry the pads, or the one jaw that moves; got '
                f'{", ".join(names.fingers) or "none"}')
        for finger in set(names.fingers).difference(description.links_below(names.hand)):
            raise RobotDescriptionError(f"the finger '{finger}' is not below the hand '{names.hand}'")
        if names.tcp not in description.rigid_with(names.hand):
            raise RobotDescriptionError(f"tcp_frame '{names.tcp}' moves against the hand '{names.hand}'")
        if not names.finger_joints:
            raise RobotDescriptionError('finger_joints names no joint that drives the fingers')
        for joint in names.finger_joints:
            if followed := description.mimicked_by(joint):
                raise RobotDescriptionError(
                    f"the finger joint '{joint}' follows '{followed}' (mimic); name '{followed}' in finger_joints")
            if not np.isfinite(description.position_limits(joint)).all():
                raise RobotDescriptionError(f"the finger joint '{joint}' has no limits; add them to the description")

    def _find_parts(self) -> tuple[GripperPart, ...]:
        below, hand = self._description.links_below(self.names.hand), self._description.rigid_with(self.names.hand)
        surfaces = {link: self._description.surface(link) for link in below}
        parts = tuple(GripperPart(link, *surface, link not in hand)
                      for link, surface in surfaces.items() if surface is not None)
        if all(part.finger for part in parts):
            raise RobotDescriptionError(f"the hand '{self.names.hand}' has neither visual nor collision shapes")
        return parts

    def _find_jaws(self) -> list[Jaw]:
        jaws = [self._jaw(finger) for finger in self.names.fingers]
        return jaws if len(jaws) == 2 else [*jaws, replace(self._jaw(self.names.hand), hand=True)]

    def _jaw(self, link: str) -> Jaw:
        """Return a link with what is rigidly below it."""
        rigid = set(self._description.rigid_with(link)).intersection(self._description.links_below(link))
        T_link_root = invert_pose(self._description.pose(link))
        meshes = [part.mesh.copy().apply_transform(T_link_root @ self._description.pose(part.link))
                  for part in self.parts if part.link in rigid]
        if not meshes:
            raise RobotDescriptionError(
                f"the finger '{link}' and what is fixed to it have neither visual nor collision shapes; name the links "
                'that carry the pads in finger_links, and add fingertips to the description')
        return Jaw(link, trimesh.util.concatenate(meshes))

    def _tabulate(self, jaws: list[Jaw]) -> None:
        """Find the pads, then openings, joint positions and poses of the parts all the way from closed to open."""
        ends = PadFinder(self._description, self.names.tcp, jaws).ends(self.names.finger_joints)
        T_tcp_jaw = self._poses(ends.closed, [jaw.link for jaw in jaws])
        self._side = ends.pads.side
        self._pads = [
            (jaw.link, transform_points(invert_pose(pose), np.array([0.0, along, 0.0])))
            for jaw, pose, along in zip(jaws, T_tcp_jaw, (ends.pads.first, ends.pads.second), strict=True)]
        steps = [ends.between(share) for share in np.linspace(0, 1, NODES)]
        openings = np.round([self.opening(positions) for positions in steps], 9) + 0.0  # no -0
        if (np.diff(openings) <= 0).any():
            raise RobotDescriptionError(
                f'the distance between the pads does not grow all the way from {ends.closed} to {ends.open}; narrow '
                'the limits of these joints to where it does')
        closed = 0.0 if abs(openings[0]) <= TOUCH else float(openings[0])  # controllers refuse less than 0
        self.range = closed, float(openings[-1])
        self.open_width = self.range[1] if self.names.open_width is None else self.names.open_width
        if not self.range[0] < self.open_width <= self.range[1] + BEYOND:
            raise RobotDescriptionError(
                f'open_width is {self.open_width} m, but by the description its pads are {self.range[0]:.4f} to '
                f'{self.range[1]:.4f} m apart')
        parts = [part.link for part in self.parts]
        self._positions_of = make_interp_spline(openings, [list(positions.values()) for positions in steps], k=1)
        self._poses_of = make_interp_spline(openings, [self._poses(positions, parts) for positions in steps], k=1)

    def _pads_at(self, positions: Mapping[str, float]) -> np.ndarray:
        poses = self._poses(positions, [link for link, _ in self._pads])
        return np.stack([transform_points(pose, point) for pose, (_, point) in zip(poses, self._pads, strict=True)])

    def _poses(self, positions: Mapping[str, float], links: list[str]) -> np.ndarray:
        """Return T_tcp_link (L, 4, 4)."""
        poses = self._description.poses(positions)
        numbers = [self._description.links.index(link) for link in (self.names.tcp, *links)]
        return invert_pose(poses[numbers[0]]) @ poses[numbers[1:]]
