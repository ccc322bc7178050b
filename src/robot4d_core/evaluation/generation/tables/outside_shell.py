# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What becomes of predictions when the second camera stands where none stood in training."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from robot4d_core.cell.cameras import OUTSIDE_SHELL
from robot4d_core.evaluation.generation.measured_models import Contender, Measurement
from robot4d_core.evaluation.generation.tables.model_table import (
    HOLD,
    Predictor,
    cells_of,
    notes,
    print_grids,
    rows_numbers,
    write_markdown,
)
from robot4d_core.evaluation.generation.tables.table_columns import GRIPPER_PATH, HORIZON, PLACEMENT, POINTS, TABLE_1
from robot4d_core.evaluation.measurement_file import write_measurement
from robot4d_core.evaluation.text_table import Grid

SECTIONS = {
    'generated video': TABLE_1,
    'motion': (*GRIPPER_PATH, *(column for column in POINTS if column.at == HORIZON)),
    'where the prediction says that camera m stands': PLACEMENT,
}


def contenders_by_second_camera(model: Path, steps: int | None) -> list[Contender]:
    """Return a model once with a second camera inside the training shell, and once for each way of leaving it."""
    return [
        Contender('inside', model, steps),
        *(Contender(name, model, steps, second_camera=name) for name in OUTSIDE_SHELL),
    ]


def write_outside_shell(measurements: list[Measurement], command: str, folder: Path) -> None:
    """Print model and hold by where the second camera stands; write outside.json and outside.md into folder."""
    tasks: dict[str, list[Predictor]] = {}
    for its in measurements:
        tasks.setdefault(its.task, []).extend(
            [Predictor(its.contender, its), Predictor(f'{its.contender}, {HOLD}', its, HOLD)])
    grids = [
        Grid(f'{task}, by where camera m stands: {title}',
             ['', *(f'{column.title} {column.better}' for column in columns)],
             [[row.name, *cells_of(row, columns)] for row in rows])
        for task, rows in tasks.items() for title, columns in SECTIONS.items()
    ]
    outside = ', '.join(OUTSIDE_SHELL)
    remarks = [*notes(tasks), f'Outside the training shell ({outside}) camera m is another one, all else is as inside.']
    write_measurement(folder / 'outside.json', command, rows_numbers(tasks))
    write_markdown(folder / 'outside.md', command, grids, remarks)
    console = Console()
    print_grids(grids, remarks, console)
    console.print(f'written into {folder}: outside.json, outside.md', soft_wrap=True)
