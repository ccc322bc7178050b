# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Whether two predicted views agree in 3-D: an object's mask in one, lifted and projected into the other.

The paper (arXiv 2507.01099, section 4.1) compares bounding boxes; the masks themselves are compared beside that.
"""

from __future__ import annotations

import cv2
import numpy as np

from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points, valid_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.prediction import PredictedView
from robot4d_core.tracker.view_registration import register_view, static_points


def recover_transform(view_m: PredictedView) -> np.ndarray | None:
    """Return T_n_m (4, 4), read out of what is predicted of view m; None when its points contradict each other."""
    try:
        return register_view(static_points(view_m.pointmap), view_m.camera).T_n_m
    except RegistrationError:
        return None


def project_mask(mask: np.ndarray, points: np.ndarray, T_m_n: np.ndarray, camera: PinholeCamera) -> np.ndarray:
    """Return where camera m sees the points (H, W, 3), in frame n, of a mask (H, W) of view n; bool, m's size.

    Nothing hides anything; holes of a pixel between the projected points are filled.
    """
    lifted = transform_points(T_m_n, points[mask & valid_points(points)].astype(np.float64))
    pixels = camera.project(lifted)
    columns, rows = np.rint(pixels[np.isfinite(pixels).all(axis=-1)]).T
    inside = (columns >= 0) & (columns < camera.width) & (rows >= 0) & (rows < camera.height)
    projected = np.zeros((camera.height, camera.width), np.uint8)
    projected[rows[inside].astype(int), columns[inside].astype(int)] = 1
    return cv2.morphologyEx(projected, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).astype(bool)


def mask_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Return the intersection over union of two masks (H, W); 0 when both are empty."""
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 0.0


def box_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Return the intersection over union of the bounding boxes of two masks (H, W); 0 when one is empty."""
    if not (a.any() and b.any()):
        return 0.0
    (low_a, high_a), (low_b, high_b) = _bounding_box(a), _bounding_box(b)
    common = np.maximum(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0).prod()
    return float(common / ((high_a - low_a).prod() + (high_b - low_b).prod() - common))


def _bounding_box(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row and column, and those after the last."""
    pixels = np.argwhere(mask)
    return pixels.min(axis=0), pixels.max(axis=0) + 1


def consistency(
    view_n: PredictedView, view_m: PredictedView, masks: np.ndarray, T_n_m: np.ndarray | None,
) -> np.ndarray:
    """Return the IoU of boxes and of masks per frame, (2, T); masks: (2, T, H, W) of views n and m.

    0 where a mask is empty, and everywhere without a transform: an object that vanishes is not consistent.
    """
    if T_n_m is None:
        return np.zeros((2, len(view_n.rgb)))
    T_m_n = invert_pose(T_n_m)
    projected = [
        project_mask(mask, points, T_m_n, view_m.camera)
        for mask, points in zip(masks[0], view_n.pointmap, strict=True)
    ]
    pairs = list(zip(projected, masks[1], strict=True))
    return np.array([[iou(*pair) for pair in pairs] for iou in (box_iou, mask_iou)])
