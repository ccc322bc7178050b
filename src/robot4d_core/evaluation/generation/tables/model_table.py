# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The paper's Table 1 for our models: from what was measured to JSON, Markdown, a terminal and curves."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from rich.console import Console

from robot4d_core.evaluation.generation.measured_models import Measurement
from robot4d_core.evaluation.generation.protocol_report import GenerationReport, plot_horizon, without_nan
from robot4d_core.evaluation.generation.tables.paper_table import SOURCE, paper_rows
from robot4d_core.evaluation.generation.tables.table_columns import (
    APART_FROM_ROBOT,
    GRIPPER_PATH,
    PLACEMENT,
    POINTS,
    TABLE_1,
    Cell,
    Column,
)
from robot4d_core.evaluation.measurement_file import write_measurement
from robot4d_core.evaluation.text_table import Grid
from robot4d_core.text_files import write_text

DASH = '–'
FVD = ('FVD-n', 'FVD-m')
SECTIONS = {
    'generated video, as the paper': TABLE_1,
    'path of the gripper, tracked in the prediction': GRIPPER_PATH,
    '3-D error in the pixels of the gripper and in moving pixels': POINTS,
    '3-D error in moving pixels apart from the robot': APART_FROM_ROBOT,
    'where the prediction says that camera m stands': PLACEMENT,
}
COLUMNS = tuple(column for section in SECTIONS.values() for column in section)
HOLD = 'hold'


@dataclass(frozen=True)
class Predictor:
    """A row of a task's table: a model, or the frozen scene that was measured beside one.

    side: of the report, 'model' or 'hold'.
    """

    name: str
    measurement: Measurement
    side: str = 'model'

    @property
    def report(self) -> GenerationReport:
        """The report that has the numbers."""
        return self.measurement.report

    @property
    def seconds(self) -> float:
        """Median time per prediction; a frozen scene takes none."""
        return self.report.seconds if self.side == 'model' else np.nan

    @property
    def predicts_points(self) -> bool:
        """Whether any point was predicted in any clip; a model of colours alone predicts none."""
        return any(clip[self.side][f'known-{view}'] for clip in self.report.clips for view in 'nm')

    @cached_property
    def clips(self) -> dict[tuple[str, int], dict]:
        """The scores of every clip; a clip drawn twice has two numbers."""
        seen, scores = Counter(), {}
        for clip in self.report.clips:
            scores[clip['clip'], seen[clip['clip']]] = clip[self.side]
            seen[clip['clip']] += 1
        return scores

    def value(self, column: Column, clip: tuple[str, int]) -> float:
        """Return a column's number of one clip; NaN where there is none."""
        if column.of_points and not self.predicts_points:
            return np.nan
        return column.of_clip(self.clips[clip])

    def cell(self, column: Column) -> Cell:
        """Return a column's number over all clips."""
        return column.cell(np.array([self.value(column, clip) for clip in self.clips]))

    def ahead_of(self, other: Predictor, column: Column) -> Cell:
        """Return the difference to another predictor, clip by clip, over the clips that both predicted."""
        common = self.clips.keys() & other.clips.keys()
        return column.cell(np.array([
            self.value(column, clip) - other.value(column, clip) for clip in sorted(common)]))


def predictors_of(measurements: list[Measurement]) -> dict[str, list[Predictor]]:
    """Return the rows by task: the models, and hold once, on the most clips that any model predicted."""
    tasks: dict[str, list[Predictor]] = {}
    for measurement in measurements:
        tasks.setdefault(measurement.task, []).append(Predictor(measurement.contender, measurement))
    for rows in tasks.values():
        most = max(rows, key=lambda row: len(row.clips))
        rows.append(Predictor(HOLD, most.measurement, HOLD))
    return tasks


def table_grids(tasks: dict[str, list[Predictor]]) -> list[Grid]:
    """Return a grid per task and section, then two of the first model minus every other predictor."""
    grids = [_section_grid(task, title, rows) for task, rows in tasks.items() for title in SECTIONS]
    return [
        *grids, _differences_grid(tasks, 'generated video', TABLE_1),
        _differences_grid(tasks, 'gripper and motion', (GRIPPER_PATH[0], *POINTS, *APART_FROM_ROBOT))]


