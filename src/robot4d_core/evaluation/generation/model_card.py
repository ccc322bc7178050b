# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What is said of a trained model in its folder: card, curves, and its errors on episodes never trained on."""

from __future__ import annotations

import json
import platform
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from robot4d_core.episodes.loader import episodes_of, read_seen_by
from robot4d_core.episodes.splits import held_out_cameras
from robot4d_core.episodes.windows import sample_windows
from robot4d_core.evaluation.metrics.horizon_error import (
    MODELS,
    REGIONS,
    VIEWS,
    HorizonError,
    measure_horizon_error,
    plot_horizon_error,
    print_horizon_error,
)
from robot4d_core.evaluation.path.path_errors import measure_paths, print_path_errors
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
from robot4d_core.generator.training.loss_curve import read_curve
from robot4d_core.generator.training.recipe import Recipe
from robot4d_core.generator.training.train import TrainedModel
from robot4d_core.text_files import write_text

LINE = 120  # characters
PATH_TITLE = 'millimetres between imagined and true path, median (90th percentile)'
CELL_LIMITS = 'These tasks in this robot cell: predictions for anything else are meaningless.'
PIXEL_LIMITS = (
    'Fingers are one to three pixels wide at 160 x 128 pixels, so whether the gripper is open is hardly resolved '
    'there. Motion several seconds ahead is an average of what may happen.')
BASE_LIMITS = (
    'The video is the robot on its imagined path through the scene as observed: what the grippers close upon goes with '
    'them rigidly, nothing else moves, and what the robot hides is continued from beside it.')


def write_training_report(trained: TrainedModel, console: Console) -> None:
    """Measure a model on validation windows and looks; write errors, curves and the model card into its folder.

    What is measured are points and paths, so models of colours alone get a card without errors.
    """
    report, settings = None, trained.recipe.evaluation
    if settings.windows and trained.store is not None and trained.configuration.pointmap_autoencoder is not None:
        engine = DiffusionEngine(trained.folder, device='auto', steps=settings.steps)
        engine.start()
        episodes = [read_seen_by(trained.store, name, held_out_cameras)
                    for name in episodes_of(trained.store, 'validation')]
        windows = sample_windows(episodes, settings.windows, np.random.default_rng(settings.seed))
        report = measure_horizon_error(engine, windows)
        print_horizon_error(report, console)
        write_text(trained.folder / 'horizon_error.json', json.dumps(report.to_dict(), indent=1) + '\n')
        plot_horizon_error(report, trained.folder / 'horizon_error.png')
    paths = None
    if trained.looks is not None:
        names = episodes_of(trained.looks, 'validation')
        cameras = held_out_cameras(trained.looks.settings['cameras'])[-1], 0
        errors = measure_paths(trained.looks, names, trained.folder, tuple(map(str, cameras)), 'placed')
        paths = print_path_errors(errors, PATH_TITLE, console)
        write_text(trained.folder / 'path_errors.json', json.dumps(paths, indent=1) + '\n')
    _plot_curves(trained.stages, trained.folder / 'curves.png')
    _write_card(trained, report, paths)
    console.print(f'the model is in {trained.folder}')


def _plot_curves(stages: dict[str, Path], path: Path) -> None:
    """Draw the loss curve of every stage, by the folder that it trained in, and write them all beside it as JSON."""
    from matplotlib.figure import Figure

    series = {stage: read_curve(folder) for stage, folder in stages.items()}
    figure = Figure(figsize=(3.4 * len(series), 3.2), layout='tight')
    axes = figure.subplots(1, len(series), squeeze=False).flat
    for axis, (stage, columns) in zip(axes, series.items(), strict=True):
        for name in columns.keys() - {'step', 'seconds', 'learning_rate'}:
            axis.semilogy(columns['step'], columns[name], label=name)
        axis.set_title(stage.replace('_', ' '))
        axis.set_xlabel('step')
        axis.legend(fontsize=8)
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    write_text(path.with_suffix('.json'), json.dumps(series) + '\n')


