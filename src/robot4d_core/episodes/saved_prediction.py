# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A prediction that is worth keeping: with what it was made from."""

from __future__ import annotations

from dataclasses import dataclass

from robot4d_core.episodes.recorded_look import RecordedLook
from robot4d_core.prediction import Prediction


@dataclass(frozen=True)
class SavedPrediction:
    """A prediction, the look it was made from, and the sampler's seed and steps (None: the engine's default)."""

    prediction: Prediction
    look: RecordedLook
    seed: int | None = None
    steps: int | None = None
