# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the links of a robot look like, learned from where a camera sees them now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot4d_core.robot.drawing import NOTHING, DrawnRobot

ENOUGH = 40  # pixels that show a link
SHADING = 10.0  # how many pixels' worth of evidence says that a link is shaded as its neighbours are


class RobotColours:
    """Colours of links by the direction of their surface: a matt link under lights that do not move."""

    def __init__(self, described: np.ndarray) -> None:
        """described: (L, 3) in [0, 1], colours of the links where none is seen."""
        self._coefficients = np.zeros((len(described), 4, 3))
        self._coefficients[:, 0] = 255 * described

    def learn(self, drawn: Sequence[DrawnRobot], rgb: Sequence[np.ndarray], depth: Sequence[np.ndarray]) -> None:
        """Fit the links that images (H, W, 3) uint8 show, where depths (H, W) metres agree with the drawn robot."""
        seen = [robot.seen(image) for robot, image in zip(drawn, depth, strict=True)]
        links = np.concatenate([robot.link[mask] for robot, mask in zip(drawn, seen)])
        directions = np.concatenate([robot.normal[mask] for robot, mask in zip(drawn, seen)])
        colours = np.concatenate([image[mask] for image, mask in zip(rgb, seen)]).astype(float)
        for link in np.unique(links):
            own = links == link
            if own.sum() >= ENOUGH:
                features = np.column_stack([np.ones(own.sum()), directions[own]])
                middle = np.median(colours[own], axis=0)
                penalty = np.diag([1e-6, SHADING, SHADING, SHADING])
                shade = np.linalg.solve(
                    features.T @ features + penalty, features.T @ (colours[own] - middle))
                self._coefficients[link] = shade
                self._coefficients[link, 0] += middle

    def paint(self, robot: DrawnRobot) -> np.ndarray:
        """Return (H, W, 3) uint8; black where the robot is not."""
        features = np.concatenate([np.ones((*robot.link.shape, 1)), robot.normal], axis=-1)
        colours = np.einsum('hwf,hwfc->hwc', features, self._coefficients[robot.link])
        return np.where((robot.link != NOTHING)[..., None], np.clip(np.rint(colours), 0, 255), 0).astype(np.uint8)
