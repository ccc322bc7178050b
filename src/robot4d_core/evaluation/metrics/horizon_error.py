# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far predicted points are from the truth over the horizon, beside a scene that stays as it is (`hold`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from robot4d_core.episodes.windows import Window
from robot4d_core.generator.engines.engine import Engine
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.observation import Observation
from robot4d_core.prediction import FRAME_INTERVAL, FRAMES

MOVED_METRES = 0.02
REGIONS = ('gripper', 'moving')
VIEWS = ('n', 'm')
MODELS = ('model', 'hold')


@dataclass(frozen=True)
class HorizonError:
    """3-D error in millimetres of every step, by (model, view, region); keys of MODELS x VIEWS x REGIONS.

    median, mean: (FRAMES,) over all pixels of the region with known truth and known prediction; known: share of the
    region's pixels of known truth where a prediction is known.
    """

    name: str
    windows: int
    median: dict[tuple[str, str, str], np.ndarray]
    mean: dict[tuple[str, str, str], np.ndarray]
    known: dict[tuple[str, str, str], np.ndarray]
    alignment: tuple[float, float]
    """Error of view m's still points in frame n, which is the error of the inferred transform: median, 95 % (mm)."""

    def beats_hold(self, view: str, region: str = 'moving') -> bool:
        """Whether median and mean error over the whole horizon lie below hold's."""
        return all(
            values['model', view, region].mean() < values['hold', view, region].mean()
            for values in (self.median, self.mean)
        )

    def to_dict(self) -> dict:
        """Return JSON values, millimetres rounded to a tenth."""
        return {
            'model': self.name, 'windows': self.windows, 'frame_interval_s': FRAME_INTERVAL,
            'alignment_mm': {'median': round(self.alignment[0], 1), 'p95': round(self.alignment[1], 1)},
            'error_mm': {
                f'{region}/{view}/{model}': {
                    'median': np.round(self.median[model, view, region], 1).tolist(),
                    'mean': np.round(self.mean[model, view, region], 1).tolist(),
                    'known': np.round(self.known[model, view, region], 4).tolist(),
                }
                for region in REGIONS for view in VIEWS for model in MODELS
            },
        }


def observation_of(window: Window) -> Observation:
    """Return what an engine may see of a window: its first step, each view in its own frame."""
    depths = window.pointmap[0, 0, ..., 2], window.observed_pointmap_m[..., 2]
    return Observation(
        stamp=0.0, frame_id='reference_color_optical_frame',
        views=tuple(
            CameraView(name, camera, rgb[0], depth)
            for name, camera, rgb, depth in zip(
                ('reference', 'second'), window.cameras, window.rgb, depths, strict=True)
        ),
    )


def moving_pixels(window: Window) -> np.ndarray:
    """Return (2, FRAMES, H, W) bool: the pixel's true point moved over MOVED_METRES, or the gripper came or went."""
    distance = np.linalg.norm(window.pointmap[:, 1:] - window.pointmap[:, :1], axis=-1)
    return (distance > MOVED_METRES) | (window.gripper[:, 1:] != window.gripper[:, :1])


def measure_horizon_error(engine: Engine, windows: Sequence[Window], seed: int = 0) -> HorizonError:
    """Let a started engine predict each window and compare; hold gets the true transform of view m, the model none.

    The engine must predict at the windows' image size.
    """
    errors: dict[tuple[str, str, str], list[list[np.ndarray]]] = {
        (model, view, region): [[] for _ in range(FRAMES)]
        for model in MODELS for view in VIEWS for region in REGIONS
    }
    alignment = []
    for k, window in enumerate(track(windows, description=f'predicting with {engine.name}')):
        prediction = engine.predict(observation_of(window), seed=seed + k)
        moving = moving_pixels(window)
        regions = {'gripper': window.gripper[:, 1:], 'moving': moving}
        for v, view in enumerate(VIEWS):
            truth = window.pointmap[v, 1:]
            held = np.broadcast_to(window.pointmap[v, 0], truth.shape)
            for model, points in (('model', prediction.views[v].pointmap), ('hold', held)):
                distance = 1000 * np.linalg.norm(points - truth, axis=-1)
                for region, mask in regions.items():
                    known = mask[v] & np.isfinite(truth).all(axis=-1)
                    for step in range(FRAMES):
                        errors[model, view, region][step].append(distance[step][known[step]])
        still = ~moving[1, 0] & np.isfinite(window.pointmap[1, :2]).all(axis=(0, -1))
        alignment.append(1000 * np.linalg.norm(prediction.views[1].pointmap[0] - window.pointmap[1, 1], axis=-1)[still])
    pooled = {key: [np.concatenate(step) for step in steps] for key, steps in errors.items()}
    return HorizonError(
        name=engine.name, windows=len(windows),
        median={key: np.array([np.nanmedian(step) for step in steps]) for key, steps in pooled.items()},
        mean={key: np.array([np.nanmean(step) for step in steps]) for key, steps in pooled.items()},
        known={key: np.array([np.isfinite(step).mean() for step in steps]) for key, steps in pooled.items()},
        alignment=tuple(np.nanpercentile(np.concatenate(alignment), (50, 95))),
    )


def print_horizon_error(report: HorizonError, console: Console) -> None:
    """Print the median of every step, and median and mean over the horizon: a row per region, view and model."""
    table = Table(title=f'3-D error in mm, {report.windows} windows, {report.name}', padding=0)
    table.add_column('pixels, view')
    steps = [f'{FRAME_INTERVAL * (k + 1):.1f}s' for k in range(FRAMES)]
    for column in (*steps, 'median', 'mean'):
        table.add_column(column, justify='right')
    for region in REGIONS:
        for view in VIEWS:
            for model in MODELS:
                median, mean = report.median[model, view, region], report.mean[model, view, region]
                numbers = [*median, median.mean(), mean.mean()]
                table.add_row(f'{region} {view} {model}', *(f'{number:.0f}' for number in numbers))
    console.print(table)
    median, p95 = report.alignment
    console.print(f'view m in frame n, still pixels: median {median:.0f} mm, 95 % {p95:.0f} mm')


def plot_horizon_error(report: HorizonError, path: Path) -> None:
    """Draw median and mean error over the horizon, a panel per region and view."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout='constrained')
    axes = figure.subplots(2, 2, sharex=True)
    seconds = FRAME_INTERVAL * np.arange(1, FRAMES + 1)
    for row, region in zip(axes, REGIONS, strict=True):
        for axis, view in zip(row, VIEWS, strict=True):
            for model, colour in zip(MODELS, ('tab:blue', 'tab:grey'), strict=True):
                label = report.name if model == 'model' else 'hold'
                axis.plot(seconds, report.median[model, view, region], color=colour, label=f'{label}, median')
                axis.plot(seconds, report.mean[model, view, region], '--', color=colour, label=f'{label}, mean')
            axis.set_title(f'{region} pixels, view {view}')
            axis.set_ylim(bottom=0)
            axis.set_ylabel('3-D error, mm')
            axis.grid(alpha=0.3)
    for axis in axes[1]:
        axis.set_xlabel('seconds after the observation')
    axes[0, 0].legend(fontsize=8)
    figure.savefig(path, dpi=110)
