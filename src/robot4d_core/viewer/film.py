# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A film of a prediction beside what was recorded: colour and depth of both views, one row per view."""

from __future__ import annotations

from pathlib import Path

import cv2
import imageio.v2 as imageio
import numpy as np

from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.tracker.view_registration import place_cameras
from robot4d_core.viewer.captions import labelled
from robot4d_core.viewer.gripper_line import imagined_lines
from robot4d_core.viewer.point_splatting import with_lines

FRAME_RATE = 2  # real time: frames are half a second apart
HEIGHT = 256
UNKNOWN = (60, 60, 60)


def write_film(saved: SavedPrediction, file: Path) -> None:
    """Write an MP4 of the predicted frames, with the imagined paths of the grippers.

    Per view, from left to right: recorded colour, predicted colour, recorded depth, predicted depth (z in frame n, all
    on one scale). Where the recording knows no future, the observation stands still on the recorded side.
    """
    prediction, look = saved.prediction, saved.look
    recorded_depth = [None if points is None else points[..., 2] for points in look.pointmaps()]
    predicted_depth = [view.pointmap[..., 2] for view in prediction.views]
    lines, cameras = imagined_lines(prediction), place_cameras(prediction)
    scale = depth_scale([depth for depth in (*recorded_depth, *predicted_depth) if depth is not None])
    with imageio.get_writer(file, fps=FRAME_RATE, macro_block_size=2) as film:
        for k, time in enumerate(prediction.time_from_start):
            true = k < look.future
            moment, when = (k + 1, f'recorded +{time:.1f} s') if true else (0, 'observed, +0.0 s')
            rows = []
            for v, (view, recorded) in enumerate(zip(prediction.views, look.views, strict=True)):
                unknown = recorded_depth[v] is None
                depth_label = 'depth: camera pose unknown' if unknown else f'{when}: depth'
                z = np.full(recorded.depth[0].shape, np.nan) if unknown else recorded_depth[v][moment]
                rows.append(np.hstack([
                    labelled(recorded.rgb[moment], f'{view.name}: {when}', HEIGHT),
                    labelled(with_lines(view, view.rgb[k], cameras, lines, HEIGHT),
                             f'{prediction.model} +{time:.1f} s', HEIGHT),
                    labelled(depth_colours(z, scale), depth_label, HEIGHT),
                    labelled(depth_colours(predicted_depth[v][k], scale),
                             f'predicted depth, {scale[0]:.2f} to {scale[1]:.2f} m', HEIGHT),
                ]))
            width = max(row.shape[1] for row in rows)
            film.append_data(np.vstack([
                np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]))


def depth_scale(depths: list[np.ndarray]) -> tuple[float, float]:
    """Return the range in metres that holds 98 % of the known depths."""
    known = np.concatenate([depth[np.isfinite(depth)] for depth in depths])
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, (1, 99))
    return float(low), float(max(high, low + 1e-3))


def depth_colours(depth: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Return depth (H, W) metres as colours (H, W, 3) uint8 from red (near) to blue (far); grey where unknown."""
    low, high = scale
    share = np.clip((high - np.nan_to_num(depth, nan=high)) / (high - low), 0.0, 1.0)
    colours = cv2.applyColorMap(np.round(255 * share).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1].copy()
    colours[~np.isfinite(depth)] = UNKNOWN
    return colours
