# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What `robot4d evaluate generation` found: as JSON, as tables, and drawn over the horizon."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from robot4d_core.evaluation.metrics.image_errors import Estimate
from robot4d_core.prediction import default_time_from_start

HIGHER_IS_BETTER = ('mIoU', 'mask IoU', 'PSNR', 'SSIM', 'delta1', 'known', 'm placed')
PREDICTORS = ('model', 'hold')


@dataclass(frozen=True)
class GenerationReport:
    """Measures over clips, by predictor ('model', 'hold') and name as in clip_scores.py.

    model: name of the engine; protocol: what was measured on, and how; machine: on which; values: over clips;
    steps: per step of the horizon; fvd: FVD-n and FVD-m by predictor, None when not measured; ceiling: what the true
    future scores, as clip_scores.score_truth;
    seconds: median per prediction; failures: why a clip has no prediction, by clip; clips: every clip's place,
    values and steps, to compare models clip by clip.
    """

    model: str
    protocol: dict[str, str | int | None]
    machine: dict[str, str | int]
    values: dict[str, dict[str, Estimate]]
    steps: dict[str, dict[str, list[Estimate]]]
    fvd: dict[str, dict[str, float]] | None
    ceiling: dict[str, Estimate]
    seconds: float
    failures: dict[str, str]
    clips: list[dict]

    def to_dict(self) -> dict:
        """Return JSON values; what could not be measured is null."""
        return without_nan(asdict(self))

    @classmethod
    def from_dict(cls, numbers: dict) -> GenerationReport:
        """Read what to_dict returned; keys that are no field of a report do not matter."""
        parts = {field.name: _with_nan(numbers[field.name]) for field in fields(cls)}
        for name in ('values', 'steps', 'ceiling'):
            parts[name] = _with_estimates(parts[name])
        for name in ('protocol', 'fvd'):
            parts[name] = numbers[name]
        return cls(**parts)


def without_nan(value):
    """Return nested lists and dicts of numbers as JSON can hold them: null for NaN."""
    if isinstance(value, dict):
        return {name: without_nan(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _with_nan(value):
    if isinstance(value, dict):
        return {name: _with_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_nan(part) for part in value]
    return math.nan if value is None else value


def _with_estimates(value):
    if isinstance(value, list):
        return [_with_estimates(part) for part in value]
    if value.keys() == {field.name for field in fields(Estimate)}:
        return Estimate(**value)
    return {name: _with_estimates(part) for name, part in value.items()}


def print_report(report: GenerationReport, console: Console) -> None:
    """Print the means with their confidence intervals, and the errors over the horizon."""
    protocol = report.protocol
    title = (
        f'{report.model}, {protocol["clips"]} clips of {protocol["episodes"]} episodes of {protocol["task"]}, '
        f'{protocol["split"]}, {protocol["cameras"]} cameras')
    table = Table(title=title, caption='mean [95 % confidence interval, bootstrap over clips]')
    table.add_column('')
    for predictor in PREDICTORS:
        table.add_column(predictor, justify='right')
    for name in report.values['model']:
        better = '↑' if name.startswith(HIGHER_IS_BETTER) else '↓'
        table.add_row(f'{name} {better}', *(_interval(report.values[who][name]) for who in PREDICTORS))
    if report.fvd is None:
        for name in ('FVD-n', 'FVD-m'):
            table.add_row(f'{name} ↓', *['not measured'] * len(PREDICTORS))
    else:
        for name in report.fvd['model']:
            table.add_row(f'{name} ↓', *(f'{report.fvd[who][name]:.1f}' for who in PREDICTORS))
    console.print(table)
    console.print(_horizon_table(report))
    console.print(_ceiling_table(report))
    console.print(f'{report.seconds:.2f} s per prediction (median) on {report.machine}', soft_wrap=True)
    for clip, reason in report.failures.items():
        console.print(f'no prediction of {clip}: {reason}', soft_wrap=True)


def _horizon_table(report: GenerationReport) -> Table:
    table = Table(title='over the horizon: 3-D error of points, error of the tracked gripper', padding=0)
    for column in ('', '', *(f'{second:.1f}s' for second in default_time_from_start())):
        table.add_column(column, justify='right' if column else 'left', no_wrap=True)
    for name in report.steps['model']:
        for who in PREDICTORS:
            table.add_row(name, who, *(f'{step.mean:.0f}' for step in report.steps[who][name]))
    return table


def _ceiling_table(report: GenerationReport) -> Table:
    table = Table(title='what cross-view IoU can reach: the true future')
    for column in ('', 'boxes (mIoU)', 'masks'):
        table.add_column(column, justify='right' if column else 'left')
    for row, suffix in (
        ('across views, masks of the segmenter', ''), ('across views, true masks', ', true masks'),
        ('segmenter against true masks', ', segmenter'),
    ):
        table.add_row(row, *(_interval(report.ceiling[f'{name}{suffix}']) for name in ('mIoU', 'mask IoU')))
    return table


def _interval(value: Estimate) -> str:
    digits = 1 if abs(value.mean) >= 10 else 3
    numbers = (f'{number:.{digits}f}' for number in (value.mean, value.low, value.high))
    return '{} [{}, {}]'.format(*numbers)


def plot_report(report: GenerationReport, path: Path) -> None:
    """Draw the measures over the horizon with their confidence intervals, a panel each."""
    plot_horizon({report.model: report.steps['model'], 'hold': report.steps['hold']}, path)


def plot_horizon(curves: dict[str, dict[str, list[Estimate]]], path: Path) -> None:
    """Draw measures over the horizon, a panel each, of several predictors, by name; 'hold' is grey."""
    from matplotlib.figure import Figure

    names = list(next(iter(curves.values())))
    figure = Figure(figsize=(12, 7), layout='constrained')
    for axis, name in zip(figure.subplots(2, -(-len(names) // 2), sharex=True).flat, names):
        for k, (who, steps) in enumerate(curves.items()):
            mean, low, high = np.array([(step.mean, step.low, step.high) for step in steps[name]]).T
            colour = 'tab:grey' if who == 'hold' else f'C{k}'
            axis.plot(default_time_from_start(), mean, color=colour, label=who)
            axis.fill_between(default_time_from_start(), low, high, color=colour, alpha=0.2)
        axis.set_title(name)
        axis.set_xlabel('seconds after the observation')
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    figure.axes[0].legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
