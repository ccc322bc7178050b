# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The tasks of the simulated cell, by name."""

from __future__ import annotations

from robot4d_core.cell.tasks.place_apple_from_bowl_into_bin import PlaceAppleFromBowlIntoBin
from robot4d_core.cell.tasks.put_spatula_on_table import PutSpatulaOnTable
from robot4d_core.cell.tasks.store_cereal_box_under_shelf import StoreCerealBoxUnderShelf
from robot4d_core.cell.tasks.task import Task
from robot4d_core.errors import SceneError

TASKS: dict[str, type[Task]] = {
    task.name: task for task in (StoreCerealBoxUnderShelf, PutSpatulaOnTable, PlaceAppleFromBowlIntoBin)}


def make_task(name: str) -> Task:
    """Make the task called name; raises SceneError when there is none."""
    if name not in TASKS:
        raise SceneError(f"unknown task '{name}'; choose one of: {', '.join(TASKS)}")
    return TASKS[name]()
