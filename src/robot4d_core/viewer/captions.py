# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Images with a line of text, for films that show several side by side."""

from __future__ import annotations

import cv2
import numpy as np

BAND = 22  # pixels


def labelled(image: np.ndarray, text: str, height: int) -> np.ndarray:
    """Return an RGB image (H, W, 3) uint8 scaled to a height in pixels, even in width, under a band with text."""
    width = round(image.shape[1] * height / image.shape[0] / 2) * 2
    picture = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    band = np.full((BAND, width, 3), 30, np.uint8)
    cv2.putText(band, text, (6, BAND - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.vstack([band, picture])
