# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The way of a gripper as it is drawn everywhere: a line from pose to pose, with the axes of its tool centre frame.

What an engine imagined is violet and dashed, what was followed through a video or recorded is orange and whole, so that
both are seen where they run together. Lines are dark where the gripper is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.prediction import Prediction

AXIS_LENGTH = 0.03  # metres
AXIS_COLOURS = np.array([[220, 30, 30], [30, 170, 30], [30, 60, 220]], np.uint8)
WIDTHS = 0.003, 0.005  # metres; imagined ones are wider
FOLLOWED = np.array([[255, 170, 0], [150, 60, 0]], np.uint8)  # open, closed
IMAGINED = np.array([[240, 70, 255], [110, 0, 150]], np.uint8)
DASHES = 4  # from pose to pose


@dataclass(frozen=True)
class GripperLine:
    """poses: (P, 4, 4) T_n_tcp over time; closed: (P,) bool, None where nobody knows; imagined: not yet seen."""

    poses: np.ndarray
    closed: np.ndarray | None = None
    imagined: bool = False

    @property
    def width(self) -> float:
        """The width in metres, where lines have one."""
        return WIDTHS[self.imagined]

    def segments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the line's and the axes' ends (S, 2, 3) in frame n, metres, and their colours (S, 3) uint8."""
        positions, (line, colours) = self.poses[:, :3, 3], self._line()
        tips = positions[:, None] + AXIS_LENGTH * np.swapaxes(self.poses[:, :3, :3], 1, 2)
        axes = np.stack([np.broadcast_to(positions[:, None], tips.shape), tips], axis=2).reshape(-1, 2, 3)
        return np.concatenate([line, axes]), np.concatenate([colours, np.tile(AXIS_COLOURS, (len(self.poses), 1))])

    def _line(self) -> tuple[np.ndarray, np.ndarray]:
        positions, dashes = self.poses[:, :3, 3], DASHES if self.imagined else 1
        shares = np.arange(dashes)[:, None, None] / dashes
        steps = np.diff(positions, axis=0)
        starts = positions[:-1] + shares * steps
        ends = starts + steps / (2 * dashes if self.imagined else 1)
        shades = np.zeros(len(positions), int) if self.closed is None else self.closed.astype(int)
        colours = (IMAGINED if self.imagined else FOLLOWED)[shades[1:]]
        return np.stack([starts, ends], axis=2).reshape(-1, 2, 3), np.tile(colours, (dashes, 1))


def imagined_lines(prediction: Prediction) -> list[GripperLine]:
    """Return the lines of the paths that an engine imagined beside its video."""
    return [GripperLine(path.poses, path.closed, imagined=True) for path in prediction.paths]


def planned_lines(plans: Sequence[GripperPlan]) -> list[GripperLine]:
    """Return the lines of plans, each from the observation to where its gripper is lost."""
    lines = []
    for plan in plans:
        found = int(np.logical_and.accumulate(plan.confidence > 0).sum())
        lines.append(GripperLine(
            np.concatenate([plan.observed_pose[None], plan.poses[:found]]),
            np.concatenate([[plan.observed_closed], plan.closed[:found]])))
    return lines
