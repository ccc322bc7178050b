# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""One picture of a store of episodes: colour, depth and segmentation of a few of them over time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from robot4d_core.episodes.segments import MOST_ARMS, segment_names
from robot4d_core.episodes.store import LOOKS_KIND, EpisodeStore
from robot4d_core.errors import EpisodeError

VIEWS = 3
COLUMNS = 8
IMAGE_WIDTH = 1.7  # inches
LEGEND_HEIGHT = 0.75  # inches

_SEGMENT_COLOURS = ListedColormap([(0.1, 0.1, 0.1), *colormaps['tab20'].colors])


@dataclass(frozen=True)
class _View:
    """What one camera saw of an episode at a few moments, or of as many looks as they begin.

    rgb: (N, H, W, 3); depth: (N, H, W) metres, 0 invalid; labels: (N, H, W); times: (N,) seconds.
    """

    title: str
    rgb: np.ndarray
    depth: np.ndarray
    labels: np.ndarray
    times: np.ndarray
    segments: dict[int, str]


def write_contact_sheet(store: EpisodeStore, file: Path) -> None:
    """Draw a few episodes, each seen by another camera, from the first step to the last; of looks, many beginnings.

    Raises EpisodeError when the store has no episode, or naming one that cannot be read.
    """
    if not store.names:
        raise EpisodeError(f'{store.folder} has no episode to draw; record some')
    view_of = _view_of_looks if store.settings.get('kind') == LOOKS_KIND else _view
    views = [view_of(store, index) for index in range(VIEWS)]
    low, high = np.percentile(np.concatenate([view.depth[view.depth > 0] for view in views]), [1, 99])
    depths = ScalarMappable(Normalize(low, high), colormaps['turbo'].with_extremes(bad='black'))

    height, width = views[0].labels.shape[1:]
    view_height = 3 * IMAGE_WIDTH * height / width + 0.45
    figure = Figure((COLUMNS * IMAGE_WIDTH + 0.4, VIEWS * view_height + LEGEND_HEIGHT), 110, layout='constrained')
    *blocks, foot = figure.subfigures(VIEWS + 1, height_ratios=[view_height] * VIEWS + [LEGEND_HEIGHT])
    for view, block in zip(views, blocks):
        _draw_view(block, view, depths)
    _draw_legend(foot, views, depths)
    figure.savefig(file)


def _view(store: EpisodeStore, index: int) -> _View:
    name = store.names[index * len(store) // VIEWS]
    episode, attributes = store.read(name), store.attributes(name)
    camera = index * episode.rgb.shape[0] // VIEWS
    times = episode.times[...]
    steps = np.linspace(0, len(times) - 1, COLUMNS).round().astype(int)
    return _View(
        f"{name} ({attributes['split']}), {attributes['cameras'][camera]}: {attributes['instruction']}",
        episode.rgb[camera][steps], episode.depth[camera][steps] / 1000, episode.segmentation[camera][steps],
        times[steps], segment_names(MOST_ARMS, attributes['objects']),
    )


def _view_of_looks(store: EpisodeStore, index: int) -> _View:
    names = [store.names[(index * COLUMNS + column) * len(store) // (VIEWS * COLUMNS)] for column in range(COLUMNS)]
    looks, attributes = [store.read(name) for name in names], store.attributes(names[0])
    camera = index * looks[0].rgb.shape[0] // VIEWS
    rgb, depth, labels = (
        np.stack([getattr(look, image)[camera, 0] for look in looks]) for image in ('rgb', 'depth', 'segmentation'))
    return _View(
        f"{names[0]} to {names[-1]}, {attributes['cameras'][camera]}: {attributes['instruction']}", rgb, depth / 1000,
        labels, np.array([look.times[0] for look in looks]), segment_names(MOST_ARMS, attributes['objects']),
    )


def _draw_view(figure: SubFigure, view: _View, depths: ScalarMappable) -> None:
    figure.suptitle(view.title, fontsize=10, x=0.01, ha='left')
    axes = figure.subplots(3, COLUMNS)
    for column, time, rgb, depth, labels in zip(axes.T, view.times, view.rgb, view.depth, view.labels):
        column[0].set_title(f'{time:.1f} s', fontsize=8, pad=2)
        column[0].imshow(rgb)
        column[1].imshow(np.ma.masked_equal(depth, 0), depths.cmap, depths.norm)
        column[2].imshow(_SEGMENT_COLOURS(labels % _SEGMENT_COLOURS.N))
    for row, what in zip(axes, ('colour', 'depth', 'segments')):
        row[0].set_ylabel(what, fontsize=8)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])


def _draw_legend(figure: SubFigure, views: list[_View], depths: ScalarMappable) -> None:
    bar, legend = figure.subplots(1, 2, width_ratios=[1, 3])
    figure.colorbar(depths, cax=bar, orientation='horizontal', label='depth in metres, black: none')
    legend.axis('off')
    seen = sorted({(label, view.segments[label]) for view in views for label in np.unique(view.labels)})
    patches = [Patch(color=_SEGMENT_COLOURS(label % _SEGMENT_COLOURS.N), label=name) for label, name in seen]
    legend.legend(handles=patches, ncols=8, fontsize=8, loc='center', frameon=False)
