# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What would be seen if what hides it were not there: from another view where one shows it, else from beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.geometry.splatting import draw_points

TINY = 1e-9  # keeps what touches nothing known solvable


def uncover(
    views: Sequence[CameraView], placements: Sequence[np.ndarray], hidden: Sequence[np.ndarray]
) -> list[CameraView]:
    """Return the views with colour and depth where hidden (H, W) bool says that something stands before the scene.

    placements: T_common_optical (4, 4). Depth that was not measured elsewhere stays unknown.
    """
    points = [transform_points(placement, pointmap_from_depth(view.depth, view.camera))
              for view, placement in zip(views, placements, strict=True)]
    uncovered = []
    for number, (view, mask) in enumerate(zip(views, hidden, strict=True)):
        rgb, depth = view.rgb.copy(), np.where(mask, np.inf, view.depth)
        for other in range(len(views)):
            if other != number:
                shown = valid_points(points[other]) & ~hidden[other]
                _borrow(rgb, depth, mask, view, invert_pose(placements[number]), points[other][shown],
                        views[other].rgb[shown])
        uncovered.append(_continued(view, rgb, depth, mask))
    return uncovered


def _borrow(rgb, depth, mask, view, T_optical_common, points, colours) -> None:
    """Splat what another view shows into the pixels of mask, in place."""
    drawn, nearest = np.zeros_like(rgb), np.full(depth.shape, np.inf)
    draw_points(drawn, nearest, view.camera, T_optical_common, points, colours)
    found = mask & np.isfinite(nearest)
    rgb[found], depth[found] = drawn[found], nearest[found]


def _continued(view: CameraView, rgb: np.ndarray, depth: np.ndarray, mask: np.ndarray) -> CameraView:
    """Continue colour and surface from beside the pixels of mask that are still empty."""
    empty = mask & np.isinf(depth)
    if empty.any():
        rgb[empty] = np.rint(harmonic_fill(rgb.astype(float), empty)[empty])
        unknown = empty | ~np.isfinite(depth)
        inverse = harmonic_fill(1 / np.where(unknown, 1.0, depth)[..., None], unknown)[..., 0]
        depth[empty] = 1 / inverse[empty] if not unknown.all() else np.nan
    return CameraView(view.name, view.camera, rgb, np.where(np.isfinite(depth), depth, np.nan).astype(np.float32))


def harmonic_fill(values: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Return values (H, W, C) whose unknown (H, W) pixels are the mean of their neighbours, as Laplace's equation says.

    What is linear in the image, as the inverse depth of a plane is, goes on exactly. Where nothing is known it is 0.
    """
    number = np.full(unknown.shape, -1)
    number[unknown] = np.arange(unknown.sum())
    rows, columns, weights = [], [], []
    known_sum, neighbours = np.zeros((unknown.sum(), values.shape[-1])), np.zeros(unknown.sum())
    for axis in (0, 1):
        for shift in (1, -1):
            inside = np.ones(unknown.shape, bool)
            inside[(0 if shift == 1 else -1,) if axis == 0 else (slice(None), 0 if shift == 1 else -1)] = False
            pixels = unknown & inside
            own, other = number[pixels], np.roll(number, shift, axis)[pixels]
            neighbours[own] += 1
            inner = other >= 0
            rows.append(own[inner])
            columns.append(other[inner])
            weights.append(np.full(inner.sum(), -1.0))
            known_sum[own[~inner]] += np.roll(values, shift, axis)[pixels][~inner]
    diagonal = np.arange(unknown.sum())
    matrix = coo_array((
        np.concatenate([*weights, neighbours + TINY]),
        (np.concatenate([*rows, diagonal]), np.concatenate([*columns, diagonal])))).tocsc()
    filled = values.copy()
    filled[unknown] = splu(matrix).solve(known_sum)
    return filled
