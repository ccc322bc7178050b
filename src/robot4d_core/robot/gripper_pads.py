# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the pads of a gripper are, and which way it closes: its two jaws along the closing axis, y of the tcp frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import trimesh
from trimesh.intersections import slice_faces_plane

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.description import RobotDescription

PAD_RADIUS = 0.003  # metres about the closing axis in which the surface of a pad is looked for
TCP_TOLERANCE = 0.003  # metres that the tcp may lie inside a pad
TOUCH = 1e-6  # metres that pads may overlap: rounding
LEAST_STROKE = 0.001  # metres
PLACES = 17  # of the joints at which the pads are looked for
BISECTIONS = 14


@dataclass(frozen=True)
class Jaw:
    """mesh: the surface, metres, in the frame of link; hand: it may reach round the tcp, to the side of the finger."""

    link: str
    mesh: trimesh.Trimesh
    hand: bool = False


@dataclass(frozen=True)
class Pads:
    """Where the closing axis enters the two jaws, metres from the tcp; side: +1 if the first is at larger y."""

    first: float
    second: float
    side: int

    @property
    def gap(self) -> float:
        """Metres between the pads; negative where they overlap."""
        return self.side * (self.first - self.second)


@dataclass(frozen=True)
class GripperEnds:
    """Positions of the finger joints, by name, when the gripper is closed and open; pads: when it is closed."""

    closed: dict[str, float]
    open: dict[str, float]
    pads: Pads

    def between(self, share: float) -> dict[str, float]:
        """Return the positions at a share of the way from closed to open."""
        return _between(self.closed, self.open, share)


class PadFinder:
    """Finds the pads of two jaws of a description on y of its link tcp."""

    def __init__(self, description: RobotDescription, tcp: str, jaws: Sequence[Jaw]) -> None:
        self._description, self._tcp, self._jaws = description, tcp, jaws
        self._numbers = [description.links.index(link) for link in (tcp, *(jaw.link for jaw in jaws))]

    def ends(self, joints: Sequence[str]) -> GripperEnds:
        """Return how far the finger joints, that move together between their limits, close and open the gripper.

        Nothing says which end of a joint's range is open: of all ways to move the joints together, the one counts on
        which the pads come farthest apart. Which jaw is on which side is as it is with all joints at 0. Jaws that could
        pass each other are closed where they touch. Raises RobotDescriptionError that says what is wrong.
        """
        limits = {joint: self._description.position_limits(joint) for joint in joints}
        shares, ways = np.linspace(0, 1, PLACES), []
        for ends in _ways(limits):
            for side in self._sides(limits):
                gaps = np.array([self._gap(_between(*ends, share), side) for share in shares])
                ways.append((np.nanmax(gaps, initial=-np.inf), ends, side, gaps))
        widest, (begin, end), side, gaps = max(ways, key=lambda way: way[0])
        if widest <= LEAST_STROKE:
            raise RobotDescriptionError(
                f"tcp_frame '{self._tcp}' is not between the pads: wherever the finger joints are, its y axis does not "
                f'run from {self._jaws[0].link} to {self._jaws[1].link} with a gap between; its z must point at the '
                'object, its y from pad to pad')
        open_at, closed_at = int(np.nanargmax(gaps)), int(np.nanargmin(np.where(gaps < -TOUCH, np.nan, gaps)))
        if gaps[open_at] - gaps[closed_at] < LEAST_STROKE:
            raise RobotDescriptionError(f'{" and ".join(joints)} do not change the distance between the pads')
        self._require_between(self._pads(_between(begin, end, shares[open_at]), side))
        if open_at < closed_at:
            begin, end, closed_at = end, begin, PLACES - 1 - closed_at
        touching = self._touching(begin, end, shares[closed_at], shares[max(closed_at - 1, 0)], side)
        closed = _between(begin, end, touching)
        return GripperEnds(closed, end, self._pads(closed, side))

    def _sides(self, limits: Mapping[str, tuple[float, float]]) -> list[int]:
        rest = {joint: float(np.clip(0.0, *limit)) for joint, limit in limits.items()}
        gaps = {side: self._gap(rest, side) for side in (1, -1)}
        known = {side: gap for side, gap in gaps.items() if np.isfinite(gap)}
        return [max(known, key=known.get)] if known else [1, -1]

    def _touching(
        self, closed: Mapping[str, float], opened: Mapping[str, float], apart: float, nearer: float, side: int
    ) -> float:
        """Return the least share of the way from closed to open, between two, at which the jaws do not overlap."""
        if apart == nearer:
            return apart
        for _ in range(BISECTIONS):
            middle = (apart + nearer) / 2
            overlap = not self._gap(_between(closed, opened, middle), side) >= -TOUCH
            apart, nearer = (apart, middle) if overlap else (middle, nearer)
        return apart

    def _require_between(self, pads: Pads) -> None:
        if pads.side * pads.second > TCP_TOLERANCE or pads.side * pads.first < -TCP_TOLERANCE:
            raise RobotDescriptionError(
                f"tcp_frame '{self._tcp}' is not between the pads: of the open gripper they are at y = "
                f'{pads.first:.4f} and {pads.second:.4f} m of it')

    def _gap(self, positions: Mapping[str, float], side: int) -> float:
        pads = self._pads(positions, side)
        return np.nan if pads is None else pads.gap

    def _pads(self, positions: Mapping[str, float], side: int) -> Pads | None:
        """Return where the axis enters the jaws, None where it misses one."""
        T_root_tcp, *T_root_link = self._description.poses(positions)[self._numbers]
        first, second = (_near_y(jaw.mesh, invert_pose(T_root_tcp) @ pose)
                         for jaw, pose in zip(self._jaws, T_root_link, strict=True))
        if self._jaws[1].hand:
            second = second[side * second < TCP_TOLERANCE]
        if not len(first) or not len(second):
            return None
        return Pads(side * float((side * first).min()), side * float((side * second).max()), side)


def _near_y(mesh: trimesh.Trimesh, pose: np.ndarray) -> np.ndarray:
    """Return y (N,) of the corners of what of a mesh, at a pose, is near the y axis."""
    vertices, faces = transform_points(pose, mesh.vertices), np.asarray(mesh.faces)
    corners = vertices[:, [0, 2]][faces]
    near = (corners.min(axis=1) < PAD_RADIUS).all(axis=1) & (corners.max(axis=1) > -PAD_RADIUS).all(axis=1)
    vertices, faces = vertices[faces[near]].reshape(-1, 3), np.arange(3 * near.sum()).reshape(-1, 3)
    for axis in np.array([[1, 0, 0], [-1, 0, 0], [0, 0, 1], [0, 0, -1]]):
        vertices, faces, _ = slice_faces_plane(vertices, faces, axis, -PAD_RADIUS * axis)
    return vertices[:, 1]


def _ways(limits: Mapping[str, tuple[float, float]]) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
    """Yield the ends of all ways to move joints together through their ranges, up to the direction of the whole."""
    first, *others = limits
    for turned in product((False, True), repeat=len(others)):
        ends = [limits[joint][::-1] if turn else limits[joint]
                for joint, turn in zip((first, *others), (False, *turned), strict=True)]
        begin, end = (dict(zip(limits, end, strict=True)) for end in zip(*ends, strict=True))
        yield begin, end


def _between(begin: Mapping[str, float], end: Mapping[str, float], share: float) -> dict[str, float]:
    return {joint: float(begin[joint] + share * (end[joint] - begin[joint])) for joint in begin}
