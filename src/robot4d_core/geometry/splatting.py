# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Point clouds drawn into a camera: splatting with a depth buffer, in numpy."""

from __future__ import annotations

import numpy as np

from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points, valid_points


def draw_points(
    image: np.ndarray,
    depth: np.ndarray,
    camera: PinholeCamera,
    camera_from_points: np.ndarray,
    points: np.ndarray,
    colours: np.ndarray,
    radius: int = 1,
) -> None:
    """Splat points (N, 3) with colours (N, 3) uint8 as squares onto image (H, W, 3), nearer over farther.

    depth (H, W) metres is the depth buffer; both are changed in place.
    """
    keep = valid_points(points)
    local = transform_points(camera_from_points, points[keep].astype(np.float64))
    colours = np.broadcast_to(colours, points.shape)[keep]
    pixels = camera.project(local)
    for dv in range(-radius, radius + 1):
        for du in range(-radius, radius + 1):
            u, v = pixels[:, 0] + du, pixels[:, 1] + dv
            inside = (u > -0.5) & (u < camera.width - 0.5) & (v > -0.5) & (v < camera.height - 0.5)
            far_to_near = np.argsort(-local[inside, 2])
            columns = np.rint(u[inside]).astype(int)[far_to_near]
            rows = np.rint(v[inside]).astype(int)[far_to_near]
            z = local[inside, 2][far_to_near]
            nearer = z < depth[rows, columns]
            depth[rows[nearer], columns[nearer]] = z[nearer]
            image[rows[nearer], columns[nearer]] = colours[inside][far_to_near][nearer]
