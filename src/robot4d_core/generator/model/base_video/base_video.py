# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a predicted video is without a network: that which the network changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BaseVideo:
    """Views n and m over T frames. rgb: (2, T, H, W, 3) uint8; pointmap: (2, T, H, W, 3) float32 metres, frame n.

    T_n_m: (4, 4), where view m was placed; None when it was not.
    """

    rgb: np.ndarray
    pointmap: np.ndarray
    T_n_m: np.ndarray | None  # noqa: N815
