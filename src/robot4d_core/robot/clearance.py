# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far the arms are from what they must not touch: themselves, each other, and what stands still (Pinocchio)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.joint_map import JointMap
from robot4d_core.robot.shapes import boxes_around

_NEIGHBOURS = 2  # joints; links that close in the chain may touch by design


@dataclass(frozen=True)
class Gap:
    """The distance, metres (negative: they overlap), between two links."""

    distance: float
    links: str


class Clearance:
    """Distances between the collision shapes of a robot whose arms move.

    arms: the joints of each arm; joints of no arm are held, at 0 or where held says (name: rad or metres).
    Raises RobotDescriptionError when a joint is missing, or shapes are.
    """

    def __init__(
        self, description: RobotDescription, arms: Sequence[Sequence[str]], held: Mapping[str, float] | None = None
    ) -> None:
        joints = [joint for arm in arms for joint in arm]
        self._model, self._joints = description.model, JointMap(description, joints, held)
        self._shapes = description.collision_shapes.copy()
        moves = {}
        for number in range(1, self._model.njoints):
            joint = self._model.joints[number]
            if (by := np.flatnonzero(self._joints.matrix[joint.idx_v:joint.idx_v + joint.nv].any(axis=0))).size:
                moves[number] = by[0]
        arm_of = np.repeat(range(len(arms)), [len(arm) for arm in arms])
        self._between_arms = np.array(
            self._add_pairs({number: int(arm_of[joint]) for number, joint in moves.items()}), bool)
        if self._between_arms.all():
            raise RobotDescriptionError(
                'the robot description has no shapes that could come near each other when the arms move: clearance '
                'cannot be judged; give its links <collision> or <visual> shapes')
        self._boxes = boxes_around(self._shapes)
        self._data, self._shape_data = self._model.createData(), self._shapes.createData()
        self._box_data = self._boxes.createData()

    def nearest(self, positions: np.ndarray) -> tuple[Gap, Gap | None]:
        """Return the smallest gap of an arm to itself or to what stands still, and that between arms.

        positions: (J,) rad, of all arms, one after the other. The second gap is None where only one arm moves.
        """
        configuration = self._joints.configuration(positions)
        pin.updateGeometryPlacements(self._model, self._data, self._shapes, self._shape_data, configuration)
        pin.updateGeometryPlacements(self._model, self._data, self._boxes, self._box_data)
        pin.computeDistances(self._boxes, self._box_data)
        bounds = np.array([result.min_distance for result in self._box_data.distanceResults])
        between = self._smallest(bounds, self._between_arms) if self._between_arms.any() else None
        return self._smallest(bounds, ~self._between_arms), between

    def _smallest(self, bounds: np.ndarray, counted: np.ndarray) -> Gap:
        """Return the smallest of the counted gaps; bounds: (P,) what no gap is smaller than, overlaps apart."""
        pairs = np.flatnonzero(counted)
        smallest, nearest = np.inf, pairs[0]
        for pair in pairs[np.argsort(bounds[pairs])]:
            if bounds[pair] > max(smallest, 0.0):
                break
            distance = pin.computeDistance(self._shapes, self._shape_data, int(pair)).min_distance
            if distance < smallest:
                smallest, nearest = distance, pair
        pair = self._shapes.collisionPairs[int(nearest)]
        links = (self._model.frames[self._shapes.geometryObjects[i].parentFrame].name
                 for i in (pair.first, pair.second))
        return Gap(float(smallest), ' and '.join(links))

    def _add_pairs(self, arm_of: Mapping[int, int]) -> list[bool]:
        """Pair what moves with what stands still and with links that are not its neighbours; tell who is of two arms.

        arm_of: the arm of each joint that moves, by its number.
        """
        shapes, between_arms = self._shapes.geometryObjects, []
        ways = [[joint for joint in self._model.supports[shape.parentJoint] if joint in arm_of] for shape in shapes]
        for i, first in enumerate(ways):
            for j, second in enumerate(ways[i + 1:], i + 1):
                if len(set(first).symmetric_difference(second)) > _NEIGHBOURS:
                    self._shapes.addCollisionPair(pin.CollisionPair(i, j))
                    between_arms.append(bool(first and second) and arm_of[first[-1]] != arm_of[second[-1]])
        return between_arms
