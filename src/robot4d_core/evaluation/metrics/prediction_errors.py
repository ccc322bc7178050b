# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far one prediction is from what was recorded afterwards, view by view, beside a scene that stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from robot4d_core.episodes.recorded_look import RecordedLook
from robot4d_core.evaluation.metrics.horizon_error import MOVED_METRES
from robot4d_core.evaluation.metrics.image_errors import (
    absolute_relative_error,
    peak_signal_to_noise_ratio,
    threshold_accuracy,
)
from robot4d_core.prediction import Prediction


@dataclass(frozen=True)
class ViewErrors:
    """Over the frames whose truth is known; everything but colour is NaN where the true points are unknown.

    psnr: dB; absolute_relative, delta1: of z in frame n; distance: mean 3-D error in millimetres; moving: its median
    over the pixels whose true point moved over MOVED_METRES.
    """

    psnr: float
    absolute_relative: float
    delta1: float
    distance: float
    moving: float


def prediction_errors(prediction: Prediction, look: RecordedLook) -> dict[str, tuple[ViewErrors, ViewErrors]]:
    """Return by camera name the errors of the prediction, and those of repeating what was observed.

    Images are compared in the size of the prediction. Empty when nothing is known of the future.
    """
    if not look.future:
        return {}
    known = slice(0, look.future)
    resized = look.resized(*((view.camera.width, view.camera.height) for view in prediction.views))
    errors = {}
    for view, recorded, points in zip(prediction.views, resized.views, resized.pointmaps(), strict=True):
        observed = recorded.rgb[:1], None if points is None else points[:1]
        truth = recorded.rgb[1:], None if points is None else points[1:]
        held = np.broadcast_to(observed[0], truth[0].shape), points if points is None else np.broadcast_to(
            observed[1], truth[1].shape)
        moved = None if points is None else np.linalg.norm(truth[1] - observed[1], axis=-1) > MOVED_METRES
        predicted = view.rgb[known], view.pointmap[known]
        errors[view.name] = _errors(*predicted, *truth, moved), _errors(*held, *truth, moved)
    return errors


def _errors(rgb: np.ndarray, points, true_rgb: np.ndarray, true_points, moved) -> ViewErrors:
    psnr = peak_signal_to_noise_ratio(rgb, true_rgb)
    if true_points is None:
        return ViewErrors(psnr, *[np.nan] * 4)
    distance = 1000 * np.linalg.norm(points - true_points, axis=-1)
    z = points[..., 2], true_points[..., 2]
    return ViewErrors(psnr, absolute_relative_error(*z), threshold_accuracy(*z), _over_known(np.mean, distance),
                      _over_known(np.median, distance[moved]))


def _over_known(statistic: Callable[[np.ndarray], float], distances: np.ndarray) -> float:
    known = distances[np.isfinite(distances)]
    return float(statistic(known)) if known.size else np.nan