def _section_grid(task: str, title: str, rows: list[Predictor]) -> Grid:
    columns, first = SECTIONS[title], SECTIONS[title] is TABLE_1
    fvd = FVD if first and rows[0].report.fvd else ()
    header = ['', *(f'{column.title} {column.better}' for column in columns), *(f'{name} ↓' for name in fvd)]
    if columns is GRIPPER_PATH:
        header.append('s per prediction ↓')
    cells, paper = [], paper_rows(task) if first else {}
    for row in rows:
        cells.append([row.name, *cells_of(row, columns), *(f'{row.report.fvd[row.side][name]:.0f}' for name in fvd)])
        if columns is GRIPPER_PATH:
            cells[-1].append(number(row.seconds, 2))
        if row.name in paper:
            cells += _paper_row(*paper.pop(row.name), header)
    if first:
        ceiling = rows[0].report.ceiling['mIoU']
        cells.append(
            ['the true future', interval(ceiling.mean, ceiling.low, ceiling.high, 2), *[''] * (len(header) - 2)])
        for method in paper.values():
            cells += _paper_row(*method, header)
    return Grid(f'{task}: {title}', header, cells)


def _paper_row(method: str, numbers: dict[str, float], header: list[str]) -> list[list[str]]:
    """Return the row of one of the paper's methods; none when it has no number under our header."""
    titles = [name.rpartition(' ')[0] for name in header[1:]]
    cells = [f'({numbers[title]:.2f})' if title in numbers else '' for title in titles]
    return [[f'(paper: {method})', *cells]] if any(cells) else []


def _differences_grid(tasks: dict[str, list[Predictor]], what: str, columns: tuple[Column, ...]) -> Grid:
    first = next(iter(tasks.values()))[0].name
    return Grid(
        f'{first} minus each other, clip by clip: {what}',
        ['', *(f'{column.title} {column.better}' for column in columns)],
        [[f'{task}: {first} - {other.name}',
          *(_text(rows[0].ahead_of(other, column), column, len(rows[0].clips), sign='+') for column in columns)]
         for task, rows in tasks.items() for other in rows[1:]])


def cells_of(row: Predictor, columns: tuple[Column, ...]) -> list[str]:
    """Return the cells of a row, a dash where the predictor has no such number."""
    return [_text(row.cell(column), column, len(row.clips)) for column in columns]


def _text(cell: Cell, column: Column, clips: int, sign: str = '') -> str:
    if not cell.clips:
        return DASH
    text = interval(cell.value, cell.low, cell.high, column.digits, sign)
    return text if cell.clips == clips else f'{text} ‹{cell.clips}›'


def interval(value: float, low: float, high: float, digits: int, sign: str = '') -> str:
    """Return a number over its interval, two lines; a number alone where it has none."""
    text = f'{value:{sign}.{digits}f}'
    return text if np.isnan(low) else f'{text}\n[{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]'


def number(value: float, digits: int) -> str:
    """Return a number, a dash when it is NaN."""
    return DASH if np.isnan(value) else f'{value:.{digits}f}'


def notes(tasks: dict[str, list[Predictor]]) -> list[str]:
    """Return what a reader must know: on what, on which machines, and how the cells are meant."""
    lines = []
    for task, rows in tasks.items():
        protocol = max(rows, key=lambda row: len(row.clips)).report.protocol
        second = f", view m always camera '{protocol['second_camera']}'" if protocol['second_camera'] else ''
        lines.append(
            f"{task}: {protocol['clips']} clips of {protocol['episodes']} episodes, split {protocol['split']}, "
            f"{protocol['cameras']} cameras{second}, sensor {'noisy' if protocol.get('sensor') else 'ideal'}, seed "
            f"{protocol['seed']}, gripper masks by {protocol['segmenter']}; the same clips for every row.")
        lines += [
            f'{task}: {row.name} has no prediction of {len(row.report.failures)} clips, the first: '
            f'{next(iter(row.report.failures.values()))}'
            for row in rows if row.side == 'model' and row.report.failures]
    lines += [
        'A number is the mean over clips, or the median where it says so, above its 95 % interval (bootstrap over '
        'clips; clips of one episode are not independent). ‹k›: over k clips only, as the others have no such number: '
        'the gripper is out of sight, or the prediction does not say where camera m stands.',
        f'{DASH}: cannot be measured; a model of colours alone predicts no points, or no clip has such a number.',
        'hold: the scene stays as it was observed; it is told where camera m stands and takes no time.',
        'mIoU asks whether the views agree, not whether they are right: a frozen scene agrees with itself. The true '
        'future reaches the mIoU that the segmenter allows.',
        'AbsRel-m and δ1-m judge depth in camera m where the prediction says that it stands; (z in n), as the code of '
        'the paper, judges z in the frame of view n.',
        'The path of a gripper that is lost goes on where it was last seen; frames lost says how often.',
    ]
    if not any(row.report.fvd for rows in tasks.values() for row in rows):
        lines.append('FVD is not measured: no I3D file was given.')
    steps = {row.name: row.report.protocol['steps'] for rows in tasks.values() for row in rows if row.side == 'model'}
    lines.append(f"Denoising steps: {', '.join(f'{name} {count}' for name, count in steps.items())}.")
    machines = Counter(_machine(row) for rows in tasks.values() for row in rows if row.side == 'model')
    return [*lines, *(f'Measured on {machine}.' for machine in machines)]


