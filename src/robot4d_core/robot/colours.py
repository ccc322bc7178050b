# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the links of a robot look like, learned from where a camera sees them now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot4d_core.robot.drawing import NOTHING, DrawnRobot

ENOUGH = 40  # pixels that show a link
SHADING = 10.0  # how many pixels' worth of evidence says that a link is shaded as its neighbours are


class RobotColours:
    """Colours of links by the direction of their surface: matt links under lights that do not move."""

    def __init__(self, described: np.ndarray) -> None:
        """Take the colours of the links in the description, (L, 3) in [0, 1]."""
        self._described = 255 * described
        self._coefficients = np.zeros((len(described), 4, 3))
        self._coefficients[:, 0] = self._described

    def learn(self, drawn: Sequence[DrawnRobot], rgb: Sequence[np.ndarray], depth: Sequence[np.ndarray]) -> None:
        """Fit the links that images (H, W, 3) uint8 show, where depths (H, W) metres agree with the drawn robot.

        The others are taken to be as much brighter or darker than described, on each side, as those that are seen.
        """
        seen = [robot.seen(image) for robot, image in zip(drawn, depth, strict=True)]
        links = np.concatenate([robot.link[mask] for robot, mask in zip(drawn, seen)])
        features = _features(np.concatenate([robot.normal[mask] for robot, mask in zip(drawn, seen)]))
        colours = np.concatenate([image[mask] for image, mask in zip(rgb, seen)]).astype(float)
        if len(links) < ENOUGH:
            return
        expected = self._described[links].mean(axis=1)
        light = _shading(features * expected[:, None], colours.mean(axis=1), np.array([1.0, 0, 0, 0]))
        self._coefficients = light[None, :, None] * self._described[:, None]
        for link in np.unique(links):
            own = links == link
            if own.sum() >= ENOUGH:
                middle = np.median(colours[own], axis=0)
                self._coefficients[link] = _shading(
                    features[own], colours[own], np.stack([middle, *np.zeros((3, 3))]))

    def paint(self, robot: DrawnRobot) -> np.ndarray:
        """Return (H, W, 3) uint8; black where the robot is not."""
        colours = np.einsum('hwf,hwfc->hwc', _features(robot.normal), self._coefficients[robot.link])
        return np.where((robot.link != NOTHING)[..., None], np.clip(np.rint(colours), 0, 255), 0).astype(np.uint8)


def _features(normals: np.ndarray) -> np.ndarray:
    """Return (..., 4): one, and the direction of the surface."""
    return np.concatenate([np.ones((*normals.shape[:-1], 1)), normals], axis=-1)


def _shading(features: np.ndarray, brightness: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return what features (N, 4) are multiplied by to give the brightness, near prior where they say little."""
    scale = np.square(features[:, 0]).mean()
    penalty = SHADING * scale * np.diag([1e-6, 1.0, 1.0, 1.0])
    return prior + np.linalg.solve(features.T @ features + penalty, features.T @ (brightness - features @ prior))
