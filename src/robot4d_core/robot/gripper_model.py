# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a gripper looks like: points on its surface at any opening; and when it counts as closed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.names import GripperNames
from robot4d_core.robot.outer_surface import sample_outer_surface

HAND_SPACING = 0.008  # metres between neighbouring surface points
FINGER_SPACING = 0.004
CLOSED_SHARE = 0.8  # of the way from closed to open: below it a gripper counts as closed,
OPEN_SHARE = 0.9  # above it as open, in between it stays as it was
TRIED_EVERY = 0.005  # metres of opening


@dataclass(frozen=True)
class PartSurface:
    """Of a rigid part. points, normals (outward): (N, 3) in the part's frame; colour: (3,) RGB in [0, 1]."""

    points: np.ndarray
    normals: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True)
class GripperSurface:
    """The surface at one opening: points, normals (N, 3) in the tcp frame.

    part: (N,) index of the part; finger: (N,) bool, whether that moves in the hand.
    """

    points: np.ndarray
    normals: np.ndarray
    part: np.ndarray
    finger: np.ndarray

    def of(self, chosen: np.ndarray) -> GripperSurface:
        """Return the chosen points, by mask or index."""
        return GripperSurface(self.points[chosen], self.normals[chosen], self.part[chosen], self.finger[chosen])


@dataclass(frozen=True)
class GripperModel:
    """parts: of the gripper, as it has them."""

    gripper: Gripper
    parts: tuple[PartSurface, ...]

    @classmethod
    def from_description(cls, description: RobotDescription, names: GripperNames) -> GripperModel:
        """Sample the surface; raises RobotDescriptionError when there is no such gripper in the description."""
        gripper = Gripper(description, names)
        return cls(gripper, tuple(
            PartSurface(
                *sample_outer_surface(part.mesh, FINGER_SPACING if part.finger else HAND_SPACING), part.colour)
            for part in gripper.parts))

    def surface(self, opening: float) -> GripperSurface:
        """Return the surface with the pads opening metres apart."""
        poses = self.gripper.poses(opening)
        return GripperSurface(
            np.concatenate([transform_points(pose, part.points) for pose, part in zip(poses, self.parts)]),
            np.concatenate([part.normals @ pose[:3, :3].T for pose, part in zip(poses, self.parts)]),
            self._part, self._finger)

    @cached_property
    def tried(self) -> tuple[np.ndarray, list[GripperSurface]]:
        """Openings (K,) all over the range, metres, and the surface at each."""
        openings = np.linspace(*self.gripper.range, 1 + max(4, round(self.gripper.stroke / TRIED_EVERY)))
        return openings, [self.surface(opening) for opening in openings]

    def closed(self, opening: float, before: bool) -> bool:
        """Whether the gripper counts as closed; between the two thresholds it stays as it was before.

        Closed means that something may be held: fingers that are clearly not open, however wide what they hold is.
        """
        share = self.gripper.share(opening)
        return share < CLOSED_SHARE or (before and share < OPEN_SHARE)

    @cached_property
    def _part(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.parts)), [len(part.points) for part in self.parts])

    @cached_property
    def _finger(self) -> np.ndarray:
        return np.array([part.finger for part in self.gripper.parts])[self._part]
