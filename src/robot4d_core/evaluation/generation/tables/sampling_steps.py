# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the number of denoising steps does to every measure, and to the time of a prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from robot4d_core.evaluation.generation.measured_models import Contender, Measurement
from robot4d_core.evaluation.generation.tables.model_table import (
    Predictor,
    cells_of,
    notes,
    number,
    predictors_of,
    print_grids,
    rows_numbers,
    write_markdown,
)
from robot4d_core.evaluation.generation.tables.table_columns import GRIPPER_PATH, HORIZON, POINTS, TABLE_1
from robot4d_core.evaluation.measurement_file import write_measurement
from robot4d_core.evaluation.text_table import Grid

COLUMNS = (*TABLE_1, *GRIPPER_PATH[:2], *(column for column in POINTS if column.at == HORIZON))
SPLIT = len(TABLE_1)


def contenders_by_steps(model: Path, steps: list[int]) -> list[Contender]:
    """Return a model once for each number of denoising steps."""
    return [Contender(f'steps_{count}', model, count) for count in steps]


def write_sampling_steps(measurements: list[Measurement], command: str, folder: Path) -> None:
    """Print measures and seconds by task and number of steps; write steps.json, steps.md and steps_TASK.png."""
    tasks, console = predictors_of(measurements), Console()
    grids, remarks = [grid for task, rows in tasks.items() for grid in _grids(task, rows)], notes(tasks)
    write_measurement(folder / 'steps.json', command, rows_numbers(tasks))
    write_markdown(folder / 'steps.md', command, grids, remarks)
    for task, rows in tasks.items():
        _plot(rows, folder / f'steps_{task}.png')
    print_grids(grids, remarks, console)
    console.print(f'written into {folder}: steps.json, steps.md, steps_TASK.png', soft_wrap=True)


def _grids(task: str, rows: list[Predictor]) -> list[Grid]:
    titles = [f'{column.title} {column.better}' for column in COLUMNS]
    cells = [cells_of(row, COLUMNS) for row in rows]
    return [
        Grid(f'{task}: video, by the number of denoising steps', ['', *titles[:SPLIT]],
             [[row.name, *its[:SPLIT]] for row, its in zip(rows, cells, strict=True)]),
        Grid(f'{task}: motion and time, by the number of denoising steps', ['', *titles[SPLIT:], 's per prediction ↓'],
             [[row.name, *its[SPLIT:], number(row.seconds, 2)] for row, its in zip(rows, cells, strict=True)]),
    ]


def _plot(rows: list[Predictor], path: Path) -> None:
    """Draw each measure over the number of steps with its interval, hold as a level, and the time."""
    from matplotlib.figure import Figure

    *models, hold = rows
    steps = [row.report.protocol['steps'] for row in models]
    figure = Figure(figsize=(14, 9), layout='constrained')
    panels = figure.subplots(4, -(-(len(COLUMNS) + 1) // 4), sharex=True)
    for axis, column in zip(panels.flat, COLUMNS):
        cells = [row.cell(column) for row in models]
        values, low, high = np.array([(cell.value, cell.low, cell.high) for cell in cells]).T
        axis.plot(steps, values, 'o-')
        axis.fill_between(steps, low, high, alpha=0.2)
        axis.axhline(hold.cell(column).value, color='tab:grey', linestyle='--', label='hold')
        axis.set_title(f'{column.title} {column.better}', fontsize=9)
    time = panels.flat[len(COLUMNS)]
    time.plot(steps, [row.seconds for row in models], 'o-')
    time.set_title('s per prediction ↓', fontsize=9)
    time.set_ylim(bottom=0)
    for axis in panels.flat:
        axis.set_xscale('log', base=2)
        axis.set_xticks(steps, steps)
        axis.grid(alpha=0.3)
    for axis in panels[-1]:
        axis.set_xlabel('denoising steps')
    panels.flat[0].legend(fontsize=8)
    figure.savefig(path, dpi=110)
