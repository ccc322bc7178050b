# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What real sensors and calibrations do to a cloud, at random: jitter, holes, misplacement, colour."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.generator.model.path.scene_cloud import SceneCloud

SEVERITIES = (0.0, 0.5, 1.5)  # one is drawn for each cloud
JITTER = 0.004  # metres, standard deviation of a point
SHIFT, TURN = 0.003, np.deg2rad(0.3)  # of where the calibrated camera stands; of an inferred one half as much again
HOLES, HOLE_RADIUS = 4, (0.01, 0.05)  # at most so many; metres
FEWEST = 20  # points into which no hole is made
KEPT = (0.5, 1.0)  # share of the points
EXPOSURE, WHITE_BALANCE = 0.08, 0.03  # of the logarithm of the gain


def disturbed(cloud: SceneCloud, rng: np.random.Generator, inferred: bool) -> SceneCloud:
    """Return a cloud as it might have been measured; inferred: its camera was placed by the images alone."""
    keep = rng.random(len(cloud.points)) < rng.uniform(*KEPT)
    points, colours = cloud.points[keep], cloud.colours[keep]
    for _ in range(rng.integers(HOLES)):
        if len(points) > FEWEST:
            centre, radius = points[rng.integers(len(points))], rng.uniform(*HOLE_RADIUS)
            outside = ((points - centre)**2).sum(axis=1) > radius**2
            points, colours = points[outside], colours[outside]
    severity = rng.choice(SEVERITIES)
    shift = rng.normal(0, severity * SHIFT * (1.5 if inferred else 1.0), 3)
    turn = Rotation.from_rotvec(rng.normal(0, severity * TURN, 3)).as_matrix()
    moved = points @ turn.T + shift + rng.normal(0, severity * JITTER, points.shape)
    gain = np.exp(rng.normal(0, EXPOSURE) + rng.normal(0, WHITE_BALANCE, 3))
    return SceneCloud(moved.astype(np.float32), np.clip(colours * gain, 0, 255).astype(np.uint8))
