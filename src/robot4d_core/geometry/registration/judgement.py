# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How well a pose agrees with what each camera would have seen of the other's points if it were true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.geometry.registration.prepared_cloud import PreparedCloud, nearest_pixels

COLOUR_TOLERANCE = 0.2  # mean difference of colour in [0, 1] at which likeness turns into unlikeness
EXPOSURE_GAIN = (0.7, 1.4)


@dataclass(frozen=True)
class Judgement:
    """score: inliers of like colour minus contradictions, 1 is perfect; inlier_share: in [0, 1]; residual_m: median."""

    score: float
    inlier_share: float
    residual_m: float


def judge(n: PreparedCloud, m: PreparedCloud, T_n_m: np.ndarray) -> Judgement:
    """Judge a pose by what each camera sees of the other's points."""
    votes = [_looked_up(n, m, T_n_m), _looked_up(m, n, invert_pose(T_n_m))]
    score, inliers, contradictions = (sum(vote[k] for vote in votes) / 2 for k in range(3))
    residuals = np.concatenate([vote[3] for vote in votes])
    if len(residuals) == 0:
        return Judgement(-1.0, 0.0, np.inf)
    return Judgement(score, inliers / (inliers + contradictions), float(np.median(residuals)))


def _looked_up(n: PreparedCloud, m: PreparedCloud, T_n_m: np.ndarray) -> tuple[float, float, float, np.ndarray]:
    """Look the points of m up in the image of n; return score, weight of inliers, of contradictions, and residuals.

    A point is an inlier on the surface that n sees, a contradiction in front of it, where n looks through it, and
    no evidence behind it, outside the image or in a hole of the depth.
    """
    points = transform_points(T_n_m, m.points)
    pixels = n.view.camera.project(points)
    with np.errstate(invalid='ignore'):
        inside = ((pixels > -0.5) & (pixels < [n.view.camera.width - 0.5, n.view.camera.height - 0.5])).all(axis=1)
    points, weights, colours = points[inside], m.weights[inside], m.colours[inside]
    columns, rows = nearest_pixels(n.view, points)
    nearest, farthest = n.nearest[rows, columns], n.farthest[rows, columns]
    tolerance = 0.008 + 0.008 * points[:, 2]
    inlier = (points[:, 2] > nearest - tolerance) & (points[:, 2] < farthest + tolerance)
    contradiction = points[:, 2] < nearest - 2 * tolerance
    seen = n.smooth[rows, columns]
    gain = np.median(seen[inlier], axis=0) / np.median(colours[inlier], axis=0).clip(0.02) if inlier.any() else 1.0
    likeness = 1 - np.abs(colours * np.clip(gain, *EXPOSURE_GAIN) - seen).mean(axis=1) / COLOUR_TOLERANCE
    support = (weights * np.where(inlier, likeness.clip(-1, 1), -2.0 * contradiction)).sum()
    residuals = np.abs(points[:, 2] - n.view.depth[rows, columns])[inlier]
    return support, weights[inlier].sum(), weights[contradiction].sum(), residuals[np.isfinite(residuals)]
