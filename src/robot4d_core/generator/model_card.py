# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The card that lies beside shipped weights: data, training, measured errors, limits."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from robot4d_core.evaluation.horizon_error import MODELS, REGIONS, VIEWS, HorizonError


def plot_curves(curves: dict[str, Path], path: Path) -> None:
    """Draw the loss curve (CSV) of every stage, and write them all beside it as JSON."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout='constrained')
    series = {stage: read_curve(curve) for stage, curve in curves.items()}
    for axis, (stage, columns) in zip(figure.subplots(2, 2).flat, series.items(), strict=True):
        for name in columns.keys() - {'step', 'seconds', 'learning_rate'}:
            axis.semilogy(columns['step'], columns[name], label=name)
        axis.set_title(stage.replace('_', ' '))
        axis.set_xlabel('step')
        axis.legend(fontsize=8)
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    path.with_suffix('.json').write_text(json.dumps(series) + '\n')


def read_curve(path: Path) -> dict[str, list[float]]:
    """Return the columns of a loss curve."""
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def write_model_card(
    folder: Path, name: str, recipe: dict, curves: dict[str, Path], report: HorizonError, machine: str,
) -> None:
    """Write README.md into a model folder."""
    data = recipe['data']
    stages = []
    for stage, curve in curves.items():
        columns = read_curve(curve)
        steps, seconds, loss = (columns[name][-1] for name in ('step', 'seconds', 'loss'))
        stages.append(
            f'| {stage} | {steps:.0f} | {recipe[stage]["batch"]} | {seconds / 60:.0f} | {loss:.4f} |'
        )
    errors = [
        f'| {region} | {view} | {model} | ' + ' | '.join(f'{value:.0f}' for value in report.median[model, view, region])
        + f' | {report.mean[model, view, region].mean():.0f} |'
        for region in REGIONS for view in VIEWS for model in MODELS
    ]
    (folder / 'README.md').write_text(f"""# {name}

A two-view 4-D video model of toy size, trained on rendered demonstrations of one task (`{data['task']}`). From one
RGB-D look of two cameras it predicts ten frames, 0.5 s apart, of colour and of points in the frame of the first
camera. The command that makes it:

    robot4d train {name}

## Data

{data['episodes']} simulated episodes with {data['cameras']} random cameras each (seeds from {data['seed']};
demonstrations that fail are left out), 160 x 128 pixels, every 0.5 s. Of every ten episodes eight train, of the cameras
of an episode the first three quarters. Measured on the validation episodes, seen by the other cameras.
No real image was used.

## Training ({machine})

| stage | steps | batch | minutes | last loss |
|---|---|---|---|---|
{chr(10).join(stages)}

![loss curves](curves.png)

## Error

Distance to the true point in millimetres on {report.windows} validation windows, {recipe['evaluation']['steps']}
denoising steps. *gripper*: where the gripper truly is; *moving*: where the true point moved over 2 cm or the gripper
came or went. `hold` is a frozen scene, for view m with the true transform between the cameras, which the model must
infer itself (error of its still points in frame n: median {report.alignment[0]:.0f} mm, 95 %
{report.alignment[1]:.0f} mm). Medians per step, and the mean over all steps:

| region | view | model | {' | '.join(f'{0.5 * (k + 1):.1f} s' for k in range(10))} | mean |
|---|---|---|{'---|' * 11}
{chr(10).join(errors)}

![error over the horizon](horizon_error.png)

## Limits

One task, one robot cell, simulated images: predictions for anything else are meaningless. Fingers are one to three
pixels wide at this resolution, so whether the gripper is open is hardly resolved. Motion several seconds ahead is an
average of what may happen. Pixels that the model says do not change are copied from the observation.
""")
