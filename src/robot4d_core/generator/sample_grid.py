# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A picture of what a model in training imagines of a window, beside what happened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from robot4d_core.generator.pipeline import TwoViewPipeline
from robot4d_core.generator.training_batches import ImageBatch
from robot4d_core.prediction import FRAME_INTERVAL

COLUMNS = 6  # of the eleven steps
IMAGE_WIDTH = 1.6  # inches


def draw_prediction(pipeline: TwoViewPipeline, window: dict[str, np.ndarray], steps: int, file: Path) -> None:
    """Draw colour and depth (z in frame n) of both views: the observation, the true future, the imagined one.

    window: as WindowDataset gives it.
    """
    rgb, pointmap = window['rgb'], window['pointmap']
    own = np.stack([pointmap[0, 0], window['observed_pointmap_m']])
    video = pipeline(rgb[:, 0], own, steps, torch.Generator().manual_seed(0))
    frames = np.linspace(0, rgb.shape[1] - 1, COLUMNS).round().astype(int)
    rows = {}
    for view, name in enumerate(('n', 'm')):
        imagined = np.concatenate([rgb[view, :1], video.rgb[view]]), np.concatenate(
            [pointmap[view, :1], video.pointmap[view]])
        for (colours, points), whose in (((rgb[view], pointmap[view]), 'true'), (imagined, 'imagined')):
            rows[f'{name} {whose}'] = colours[frames]
            rows[f'{name} {whose} depth'] = points[frames, ..., 2]
    titles = ['observed', *(f'{FRAME_INTERVAL * frame:.1f} s' for frame in frames[1:])]
    _draw(rows, titles, file)


def draw_reconstruction(images: ImageBatch, rgb: np.ndarray | None, pointmap: np.ndarray | None, file: Path) -> None:
    """Draw images and what an autoencoder makes of them; rgb, pointmap: its output, of which one is None."""
    rows = {}
    if rgb is not None:
        rows = {'true': images.rgb[:COLUMNS], 'decoded': rgb[:COLUMNS]}
    if pointmap is not None:
        rows = {'true z': images.pointmap[:COLUMNS, ..., 2], 'decoded z': pointmap[:COLUMNS, ..., 2]}
    _draw(rows, [''] * COLUMNS, file)


def _draw(rows: dict[str, np.ndarray], titles: list[str], file: Path) -> None:
    """Draw rows of images, (N, H, W, 3) uint8 or (N, H, W) metres."""
    depths = np.concatenate([row.ravel() for row in rows.values() if row.ndim == 3] or [np.zeros(1)])
    depths = depths[np.isfinite(depths)]
    scale = Normalize(*np.percentile(depths, [1, 99])) if len(depths) else Normalize(0, 1)
    height, width = next(iter(rows.values())).shape[1:3]
    figure = Figure((COLUMNS * IMAGE_WIDTH, len(rows) * IMAGE_WIDTH * height / width + 0.3), 100, layout='constrained')
    axes = figure.subplots(len(rows), COLUMNS, squeeze=False)
    for title, axis in zip(titles, axes[0]):
        axis.set_title(title, fontsize=8)
    for (name, row), line in zip(rows.items(), axes):
        line[0].set_ylabel(name, fontsize=7)
        for image, axis in zip(row, line):
            if image.ndim == 3:
                axis.imshow(image)
            else:
                axis.imshow(np.ma.masked_invalid(image), colormaps['turbo'].with_extremes(bad='black'), scale)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    figure.savefig(file)
