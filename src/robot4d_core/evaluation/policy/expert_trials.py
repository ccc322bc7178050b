# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How often, and how fast, the scripted expert does a task: the upper bound of everything learned from it."""

from __future__ import annotations

from dataclasses import dataclass

from robot4d_core.cell.demonstration import MAX_SECONDS
from robot4d_core.cell.expert import Expert
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.errors import ExpertError
from robot4d_core.robot.names import CELL

STEP = 0.1  # seconds between two looks at the expert


@dataclass(frozen=True)
class ExpertTrial:
    """success: judged by the simulator; seconds: simulated, until the arm was back home; ended: what ended it."""

    seed: int
    success: bool
    seconds: float
    ended: str


def try_expert(task: str, seed: int, held_out_objects: bool = False, robot: str = CELL) -> ExpertTrial:
    """Let the expert attempt the task in the cell of seed until it has nothing left to do."""
    cell = RobotCell(Scene(task, seed, (), held_out_objects, robot))
    ended = f'not done after {MAX_SECONDS:.0f} s'
    try:
        expert = Expert(cell)
        while cell.time < MAX_SECONDS:
            if expert.done:
                ended = 'done'
                break
            expert.advance(STEP)
    except ExpertError as error:
        ended = str(error)
    return ExpertTrial(seed, cell.success(), cell.time, ended)


def evaluate_expert(
    task: str, trials: int, seed: int = 0, held_out_objects: bool = False, robot: str = CELL,
) -> list[ExpertTrial]:
    """Attempt the task on cells seed, seed + 1, ...; shows progress with time left."""
    from rich.progress import track

    return [
        try_expert(task, seed + k, held_out_objects, robot)
        for k in track(range(trials), description=f'expert, {task}')
    ]
