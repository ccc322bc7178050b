# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the tracker reads out of a predicted video and the executor carries out: the path of one gripper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

NEAR = 0.04  # metres from where a gripper is to where it closes or opens


@dataclass(frozen=True)
class GripperPlan:
    """The path of one gripper's tool centre frame, one entry per predicted frame.

    stamp: of the observation, seconds; frame_id: optical frame of the reference camera;
    time_from_start: (T,) s; poses: (T, 4, 4) T_frame_tcp; opening: (T,) metres between the finger pads;
    closed: (T,) bool; confidence: (T,) in [0, 1], 0 is lost; source_view: T camera names, '' when lost.
    observed_pose: T_frame_tcp (4, 4), and observed_closed: as they were measured at the observation.
    message: why the gripper was lost, empty otherwise. path_distance: (T,) metres between the tracked gripper and the
    path that the engine imagined, NaN where it was not seen; None without such a path, else poses are the path's.
    """

    gripper: str
    stamp: float
    frame_id: str
    prediction_id: UUID
    model: str
    time_from_start: np.ndarray
    poses: np.ndarray
    opening: np.ndarray
    closed: np.ndarray
    confidence: np.ndarray
    source_view: tuple[str, ...]
    observed_pose: np.ndarray
    observed_closed: bool
    message: str = ''
    path_distance: np.ndarray | None = None

    @property
    def lost(self) -> bool:
        """Whether the gripper could not be followed in every frame."""
        return bool((self.confidence <= 0).any())

    def until(self, steps: int) -> GripperPlan:
        """Return the plan of the first steps, 0: of all."""
        if not 0 < steps < len(self.time_from_start):
            return self
        per_step = ('time_from_start', 'poses', 'opening', 'closed', 'confidence', 'source_view', 'path_distance')
        return replace(self, **{
            name: getattr(self, name)[:steps] for name in per_step if getattr(self, name) is not None})

    def reach(self) -> float:
        """Return how far the gripper gets from where it was observed, metres; 0 for a frozen scene."""
        return float(np.linalg.norm(self.poses[:, :3, 3] - self.observed_pose[:3, 3], axis=1).max())

    def is_still(self, distance: float) -> bool:
        """Tell whether nothing is left to do: no pose further than distance metres away, no grip opened or closed."""
        return self.reach() < distance and bool((self.closed == self.observed_closed).all())


def steps_until_next_look(plans: Sequence[GripperPlan], most: int) -> int:
    """Return how many steps of the plans of all grippers are carried out before the next look; most: 0 for all.

    What a grip needs is precision, and a path is the more precise the nearer its end is: so the arms look again before
    a gripper closes or opens, unless it is NEAR or does so in the first two steps, and again after it.
    """
    steps = len(plans[0].time_from_start)
    closed = np.stack([np.concatenate([[plan.observed_closed], plan.closed]) for plan in plans])
    changes = np.flatnonzero((closed[:, 1:] != closed[:, :-1]).any(axis=0))
    most = min(most or steps, steps)
    if not len(changes):
        return most
    first = int(changes[0])
    away = max(np.linalg.norm(plan.poses[first, :3, 3] - plan.observed_pose[:3, 3]) for plan, row in zip(plans, closed)
               if row[first + 1] != row[first])
    return min(most, first + 1 if first < 2 or away < NEAR else first)
