# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A picture of clouds over time, drawn without a screen or a browser, always from one point of view."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.poses import look_at
from robot4d_core.viewer.cloud_video import CloudVideo
from robot4d_core.viewer.point_splatting import picture_of_clouds

COLUMNS = 4
PANEL = (480, 384)  # pixels
ASIDE, LOWER, FARTHER = np.radians(25), np.radians(12), 1.3
HIGHER = 0.15  # metres over the middle of the cloud, where hands are
VIEW_COLOURS = np.array([[40, 90, 220], [220, 50, 40]], np.uint8)
VIEW_COLOUR_NAMES = ('blue', 'red')


def draw_picture(videos: Sequence[CloudVideo], file: Path, caption: str = '') -> None:
    """Draw some moments of every video, a row each, and of the first one a row that tells the views apart.

    The moments are spread over the first video; a video that ends earlier has no picture there.
    """
    first = videos[0]
    steps = np.unique(np.linspace(0, len(first.times) - 1, COLUMNS).round().astype(int))
    viewpoint = PinholeCamera.from_field_of_view(np.radians(50), *PANEL), point_of_view(first)
    named = zip(first.views, VIEW_COLOUR_NAMES, strict=False)
    by_view = ', '.join(f'{colour} {name}' for name, colour in named)
    rows = [(video, video.title, None) for video in videos] + [(first, f'{first.title}, by view: {by_view}', True)]
    figure = Figure(figsize=(len(steps) * PANEL[0] / 100, len(rows) * (PANEL[1] / 100 + 0.45) + 0.5), dpi=100,
                    layout='constrained')
    if caption:
        figure.suptitle(caption, fontsize=13)
    for subfigure, (video, title, told_apart) in zip(np.atleast_1d(figure.subfigures(len(rows), 1)), rows, strict=True):
        subfigure.suptitle(title, fontsize=12)
        for axes, step in zip(np.atleast_1d(subfigure.subplots(1, len(steps))), steps, strict=True):
            axes.axis('off')
            moment = np.flatnonzero(np.isclose(video.times, first.times[step]))
            if not len(moment):
                continue
            axes.set_title(f'+{first.times[step]:.1f} s', fontsize=11)
            axes.imshow(_panel(video, moment[0], viewpoint, told_apart))
    figure.savefig(file)


def point_of_view(video: CloudVideo) -> np.ndarray:
    """Return T_n_eye (4, 4): from aside of camera n, lower and farther away, to the middle of the cloud."""
    middle = np.median(video.first_points, axis=0).astype(np.float64)
    target = middle - [0.0, HIGHER, 0.0]
    towards_camera = Rotation.from_euler('yx', [ASIDE, LOWER]).apply(-middle)
    return look_at(target + FARTHER * towards_camera, target, up=(0, -1, 0))


def _panel(video: CloudVideo, step: int, viewpoint, told_apart: bool) -> np.ndarray:
    clouds = []
    for name, colour in zip(video.views, VIEW_COLOURS, strict=False):
        points, colours = video.cloud(name, step)
        clouds.append((points, _tinted(colours, colour) if told_apart else colours))
    return picture_of_clouds(clouds, video.lines, viewpoint=viewpoint)


def _tinted(colours: np.ndarray, tint: np.ndarray) -> np.ndarray:
    """Return shades of one colour, as bright as the colours (N, 3) are."""
    return (tint * (0.4 + 0.6 * colours.mean(axis=-1, keepdims=True) / 255)).astype(np.uint8)
