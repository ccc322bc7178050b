# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Proposals for the relative pose from an exhaustive search over the dominant plane: for views from far apart."""

from __future__ import annotations

import numpy as np
from scipy import fft
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose
from robot4d_core.geometry.registration.prepared_cloud import PreparedCloud
from robot4d_core.geometry.registration.same_pose import same_pose

SEARCH_CELL = 0.025  # metres
SEARCH_RADIUS = 1.6  # metres about the middle of what a view sees of the plane
SEARCH_YAW_STEP = np.deg2rad(5.0)


def propose_from_planes(n: PreparedCloud, m: PreparedCloud) -> list[np.ndarray]:
    """Slide and turn the height and colour map of m over that of n; return the best agreeing distinct poses."""
    points_n, points_m = transform_points(n.level, n.points), transform_points(m.level, m.points)
    centre_n, centre_m = (np.median(points[:, :2], axis=0) for points in (points_n, points_m))
    size = int(2 * SEARCH_RADIUS / SEARCH_CELL)
    padded = [fft.next_fast_len(2 * size)] * 2
    spectra_n = _map_spectra(points_n, centre_n, n.colours, size, padded)
    found = []
    for yaw in np.arange(-np.pi, np.pi, SEARCH_YAW_STEP):
        turn = Rotation.from_rotvec([0, 0, yaw]).as_matrix()
        turned = points_m @ turn.T
        centre = turn[:2, :2] @ centre_m
        known_m, square_m, *values_m = _map_spectra(turned, centre, m.colours, size, padded)
        known_n, square_n, *values_n = spectra_n
        products = sum(a * b.conj() for a, b in zip(values_n, values_m, strict=True))
        agreement = known_n * known_m.conj() - square_n * known_m.conj() - known_n * square_m.conj() + 2 * products
        scores = fft.irfft2(agreement, padded)
        for _ in range(2):
            row, column = np.unravel_index(scores.argmax(), scores.shape)
            shift = [index - length * (index > length // 2)
                     for index, length in zip((row, column), padded, strict=True)]
            offset = centre_n + np.array(shift) * SEARCH_CELL - centre
            level_pose = make_pose(turn, (*offset, 0.0))
            found.append((scores[row, column], invert_pose(n.level) @ level_pose @ m.level))
            scores[np.ix_((row + np.arange(-3, 4)) % padded[0], (column + np.arange(-3, 4)) % padded[1])] = -np.inf
    found.sort(key=lambda pair: -pair[0])
    distinct: list[np.ndarray] = []
    for _, pose in found:
        if len(distinct) < 24 and not any(same_pose(pose, other) for other in distinct):
            distinct.append(pose)
    return distinct


def _map_spectra(points, centre, colours, size, padded) -> list[np.ndarray]:
    """Rasterise points (N, 3) in a level frame; return the spectra of known, known * |value|^2 and known * value.

    The value of a cell is its height and colour, scaled so that a squared difference of 1 cancels an agreement.
    """
    cells = np.floor((points[:, :2] - centre) / SEARCH_CELL).astype(int) + size // 2
    inside = ((cells >= 0) & (cells < size)).all(axis=1)
    order = np.flatnonzero(inside)[np.argsort(points[inside, 2])]
    rows, columns = cells[order].T
    values = np.zeros((4, size, size), np.float32)
    values[0, rows, columns] = points[order, 2].clip(0.0, 0.4) / 0.1  # the highest point of a cell is written last
    values[1:, rows, columns] = colours[order].T / 0.35
    known = np.zeros((size, size), np.float32)
    known[rows, columns] = 1.0
    return [fft.rfft2(image, padded) for image in (known, (values**2).sum(axis=0), *values)]
