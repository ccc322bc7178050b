# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What makes a task: its objects, how success is judged, and what an expert does next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import mujoco

    from robot4d_core.cell.cell_arm import CellArm
    from robot4d_core.cell.robot_cell import RobotCell

HELD_OUT_SHARE = 0.4  # of each side of a region: its corner of the largest x and y is held out


@dataclass(frozen=True)
class Stage:
    """One step of the expert with one arm: the arm moves, then the gripper, then the arm rests.

    pose: T_world_tcp to move to in a straight line; positions: joint positions (7,) to move to instead;
    neither: the arm stays. opening: of the gripper from the moment the arm has arrived, metres, None to leave it;
    rest: seconds at the end; precise: whether the stage must not be perturbed, because it touches something.
    """

    name: str
    pose: np.ndarray | None = None
    positions: np.ndarray | None = None
    opening: float | None = None
    rest: float = 0.0
    precise: bool = False


def draw_position(
    rng: np.random.Generator, region: tuple[tuple[float, float], tuple[float, float]], held_out: bool,
) -> np.ndarray:
    """Draw x, y (2,) in metres from a rectangle ((x low, x high), (y low, y high)): its held-out corner or the rest."""
    low, high = np.array(region).T
    while True:
        share = rng.uniform(size=2)
        if (share > 1 - HELD_OUT_SHARE).all() == held_out:
            return low + share * (high - low)


def unmet(conditions: dict[str, bool]) -> tuple[str, ...]:
    """Return the complaints whose conditions are not met."""
    return tuple(complaint for complaint, met in conditions.items() if not met)


def tilt(pose: np.ndarray) -> float:
    """Return by how many degrees the z axis of T_world_object (4, 4) leans."""
    return float(np.rad2deg(np.arccos(np.clip(pose[2, 2], -1, 1))))


class Task(ABC):
    """A manipulation task in the cell, for `arms` arms."""

    name: str
    instruction: str
    objects: tuple[str, ...]
    arms: int = 1

    @abstractmethod
    def add_objects(self, spec: mujoco.MjSpec) -> None:
        """Add the bodies named in `objects`, each with one free joint of the same name, and what decorates them."""

    @abstractmethod
    def object_poses(self, rng: np.random.Generator, held_out: bool) -> dict[str, np.ndarray]:
        """Draw T_world_object (4, 4) of every object at the start, in the held-out or the training region."""

    @abstractmethod
    def missing(self, cell: RobotCell) -> tuple[str, ...]:
        """Say what keeps the task from being done, naming the object; nothing when it is done.

        Judged from the poses and contacts of the objects alone, never from what was planned.
        """

    @abstractmethod
    def next_stage(self, cell: RobotCell, arm: CellArm) -> Stage:
        """Decide what an expert does next with an arm, from nothing but the present state of the cell.

        Each arm runs its stages on its own; it waits for the other with a stage that only rests. The stage `hold`
        of every arm says that all is done.
        """
