# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far what the cameras see supports a gripper at some pose."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.robot.gripper_model import GripperModel, GripperSurface
from robot4d_core.tracker.frame_fit import FrameFit
from robot4d_core.tracker.surface_fit import GripperPoints, alike

EXPLAINED_POINTS = 300
MIN_PART_POINTS = 8
NEIGHBOURHOOD = 0.10  # metres about the surface in which points that look like the gripper should be explained
FULL_AREA = 0.25  # share of the visible surface that is enough for full confidence
RESIDUAL_SCALE = 0.03  # metres


def judge_fit(
    model: GripperModel, seen: list[GripperPoints], pose: np.ndarray, opening: float, tolerance: float
) -> FrameFit:
    """Say how much of what the views show supports a pose, T_frame_tcp; tolerance in metres of depth.

    The confidence is the product of: the share of the surface in view that is where it should be; the share of
    nearby points looking like the gripper that lie on it; the visible area; and the closeness of agreement.
    """
    surface = model.surface(opening)
    views = [points.sight.compare(surface, pose, tolerance) for points in seen]
    found = [len(view.agreeing) for view in views]
    expected = sum(view.expected for view in views)
    contradicting = sum(len(view.contradicting) for view in views)
    confidence = 0.0
    if sum(found) > 0:
        area = min(1.0, sum(found) / (FULL_AREA * expected))
        residual = np.median(np.concatenate([view.gaps for view in views]))
        confidence = (
            sum(found) / (sum(found) + contradicting) * _explained(seen, surface, pose, tolerance)
            * area * np.exp(-residual / RESIDUAL_SCALE)
        )
    view = seen[int(np.argmax(found))].sight.name
    return FrameFit(pose, opening, float(confidence), view, expected, sum(found))


def _explained(seen: list[GripperPoints], surface: GripperSurface, pose: np.ndarray, tolerance: float) -> float:
    """Return the share of points nearby that lie on a part they look like, averaged over what parts look like."""
    few = [points.thinned(EXPLAINED_POINTS) for points in seen]
    points = transform_points(invert_pose(pose), np.concatenate([patch.points for patch in few]))
    looks = np.concatenate([patch.looks for patch in few])
    shares, everything = [], cKDTree(surface.points)
    for parts, members in alike(looks):
        if len(members) >= MIN_PART_POINTS:
            mine = points[members]
            near = everything.query(mine, distance_upper_bound=NEIGHBOURHOOD)[0] < NEIGHBOURHOOD
            distances, _ = cKDTree(surface.points[parts[surface.part]]).query(mine[near])
            if near.sum() >= MIN_PART_POINTS:
                shares.append((distances < tolerance).mean())
    return float(np.mean(shares)) if shares else 0.0
