# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Predictions whose errors are known: the recorded future itself, moved by a known distance."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from core.episodes.analytic_episodes import analytic_store
from robot4d_core.episodes.recorded_look import RecordedLook, read_episode_look
from robot4d_core.episodes.saved_prediction import SavedPrediction
from robot4d_core.geometry.poses import make_pose
from robot4d_core.prediction import GripperPath, PredictedView, Prediction


def analytic_look(folder, step: int = 1, **options) -> RecordedLook:
    """A look at an analytic episode of 14 steps, cameras 2 (n) and 0 (m)."""
    return read_episode_look(analytic_store(folder, [3], **options).folder / 'episode_000003', step, ('2', '0'))


def moved_truth(look: RecordedLook, by: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Prediction:
    """The look's future as a prediction, every point moved by so many metres in frame n."""
    views = tuple(
        PredictedView(view.name, view.camera, view.rgb[1:], points[1:] + np.array(by, np.float32))
        for view, points in zip(look.views, look.pointmaps())
    )
    times = 0.5 * np.arange(1, 1 + look.future)
    return Prediction(look.stamp, look.frame_id, times, views, 'moved truth', paths=two_paths(look.future))


def two_paths(steps: int) -> tuple[GripperPath, ...]:
    """Paths of two grippers that rise and turn, the second closed from its second step on."""
    poses = np.stack([make_pose(Rotation.from_euler('xz', [2.0, 0.1 * k]), (0.1, 0.2, 0.3 + 0.02 * k))
                      for k in range(steps)])
    openings = np.linspace(0.08, 0.02, steps)
    return (GripperPath('gripper', poses, openings, np.zeros(steps, bool)),
            GripperPath('second_gripper', poses[::-1].copy(), openings[::-1].copy(), np.arange(steps) > 0))


def assert_same_paths(paths, others) -> None:
    """The paths are those of other grippers to a nanometre."""
    assert [path.gripper for path in paths] == [other.gripper for other in others]
    for path, other in zip(paths, others):
        for name in ('poses', 'opening', 'closed'):
            np.testing.assert_allclose(getattr(path, name), getattr(other, name), atol=1e-9)
        assert path.closed.dtype == bool


def saved_prediction(folder, by: tuple[float, float, float] = (0.0, 0.0, 0.0), **options) -> SavedPrediction:
    """A look at an analytic episode with its moved truth."""
    look = analytic_look(folder, **options)
    return SavedPrediction(moved_truth(look, by), look, seed=7, steps=3)
