# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A picture as the paper's figure 4: what happened, what each model imagined and what hold says, row by row."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

import numpy as np
from rich.console import Console

from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EvaluationError
from robot4d_core.evaluation.generation.clip_scores import depth_in_m, frozen_scene, segment_grippers, true_future
from robot4d_core.evaluation.generation.clips import Clip, read_clip
from robot4d_core.evaluation.generation.measured_models import Contender
from robot4d_core.evaluation.generation.protocol import Protocol
from robot4d_core.evaluation.metrics.cross_view import box_iou, project_mask, recover_transform
from robot4d_core.evaluation.metrics.gripper_masks import Segmenter
from robot4d_core.evaluation.metrics.horizon_error import observation_of
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import FRAME_INTERVAL, Prediction

FRAMES_SHOWN = (4, 9)  # of the horizon: 2.5 s and 5 s; depth and masks are those of the first
TRUTH = 'what happened'
MASK_M, MASK_N = 'yellow', 'cyan'
NOTHING = 'no points'


def draw_tasks(
    stores: dict[str, EpisodeStore], contenders: list[Contender], protocol: Protocol, segmenter: Segmenter,
    folder: Path, number: int | None = None, device: str = 'auto',
) -> None:
    """Draw folder/figure_TASK.png of one of the protocol's clips of each task, predicted as in the table.

    number: of the clip, None for the one whose motion is the median of those with the grippers in sight.
    Raises EvaluationError, EngineError, NoWindowError.
    """
    clips = {task: _choose(store, protocol, number) for task, store in stores.items()}
    imagined: dict[str, dict[str, Prediction]] = {task: {} for task in stores}
    for contender in contenders:
        engine = DiffusionEngine(contender.model, device)
        engine.start()
        for task, (k, clip) in clips.items():
            imagined[task][contender.name] = engine.predict(
                observation_of(clip.window), steps=contender.steps, seed=protocol.seed + k)
        engine.stop()
    folder.mkdir(parents=True, exist_ok=True)
    for task, (k, clip) in clips.items():
        rows = {TRUTH: true_future(clip), **imagined[task], 'hold': frozen_scene(clip)}
        title = '{}: clip {}, {} from step {}, cameras n {}, m {}'.format(
            task, k, clip.episode, clip.start, *clip.cameras)
        draw_comparison(clip, rows, segmenter, title, folder / f'figure_{task}.png')
        Console().print(f"drawn: {folder / f'figure_{task}.png'}", soft_wrap=True)


def _choose(store: EpisodeStore, protocol: Protocol, number: int | None) -> tuple[int, Clip]:
    places = protocol.draw(store)
    if number is not None:
        if number >= len(places):
            raise EvaluationError(f'there is no clip {number} among {len(places)}; count them from 0, or use --clips')
        return number, read_clip(store, *places[number])
    clips = [read_clip(store, *place) for place in places]
    steps = [0, *(frame + 1 for frame in FRAMES_SHOWN)]
    seen = [k for k, clip in enumerate(clips) if clip.in_sight[:, :, steps].all()] or range(len(clips))
    middle = sorted(seen, key=lambda k: _motion(clips[k]))[len(seen) // 2]
    return middle, clips[middle]


def _motion(clip: Clip) -> float:
    """Return how far the gripper that moves most is at the first frame shown from where it was observed, metres."""
    paths = clip.poses[..., :3, 3]
    return float(np.linalg.norm(paths[:, FRAMES_SHOWN[0] + 1] - paths[:, 0], axis=-1).max())


def draw_comparison(
    clip: Clip, rows: dict[str, Prediction], segmenter: Segmenter, title: str, path: Path,
) -> None:
    """Draw colours of both views, depth of both, and view m with both views' gripper masks; a row per prediction.

    In the last column the mask of view m is outlined, and that of view n, lifted by the predicted points and projected
    into m; the IoU is that of their boxes, as in mIoU. Depth of view m is in camera m, where the prediction puts it.
    """
    from matplotlib.figure import Figure

    frame, last = FRAMES_SHOWN
    seconds = [f'+{FRAME_INTERVAL * (shown + 1):g} s' for shown in FRAMES_SHOWN]
    columns = (
        *(f'view {view}, {when}' for when in seconds for view in 'nm'),
        *(f'depth {view}, {seconds[0]}' for view in 'nm'), f'gripper in m, {seconds[0]}')
    figure = Figure(figsize=(2.2 * len(columns), 1.8 * len(rows) + 0.8), layout='constrained')
    panels = figure.subplots(len(rows), len(columns), squeeze=False)
    limits = [np.nanpercentile(depth, (1, 99)) for depth in _depths(true_future(clip), frame)]
    for line, (name, prediction) in zip(panels, rows.items(), strict=True):
        for panel, (view, shown) in zip(line, [(0, frame), (1, frame), (0, last), (1, last)]):
            panel.imshow(prediction.views[view].rgb[shown])
        for panel, depth, (low, high) in zip(line[4:6], _depths(prediction, frame), limits):
            panel.imshow(depth, cmap='turbo', vmin=low, vmax=high)
            if not np.isfinite(depth).any():
                _say(panel, NOTHING)
        _draw_masks(line[6], clip, prediction, segmenter, frame)
        line[0].set_ylabel(fill(name.replace('_', ' '), 18), fontsize=10)
    for panel, column in zip(panels[0], columns):
        panel.set_title(column, fontsize=10)
    for panel in panels.flat:
        panel.set(xticks=[], yticks=[])
    figure.suptitle(
        f'{title}\n{MASK_M}: gripper seen in m; {MASK_N}: gripper seen in n, by its predicted points', size=11)
    figure.savefig(path, dpi=100)


def _depths(prediction: Prediction, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the depth (H, W) of each view in its own camera."""
    points = [view.pointmap[frame] for view in prediction.views]
    return points[0][..., 2], depth_in_m(recover_transform(prediction.views[1]), points[1])


def _draw_masks(panel, clip: Clip, prediction: Prediction, segmenter: Segmenter, frame: int) -> None:
    panel.imshow(prediction.views[1].rgb[frame])
    masks = segment_grippers(clip, prediction, segmenter)[:, :, frame]
    T_n_m = recover_transform(prediction.views[1])
    ious = []
    for in_n, in_m in masks:
        _outline(panel, in_m, MASK_M)
        if T_n_m is not None:
            view_n, view_m = prediction.views
            projected = project_mask(in_n, view_n.pointmap[frame], invert_pose(T_n_m), view_m.camera)
            _outline(panel, projected, MASK_N)
            ious.append(box_iou(projected, in_m))
    _say(panel, f"IoU {', '.join(f'{iou:.2f}' for iou in ious)}" if ious else NOTHING)


def _outline(panel, mask: np.ndarray, colour: str) -> None:
    if mask.any():
        panel.contour(mask, levels=[0.5], colors=colour, linewidths=1.2)


def _say(panel, text: str) -> None:
    panel.text(0.03, 0.04, text, transform=panel.transAxes, fontsize=10, color='white',
               bbox={'facecolor': 'black', 'alpha': 0.6, 'pad': 2, 'linewidth': 0})