def _write_card(trained: TrainedModel, report: HorizonError | None, paths: dict[str, dict] | None) -> None:
    """Write README.md into the model's folder; of paths and points those that were measured."""
    recipe = trained.recipe
    machine = torch.cuda.get_device_name() if torch.cuda.is_available() else (
        f'{platform.machine()}, {torch.get_num_threads()} threads')
    tasks = (trained.store or trained.looks).settings['task']
    rows = []
    for stage, stage_folder in trained.stages.items():
        columns, settings = read_curve(stage_folder), getattr(recipe, stage)
        last = {column: columns[column][-1] if columns else float('nan') for column in ('step', 'seconds', 'loss')}
        rows.append(
            f"| {stage} | {last['step']:.0f} | {settings.batch} | {last['seconds'] / 60:.0f} | {last['loss']:.4f} |")
    what = textwrap.fill(
        f'A two-view 4-D video model of the configuration `{recipe.model}`, trained on {tasks}. From one RGB-D look of '
        'two cameras it predicts ten frames, 0.5 s apart, of colour and of points in the frame of the first camera. '
        'The command that makes it:', LINE)
    measured = '\n\n'.join([
        *([_path_errors(paths)] if paths else []), *([_errors(report, recipe)] if report else [])])
    limits = textwrap.fill(
        f'{CELL_LIMITS} {PIXEL_LIMITS if trained.configuration.unet is not None else BASE_LIMITS}', LINE)
    write_text(trained.folder / 'README.md', f"""# {trained.name}

{what}

    {trained.command}

## Data

{_data(trained)}

## Training ({machine})

| stage | steps | batch | minutes | last loss |
|---|---|---|---|---|
{chr(10).join(rows)}

![loss curves](curves.png)

{measured or 'Its error was not measured.'}

## Limits

{limits}
""")


def _data(trained: TrainedModel) -> str:
    recipe, sentences = trained.recipe, []
    for what, store in (('looks', trained.looks), ('episodes', trained.store)):
        if store is not None:
            splits = Counter(store.attributes(episode)['split'] for episode in store.names)
            counts = ', '.join(f'{count} {split}' for split, count in sorted(splits.items()))
            sentences.append(f"{splits.total()} {what} ({counts}), {store.settings['cameras']} cameras each, of which "
                             'the first three quarters train.')
    sentences.append('They were recorded by the user.')
    if (data := recipe.data) is not None:
        last = data.seed + max(data.episodes, data.looks) - 1
        sentences[-1] = (f'They are simulated, of the seeds from {data.seed} to {last} less those whose expert failed; '
                         f'sensor: {data.sensor}. No real image was used.')
    if recipe.begin_with is not None:
        sentences.append(f'What has no stage below is taken from `models/{recipe.begin_with}`.')
    if trained.store is not None:
        sentences.append('Measured on the validation episodes, seen by the other cameras.')
    return textwrap.fill(' '.join(sentences), LINE)


def _path_errors(paths: dict[str, dict]) -> str:
    rows = [
        f"| {task} | {its['grippers']} | " + ' | '.join(
            f"{step['median_mm']:.0f} ({step['p90_mm']:.0f})" for step in its['steps'])
        + f" | {its['closed_right']:.1%} |" for task, its in paths.items()]
    times = ' | '.join(f"{step['seconds']:g} s" for step in next(iter(paths.values()))['steps'])
    return f"""## Error of the paths

Millimetres between imagined and true path on validation looks, median (90th percentile), the reference a camera that
never trained, the second placed from the images:

| task | grippers | {times} | closed right |
|---|---|{'---|' * 11}
{chr(10).join(rows)}"""


def _errors(report: HorizonError, recipe: Recipe) -> str:
    rows = [
        f'| {region} | {view} | {model} | ' + ' | '.join(f'{value:.0f}' for value in report.median[model, view, region])
        + f' | {report.mean[model, view, region].mean():.0f} |'
        for region in REGIONS for view in VIEWS for model in MODELS
    ]
    return f"""## Error

Distance to the true point in millimetres on {report.windows} validation windows, {recipe.evaluation.steps}
denoising steps. *gripper*: where the gripper truly is; *moving*: where the true point moved over 2 cm or the gripper
came or went. `hold` is a frozen scene, for view m with the true transform between the cameras, which the model must
infer itself (error of its still points in frame n: median {report.alignment[0]:.0f} mm, 95 %
{report.alignment[1]:.0f} mm). Medians per step, and the mean over all steps:

| region | view | model | {' | '.join(f'{0.5 * (k + 1):.1f} s' for k in range(10))} | mean |
|---|---|---|{'---|' * 11}
{chr(10).join(rows)}

![error over the horizon](horizon_error.png)"""