def _machine(row: Predictor) -> str:
    return ', '.join(f'{name} {value}' for name, value in row.report.machine.items() if name != 'load')


def table_numbers(tasks: dict[str, list[Predictor]]) -> dict:
    """Return everything in the grids as JSON values, and the number of every clip."""
    return rows_numbers(tasks) | without_nan({
        'paper': {'source': SOURCE, **{task: dict(paper_rows(task).values()) for task in tasks}},
        'differences': {
            task: {
                f'{rows[0].name} - {other.name}': {
                    column.title: asdict(rows[0].ahead_of(other, column)) for column in COLUMNS}
                for other in rows[1:]
            } for task, rows in tasks.items()
        },
    })


def rows_numbers(tasks: dict[str, list[Predictor]]) -> dict:
    """Return every row as JSON values, and the number of every clip."""
    return without_nan({
        'notes': notes(tasks),
        'tasks': {task: {row.name: _numbers(row) for row in rows} for task, rows in tasks.items()},
    })


def _numbers(row: Predictor) -> dict:
    return {
        'command': row.measurement.command,
        'protocol': row.report.protocol, 'machine': row.report.machine, 'failures': row.report.failures,
        'predicts points': row.predicts_points, 'seconds per prediction': row.seconds,
        'fvd': row.report.fvd[row.side] if row.report.fvd else None,
        'columns': {column.title: asdict(row.cell(column)) for column in COLUMNS},
        'horizon': {
            name: [asdict(step) for step in steps] for name, steps in row.report.steps[row.side].items()
        } if row.predicts_points else None,
        'clips': {
            f'{clip} ({again + 1})' if again else clip: {
                column.title: row.value(column, (clip, again)) for column in COLUMNS}
            for clip, again in row.clips
        },
    }


def write_table(measurements: list[Measurement], command: str, folder: Path) -> None:
    """Print the table, and write table.json, table.md and horizon_TASK.png into folder."""
    tasks, console = predictors_of(measurements), Console()
    grids, remarks = table_grids(tasks), [*notes(tasks), f'(paper: ...): {SOURCE}; arXiv 2507.01099, Table 1.']
    write_measurement(folder / 'table.json', command, table_numbers(tasks))
    write_markdown(folder / 'table.md', command, grids, remarks)
    for task, rows in tasks.items():
        plot_horizon(
            {row.name: row.report.steps[row.side] for row in rows if row.predicts_points},
            folder / f'horizon_{task}.png')
    print_grids(grids, remarks, console)
    console.print(f'written into {folder}: table.json, table.md, horizon_TASK.png', soft_wrap=True)


def write_markdown(file: Path, command: str, grids: list[Grid], remarks: list[str]) -> None:
    """Write grids and remarks under the command."""
    parts = [f'Made by `{command}`.\n', *(grid.markdown() for grid in grids), *(f'- {line}' for line in remarks)]
    write_text(file, '\n'.join(parts) + '\n')


def print_grids(grids: list[Grid], remarks: list[str], console: Console) -> None:
    """Print grids and remarks."""
    for grid in grids:
        grid.print(console)
    for line in remarks:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
