# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The loss curve of a training stage: a CSV file and TensorBoard events that a resumed stage continues."""

from __future__ import annotations

import csv
from pathlib import Path

CURVE = 'curve.csv'


class LossCurve:
    """Points of the curve in a folder. step: of the checkpoint that the training goes on from; later points go."""

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._name, self._path = folder.name, folder / CURVE
        self._columns = None
        if self._path.exists():
            self._drop_points_after(step)
        self._file = open(self._path, 'a', newline='', encoding='utf-8')
        self._events = SummaryWriter(folder, purge_step=step + 1)

    def add(self, step: int, seconds: float, learning_rate: float, losses: dict[str, float]) -> None:
        """Append a point: mean losses of the steps since the last one."""
        row = {'step': step, 'seconds': round(seconds, 1), 'learning_rate': learning_rate, **losses}
        table = csv.DictWriter(self._file, row)
        if self._file.tell() == 0:
            table.writeheader()
        table.writerow(row)
        self._file.flush()
        for name, value in {**losses, 'learning_rate': learning_rate}.items():
            self._events.add_scalar(f'{self._name}/{name}', value, step)

    def close(self) -> None:
        """Finish the files."""
        self._file.close()
        self._events.close()

    def _drop_points_after(self, step: int) -> None:
        lines = self._path.read_text('utf-8').splitlines(keepends=True)
        kept = [line for line in lines[1:] if line.endswith('\n') and int(line.split(',', 1)[0]) <= step]
        self._path.write_text(''.join([lines[0], *kept]) if kept else '')


def read_curve(folder: Path) -> dict[str, list[float]]:
    """Return the columns of a stage's loss curve."""
    with open(folder / CURVE, newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]} if rows else {}
