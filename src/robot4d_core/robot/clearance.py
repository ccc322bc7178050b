# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far the arms are from what they must not touch: themselves, each other, and what stands still (Pinocchio)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from robot4d_core.robot.description import RobotDescription

_NEIGHBOURS = 2  # joints; links that close in the chain may touch by design


@dataclass(frozen=True)
class Gap:
    """The distance, metres (negative: they overlap), between two links."""

    distance: float
    links: str


class Clearance:
    """Distances between the collision shapes of a robot whose arms move.

    arms: the joints of each arm; joints of no arm are held, at 0 or where held says (name: rad or metres).
    Raises RobotDescriptionError when a joint is missing.
    """

    def __init__(
        self, description: RobotDescription, arms: Sequence[Sequence[str]], held: Mapping[str, float] | None = None
    ) -> None:
        joints = [joint for arm in arms for joint in arm]
        free = {description.require_joint(name) for name in joints}
        full = description.model
        locked = [number for number in range(1, full.njoints) if number not in free]
        self._model, self._shapes = pin.buildReducedModel(
            full, description.collision_shapes, locked, description.configuration(held or {}))
        numbers = [self._model.getJointId(name) for name in joints]
        self._order = np.array([self._model.joints[number].idx_q for number in numbers])
        arm_of = dict(zip(numbers, np.repeat(range(len(arms)), [len(arm) for arm in arms]).tolist(), strict=True))
        self._between_arms = np.array(self._add_pairs(arm_of), bool)
        self._data, self._shape_data = self._model.createData(), self._shapes.createData()

    def nearest(self, positions: np.ndarray) -> tuple[Gap, Gap | None]:
        """Return the smallest gap of an arm to itself or to what stands still, and that between arms.

        positions: (J,) rad, of all arms, one after the other. The second gap is None where only one arm moves.
        """
        configuration = np.empty(self._model.nq)
        configuration[self._order] = positions
        pin.updateGeometryPlacements(self._model, self._data, self._shapes, self._shape_data, configuration)
        pin.computeDistances(self._shapes, self._shape_data)
        distances = np.array([result.min_distance for result in self._shape_data.distanceResults])
        between = self._smallest(distances, self._between_arms) if self._between_arms.any() else None
        return self._smallest(distances, ~self._between_arms), between

    def _smallest(self, distances: np.ndarray, counted: np.ndarray) -> Gap:
        nearest = int(np.argmin(np.where(counted, distances, np.inf)))
        pair = self._shapes.collisionPairs[nearest]
        links = (self._model.frames[self._shapes.geometryObjects[i].parentFrame].name
                 for i in (pair.first, pair.second))
        return Gap(float(distances[nearest]), ' and '.join(links))

    def _add_pairs(self, arm_of: Mapping[int, int]) -> list[bool]:
        """Pair what moves with what stands still and with links that are not its neighbours; tell who is of two arms.

        arm_of: the arm of each joint.
        """
        shapes, between_arms = self._shapes.geometryObjects, []
        for i, first in enumerate(shapes):
            for j in range(i + 1, len(shapes)):
                joints = first.parentJoint, shapes[j].parentJoint
                if self._joints_between(*joints) > _NEIGHBOURS:
                    self._shapes.addCollisionPair(pin.CollisionPair(i, j))
                    arms = [arm_of.get(joint) for joint in joints]
                    between_arms.append(None not in arms and arms[0] != arms[1])
        return between_arms

    def _joints_between(self, first: int, second: int) -> int:
        """Return how many joints lie on the way from what one joint carries to what another does."""
        ways = (set(self._model.supports[joint].tolist()) for joint in (first, second))
        return len(set.symmetric_difference(*ways))
