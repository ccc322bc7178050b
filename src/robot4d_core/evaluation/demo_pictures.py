# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The picture and the film of a demo: what was imagined beside what then happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from robot4d_core.evaluation.demo_cycle import DemoCycle
from robot4d_core.prediction import PredictedView
from robot4d_core.tracker.view_registration import place_cameras
from robot4d_core.viewer.captions import labelled
from robot4d_core.viewer.gripper_line import imagined_lines, planned_lines
from robot4d_core.viewer.point_splatting import picture_of_clouds, with_lines

BLUE, RED = np.array([40, 90, 220], np.uint8), np.array([220, 50, 40], np.uint8)
LEGEND = 'Violet: the imagined path; orange: the plan; dark: gripper closed'
STRIP = (0, 2, 4, 6, 9)  # predicted frames of the liveliest cycle
ROWS = 3  # cycles that are compared with what then happened
HEIGHT = 256  # pixels of an image


def draw_cycles(cycles: Sequence[DemoCycle], file: Path) -> Path:
    """Draw the future that the liveliest cycle imagined, and what some cycles imagined beside what then happened.

    Of each such cycle: every view as observed, with the imagined paths; the imagined frame at the end of the steps that
    were executed (of the last step where none were); and what the camera saw when they had been. Below, the predicted
    clouds of the liveliest cycle in one frame.
    """
    from matplotlib.figure import Figure

    number, liveliest = max(enumerate(cycles, 1), key=lambda numbered: numbered[1].reach())
    moved = [(k, cycle) for k, cycle in enumerate(cycles, 1) if cycle.steps] or [(number, liveliest)]
    shown = [moved[k] for k in np.unique(np.linspace(0, len(moved) - 1, ROWS).round().astype(int))]
    rows = [(f'cycle {number}: five imagined seconds', _future(liveliest))]
    rows += [(f'cycle {k}: imagined, and what then happened', _beside(cycle)) for k, cycle in shown]
    figure = Figure(figsize=(19, 2.9 * len(rows) + 6.6), dpi=80, layout='constrained')
    *strips, bottom = figure.subfigures(len(rows) + 1, 1, height_ratios=[1] * len(rows) + [2.2])
    for strip, (title, images) in zip(strips, rows, strict=True):
        strip.suptitle(title, fontsize=14, fontweight='bold', x=0.005, ha='left')
        _fill(strip, images)
    _fill(bottom, _clouds(liveliest))
    figure.suptitle(f'robot4d, generator: {liveliest.prediction.model}.  {LEGEND}', fontsize=16)
    figure.savefig(file)
    return file


def _fill(figure, images: Sequence[tuple[str, np.ndarray | None]]) -> None:
    for axes, (title, image) in zip(figure.subplots(1, len(images)), images, strict=True):
        axes.set_title(title, fontsize=11)
        axes.axis('off')
        if image is not None:
            axes.imshow(image)


def _future(cycle: DemoCycle) -> list[tuple[str, np.ndarray | None]]:
    view, times = cycle.prediction.views[0], cycle.prediction.time_from_start
    return [_observed(cycle, view), *((f'imagined +{times[k]:.1f} s', view.rgb[k]) for k in STRIP)]


def _beside(cycle: DemoCycle) -> list[tuple[str, np.ndarray | None]]:
    last, times = cycle.steps - 1, cycle.prediction.time_from_start
    images = []
    for view in cycle.prediction.views:
        happened = cycle.then.get(view.name) if cycle.steps else None
        images += [
            _observed(cycle, view), (f'imagined +{times[last]:.1f} s', view.rgb[last]),
            ('what then happened', happened[-1]) if happened else ('nothing was executed', None)]
    return images


def _observed(cycle: DemoCycle, view: PredictedView) -> tuple[str, np.ndarray | None]:
    image = cycle.observed.get(view.name)
    return f'{view.name}: observed', None if image is None else with_lines(
        view, image, place_cameras(cycle.prediction), imagined_lines(cycle.prediction), HEIGHT)


def _clouds(cycle: DemoCycle) -> list[tuple[str, np.ndarray]]:
    prediction = cycle.prediction
    middle = STRIP[len(STRIP) // 2]
    lines = [*planned_lines(cycle.plans), *imagined_lines(prediction)]
    views = prediction.views
    by_view = ', '.join(f'{name} {view.name}' for name, view in zip(('blue', 'red'), views, strict=False))
    return [
        (f'imagined clouds of all views at +{prediction.time_from_start[middle]:.1f} s in {prediction.frame_id}',
         picture_of_clouds([(view.pointmap[middle], view.rgb[middle]) for view in views], lines)),
        (f'the same by view: {by_view}',
         picture_of_clouds([(view.pointmap[middle], colour) for view, colour in zip(views, (BLUE, RED), strict=False)],
                           lines))]


def film_cycles(cycles: Sequence[DemoCycle], file: Path, frame_rate: int = 4) -> Path:
    """Film the predicted frames of the steps that were executed beside what then happened; MP4.

    What happened is taken at the same share of the motion; where nothing was executed the observation stands still
    beside the whole prediction. The imagined paths are drawn into the predicted frames.
    """
    import imageio.v2 as imageio

    with imageio.get_writer(file, fps=frame_rate, macro_block_size=2) as video:
        for number, cycle in enumerate(cycles, 1):
            prediction = cycle.prediction
            cameras, lines = place_cameras(prediction), imagined_lines(prediction)
            steps = cycle.steps or len(prediction.time_from_start)
            for k, time in enumerate(prediction.time_from_start[:steps]):
                rows = []
                for view in prediction.views:
                    happened = cycle.then.get(view.name) or [cycle.observed.get(view.name, view.rgb[k])]
                    real = happened[round((k + 1) / steps * (len(happened) - 1))]
                    imagined = with_lines(view, view.rgb[k], cameras, lines, HEIGHT)
                    rows.append(np.hstack([
                        labelled(imagined, f'{view.name}: predicted by {prediction.model}, +{time:.1f} s', HEIGHT),
                        labelled(real, f'{view.name}: what then happened (cycle {number})', HEIGHT),
                    ]))
                video.append_data(np.vstack(rows))
    return file
