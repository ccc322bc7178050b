# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the gripper's parts look like, learned from the observation, where their pose is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.robot.gripper_model import GripperModel, GripperSurface
from robot4d_core.tracker.sight import Comparison, Sight

LIKENESS = 0.15  # chromaticity within which a pixel looks like a part
MIN_SAMPLES = 15
SURE_GAP = 0.005  # metres between seen and expected surface: nothing else is so close to it


def chromaticity(rgb: np.ndarray) -> np.ndarray:
    """Return colours (..., 3) uint8 freed from shading: each channel's share of the brightness; dark turns to 0."""
    rgb = rgb.astype(np.float32) / 255
    return rgb / (rgb.sum(axis=-1, keepdims=True) + np.float32(0.15))


@dataclass(frozen=True)
class Appearance:
    """chromaticities: (P, 3), one per part of the gripper."""

    chromaticities: np.ndarray

    @classmethod
    def described(cls, model: GripperModel) -> Appearance:
        """Take the colours that the robot description states."""
        return cls(chromaticity(np.array([part.colour for part in model.parts]) * 255))

    def learned(self, surface: GripperSurface, seen: list[tuple[Sight, Comparison]]) -> Appearance:
        """Return the median colour of each part where cameras see it; parts out of sight keep theirs."""
        parts = np.concatenate([surface.part[comparison.agreeing] for _, comparison in seen])
        colours = chromaticity(np.concatenate([sight.rgb[tuple(comparison.pixels.T)] for sight, comparison in seen]))
        close = np.concatenate([comparison.gaps for _, comparison in seen]) < SURE_GAP
        learned = self.chromaticities.copy()
        for part in range(len(learned)):
            if (mine := close & (parts == part)).sum() >= MIN_SAMPLES:
                learned[part] = np.median(colours[mine], axis=0)
        return Appearance(learned)

    def likeness(self, chromaticities: np.ndarray) -> np.ndarray:
        """Return which parts each of the chromaticities (N, 3) looks like, (N, P) bool; parts may look alike."""
        return np.linalg.norm(chromaticities[:, None] - self.chromaticities, axis=-1) < LIKENESS
