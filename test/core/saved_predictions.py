# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Predictions whose errors are known: the recorded future itself, moved by a known distance."""

from __future__ import annotations

import numpy as np

from core.episodes.analytic_episodes import analytic_store
from robot4d_core.episodes.recorded_look import RecordedLook, read_episode_look
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.prediction import PredictedView, Prediction


def analytic_look(folder, step: int = 1, **options) -> RecordedLook:
    """A look at an analytic episode of 14 steps, cameras 2 (n) and 0 (m)."""
    return read_episode_look(analytic_store(folder, [3], **options).folder / 'episode_000003', step, ('2', '0'))


def moved_truth(look: RecordedLook, by: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Prediction:
    """The look's future as a prediction, every point moved by so many metres in frame n."""
    views = tuple(
        PredictedView(view.name, view.camera, view.rgb[1:], points[1:] + np.array(by, np.float32))
        for view, points in zip(look.views, look.pointmaps())
    )
    return Prediction(look.stamp, look.frame_id, 0.5 * np.arange(1, 1 + look.future), views, 'moved truth')


def saved_prediction(folder, by: tuple[float, float, float] = (0.0, 0.0, 0.0), **options) -> SavedPrediction:
    """A look at an analytic episode with its moved truth."""
    look = analytic_look(folder, **options)
    return SavedPrediction(moved_truth(look, by), look, seed=7, steps=3)
