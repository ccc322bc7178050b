# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What would be seen if what hides it were not there: from another view where one shows it, else from beside it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.geometry.splatting import draw_points

INPAINTING_RADIUS = 3  # pixels


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
    """Continue colour and surface from beside the pixels of mask that are still empty; planes stay planes."""
    empty = mask & np.isinf(depth)
    filled = rgb if not empty.any() else cv2.inpaint(rgb, empty.astype(np.uint8), INPAINTING_RADIUS, cv2.INPAINT_NS)
    unknown = empty | ~np.isfinite(depth)
    inverse = np.where(unknown, 0, 1 / np.where(unknown, 1, depth)).astype(np.float32)
    if not unknown.all() and empty.any():
        inverse = cv2.inpaint(inverse, unknown.astype(np.uint8), INPAINTING_RADIUS, cv2.INPAINT_NS)
    with np.errstate(divide='ignore'):
        continued = np.where(empty, 1 / inverse, depth)
    known = np.where(np.isfinite(continued), continued, np.nan).astype(np.float32)
    return CameraView(view.name, view.camera, filled, known)
