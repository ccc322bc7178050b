# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The columns of our Table 1: which number of a clip's scores each shows, and how clips become one number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.evaluation.metrics.image_errors import confidence_interval
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES

HORIZON = 'horizon'


@dataclass(frozen=True)
class Column:
    """measure: a name in clip_scores.py. of_points: whether a model of colours alone lacks it.

    at: the step of the horizon in seconds, HORIZON for the mean over all steps, None where a clip has one number.
    scale: of the number shown; median: over clips, otherwise the mean.
    """

    title: str
    measure: str
    better: str
    digits: int = 2
    of_points: bool = True
    at: float | str | None = None
    scale: float = 1.0
    median: bool = False

    def of_clip(self, scores: dict) -> float:
        """Return the number of one clip, NaN where it has none; scores: by measure, None what is not known."""
        values = np.array(scores[self.measure], np.float64)
        if self.at == HORIZON:
            values = np.nanmean(values) if np.isfinite(values).any() else np.nan
        elif self.at is not None:
            values = values[round(self.at / FRAME_INTERVAL) - 1]
        return float(self.scale * values)

    def cell(self, values: np.ndarray) -> Cell:
        """Return the statistic over clips, of values (N,) or of paired differences of them; NaN left out."""
        known = values[~np.isnan(values)]
        statistic = np.median if self.median else np.mean
        if not known.size:
            return Cell(np.nan, np.nan, np.nan, 0)
        return Cell(float(statistic(known)), *confidence_interval(known, statistic), known.size)


@dataclass(frozen=True)
class Cell:
    """A number over clips with its 95 % interval; clips: how many had a value."""

    value: float
    low: float
    high: float
    clips: int


MIDDLE, END = 2.5, FRAMES * FRAME_INTERVAL

TABLE_1 = (
    Column('mIoU', 'mIoU', '↑'),
    Column('PSNR-n', 'PSNR-n', '↑', 1, of_points=False),
    Column('PSNR-m', 'PSNR-m', '↑', 1, of_points=False),
    Column('SSIM-n', 'SSIM-n', '↑', 3, of_points=False),
    Column('SSIM-m', 'SSIM-m', '↑', 3, of_points=False),
    Column('AbsRel-n', 'AbsRel-n', '↓', 3),
    Column('AbsRel-m', 'AbsRel-m', '↓', 3),
    Column('δ1-n', 'delta1-n', '↑', 3),
    Column('δ1-m', 'delta1-m', '↑', 3),
)

GRIPPER_PATH = (
    Column('path 2.5 s, mm (median)', 'path, mm', '↓', 0, at=MIDDLE, median=True),
    Column('path 5 s, mm (median)', 'path, mm', '↓', 0, at=END, median=True),
    Column('turn 2.5 s, ° (median)', 'path, deg', '↓', 1, at=MIDDLE, median=True),
    Column('turn 5 s, ° (median)', 'path, deg', '↓', 1, at=END, median=True),
    Column('frames lost, %', 'gripper lost', '↓', 0, scale=100),
)

POINTS = tuple(
    Column(f'{region}-{view} {name}, mm', f'{region}-{view}, mm', '↓', 0, at=at)
    for region in ('gripper', 'moving') for view in ('n', 'm') for name, at in (('2.5 s', MIDDLE), ('0.5-5 s', HORIZON))
)

APART_FROM_ROBOT = tuple(
    Column(f'{title}-{view} 0.5-5 s, mm', f'{region}-{view}, mm', '↓', 0, at=HORIZON)
    for region, title in (('objects', 'moving objects'), ('uncovered', 'uncovered background')) for view in ('n', 'm')
)

PLACEMENT = (
    Column('m placed, %', 'm placed', '↑', 0, scale=100),
    Column('m off, mm (median)', 'm off, mm', '↓', 1, median=True),
    Column('m off, ° (median)', 'm off, deg', '↓', 2, median=True),
    Column('AbsRel-m (z in n)', 'AbsRel-m (z in n)', '↓', 3),
    Column('δ1-m (z in n)', 'delta1-m (z in n)', '↑', 3),
    Column('known-m, %', 'known-m', '↑', 1, scale=100),
    Column('mask IoU', 'mask IoU', '↑'),
)
