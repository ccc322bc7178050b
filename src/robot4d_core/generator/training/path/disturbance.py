# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What real sensors and calibrations do to a cloud, at random: jitter, holes, strays, misplacement, colour."""

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
STRAYS, STRAY_HEIGHT = 15, 0.004  # at most so many points of the table that noise lifts; metres, their mean
EXPOSURE, WHITE_BALANCE = 0.08, 0.03  # of the logarithm of the gain


def disturbed(cloud: SceneCloud, workspace: np.ndarray, rng: np.random.Generator, inferred: bool) -> SceneCloud:
    """Return a cloud as it might have been measured; inferred: its camera was placed by the images alone.

    workspace: (2, 3) lowest and highest coordinates of the cloud, metres.
    """
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
    strays = _strays(rng.integers(1 + round(severity * STRAYS)), workspace, rng)
    gain = np.exp(rng.normal(0, EXPOSURE) + rng.normal(0, WHITE_BALANCE, 3))
    return SceneCloud.joined([
        SceneCloud(moved.astype(np.float32), np.clip(colours * gain, 0, 255).astype(np.uint8)), strays])


def _strays(count: int, workspace: np.ndarray, rng: np.random.Generator) -> SceneCloud:
    """Return points of a table of some colour that noise has lifted into the workspace, just above its floor."""
    points = rng.uniform(*workspace, (count, 3))
    points[:, 2] = workspace[0, 2] + rng.exponential(STRAY_HEIGHT, count)
    colour = np.clip(rng.uniform(60, 240) + rng.normal(0, 30, 3), 0, 255)
    return SceneCloud(points.astype(np.float32), np.tile(colour.astype(np.uint8), (count, 1)))
