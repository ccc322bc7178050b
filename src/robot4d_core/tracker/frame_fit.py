# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What was found of the gripper in one predicted frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class FrameFit:
    """A pose found in some views; expected and found count points of the visible surface; view saw most of them.

    opening_seen: whether the views show the opening; if not, it is carried over from the frame before.
    """

    pose: np.ndarray
    opening: float
    confidence: float
    view: str
    expected: int
    found: int
    opening_seen: bool = False


def most_confident(fits: tuple[FrameFit, ...]) -> FrameFit:
    """Return the most confident view's fit, with the opening from the most confident view that shows the fingers."""
    best = max(fits, key=lambda fit: fit.confidence)
    fingers = max(fits, key=lambda fit: (fit.opening_seen, fit.confidence))
    return replace(best, opening=fingers.opening, opening_seen=fingers.opening_seen)
