# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Pictures of what a model in training makes, beside what is true."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from matplotlib import colormaps

from robot4d_core.generator.model.pipeline import Conditioning, TwoViewPipeline
from robot4d_core.generator.training.batches import DiffusionBatch
from robot4d_core.prediction import FRAME_INTERVAL

COLUMNS = 6
IMAGE_WIDTH = 160  # pixels
GAP = 4  # pixels
LABEL_HEIGHT = 14  # pixels


def draw_prediction(pipeline: TwoViewPipeline, window: dict[str, np.ndarray], steps: int, file: Path) -> None:
    """Draw colour and depth (z in frame n) of both views: the observation, the true future, the imagined one.

    window: as WindowDataset gives it.
    """
    rgb, pointmap = window['rgb'], window['pointmap']
    own = np.stack([pointmap[0, 0], window['observed_pointmap_m']])
    video = pipeline(rgb[:, 0], own, steps, torch.Generator().manual_seed(0))
    frames = np.linspace(0, rgb.shape[1] - 1, COLUMNS).round().astype(int)
    rows = {}
    for view, name in enumerate('nm'):
        imagined_rgb = np.concatenate([rgb[view, :1], video.rgb[view]])
        imagined_z = np.concatenate([pointmap[view, :1], video.pointmap[view]])[..., 2]
        rows |= {
            f'{name}, true': rgb[view][frames], f'{name}, imagined': imagined_rgb[frames],
            f'{name}, true depth': pointmap[view, frames, ..., 2], f'{name}, imagined depth': imagined_z[frames],
        }
    _draw(rows, ['observed', *(f'{FRAME_INTERVAL * frame:.1f} s' for frame in frames[1:])], file)


def draw_change(pipeline: TwoViewPipeline, batch: DiffusionBatch, steps: int, file: Path) -> None:
    """Draw colour and depth (z in frame n) of both views: the true future, the base and the imagined one, all decoded.

    batch: of one window and its base.
    """
    device, base = pipeline.device, batch.base[0]
    conditioning = Conditioning(batch.conditioning.to(device), None, batch.base.to(device))
    imagined = base + pipeline.denoise(conditioning, steps, torch.Generator().manual_seed(0)).cpu()
    frames = np.linspace(0, base.shape[1] - 1, COLUMNS).round().astype(int)
    rows = {}
    for name, latents in (('true', base + batch.target[0]), ('base', base), ('imagined', imagined)):
        rgb, pointmap = pipeline.decode(latents.to(device))
        for view, label in enumerate('nm'):
            rows |= {f'{label}, {name}': rgb[view][frames], f'{label}, {name} depth': pointmap[view][frames][..., 2]}
    _draw(rows, [f'{FRAME_INTERVAL * (frame + 1):.1f} s' for frame in frames], file)


def draw_reconstruction(true: np.ndarray, decoded: np.ndarray, file: Path) -> None:
    """Draw images (B, H, W, 3) uint8, or z of pointmaps (B, H, W, 3) metres, and what an autoencoder makes of them."""
    rows = {'true': true[:COLUMNS], 'decoded': decoded[:COLUMNS]}
    if true.dtype != np.uint8:
        rows = {f'{name} depth': points[..., 2] for name, points in rows.items()}
    _draw(rows, [''] * COLUMNS, file)


def _draw(rows: dict[str, np.ndarray], titles: list[str], file: Path) -> None:
    """Write rows of images, (N, H, W, 3) uint8 or (N, H, W) metres, one colour scale for all metres."""
    depths = np.concatenate([row[np.isfinite(row)] for row in rows.values() if row.ndim == 3] or [np.zeros(0)])
    low, high = np.percentile(depths, [1, 99]) if len(depths) else (0, 1)
    lines = []
    for name, row in rows.items():
        images = row if row.ndim == 4 else _coloured((row - low) / max(high - low, 1e-6))
        lines.append(np.hstack([
            _labelled(image, f'{name}  {title}' if k == 0 else title) for k, (image, title) in
            enumerate(zip(images, titles))]))
    cv2.imwrite(str(file), np.vstack(lines)[..., ::-1])


def _coloured(values: np.ndarray) -> np.ndarray:
    """Return colours (..., 3) uint8 of values in 0 to 1, black where there is none."""
    return colormaps['turbo'].with_extremes(bad='black')(np.ma.masked_invalid(values), bytes=True)[..., :3]


def _labelled(image: np.ndarray, label: str) -> np.ndarray:
    """Return an image of IMAGE_WIDTH under its label, on white."""
    image = cv2.resize(image, (IMAGE_WIDTH, round(IMAGE_WIDTH * image.shape[0] / image.shape[1])),
                       interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(image, LABEL_HEIGHT, 0, 0, GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    return cv2.putText(framed, label, (2, LABEL_HEIGHT - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (0, 0, 0), 1, cv2.LINE_AA)
