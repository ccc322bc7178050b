# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Fitting the gripper's surface to points that cameras see of it: its pose, then how far the fingers are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose
from robot4d_core.geometry.rigid_fit import joint_plane_step
from robot4d_core.robot.gripper_model import FINGER_SPACING, GripperModel, GripperSurface
from robot4d_core.tracker.appearance import Appearance
from robot4d_core.tracker.sight import Sight

COLOUR_SCALE = 0.2  # metres that a chromaticity difference of 1 is worth when points look for their part
REACHES = (0.10, 0.05, 0.025, 0.012)  # metres, of points that lie closely on the surface
STEPS_PER_REACH = 5
SETTLED = (5e-4, 3e-3)  # metres and radians of a step after which the next reach is tried
NOISE_REACH = 3.0  # times the median distance: noisy points are given a longer reach
SAMPLING = 0.006  # metres: nearer than this the sampled surface counts as a plane
MIN_POINTS = 10
SLIDE = 1e-3  # metres of opening over which it is told how the surface moves
FINGER_REACH = 0.01  # metres
VAGUE_COST = 2.0  # pixels by which openings may differ without one being preferred
VAGUE_SPAN = 0.02  # metres


@dataclass(frozen=True)
class GripperPoints:
    """Points that look like the gripper to one camera.

    points: (N, 3) in the plan's frame; chromaticities: (N, 3); looks: (N, P) bool, which parts each looks like.
    """

    sight: Sight
    points: np.ndarray
    chromaticities: np.ndarray
    looks: np.ndarray

    def thinned(self, count: int) -> GripperPoints:
        """Return about count of the points, evenly picked."""
        step = max(1, len(self.points) // count)
        return GripperPoints(self.sight, self.points[::step], self.chromaticities[::step], self.looks[::step])


def fit_pose(
    model: GripperModel, appearance: Appearance, seen: list[GripperPoints], pose: np.ndarray, opening: float
) -> np.ndarray:
    """Return T_frame_tcp nearest to pose at which the visible surface runs through the points (trimmed ICP)."""
    return _fit(model, appearance, seen, pose, opening, 0.0, REACHES)[0]


def fit_pose_and_opening(
    model: GripperModel, appearance: Appearance, seen: list[GripperPoints], pose: np.ndarray, opening: float
) -> tuple[np.ndarray, float]:
    """Return pose, T_frame_tcp, and opening, metres, near those given, at which the surface runs through the points."""
    return _fit(model, appearance, seen, pose, opening, SLIDE, REACHES[1:])


def _fit(
    model: GripperModel, appearance: Appearance, seen: list[GripperPoints], pose: np.ndarray, opening: float,
    slide: float, reaches: Sequence[float],
) -> tuple[np.ndarray, float]:
    surface = model.surface(opening)
    colours = COLOUR_SCALE * appearance.chromaticities[surface.part]
    data = [COLOUR_SCALE * patch.chromaticities for patch in seen]
    spread = 0.0
    for reach in reaches:
        for _ in range(STEPS_PER_REACH):
            points, targets = _pair(surface, colours, seen, data, pose, max(reach, NOISE_REACH * spread))
            if len(points) < MIN_POINTS:
                return pose, opening
            offsets, normals = surface.points[targets] - points, surface.normals[targets]
            distances = np.linalg.norm(offsets, axis=1)
            across = np.abs(np.einsum('ij,ij->i', offsets, normals))
            spread = np.median(across)
            beside = (distances > SAMPLING) & (across < 0.7 * distances)
            normals = np.where(beside[:, None], offsets / np.maximum(distances, 1e-9)[:, None], normals)
            weights = 1 / (1 + (distances / (0.5 * max(reach, NOISE_REACH * spread))) ** 2)
            slides = np.empty((len(points), 3, 0))
            if slide:
                slides = ((model.surface(opening + slide).points - surface.points)[targets] / slide)[..., None]
            motion, opened = joint_plane_step(points, surface.points[targets], normals, weights, slides, damping=1e-3)
            pose = pose @ invert_pose(motion)
            if slide:
                opening = float(np.clip(opening + opened[0], *model.gripper.range))
                surface = model.surface(opening)
            if np.linalg.norm(motion[:3, 3]) < SETTLED[0] and np.trace(motion[:3, :3]) > 1 + 2 * np.cos(SETTLED[1]):
                break
    return pose, opening


def _pair(
    surface: GripperSurface, colours: np.ndarray, seen: list[GripperPoints], data: list[np.ndarray], pose: np.ndarray,
    reach: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Pair points with what their camera can see of the surface, by place and colour.

    Returns the points (N, 3) in the tcp frame and the indices (N,) of their surface points.
    """
    points, targets = [np.empty((0, 3))], [np.empty(0, int)]
    for patch, features in zip(seen, data, strict=True):
        facing = np.flatnonzero(patch.sight.facing(surface, pose))
        if len(facing) and len(features):
            tree = cKDTree(np.hstack([surface.points[facing], colours[facing]]))
            places = transform_points(invert_pose(pose), patch.points)
            distances, nearest = tree.query(np.hstack([places, features]), distance_upper_bound=reach)
            found = np.isfinite(distances)
            points.append(places[found])
            targets.append(facing[nearest[found]])
    return np.concatenate(points), np.concatenate(targets)


@dataclass(frozen=True)
class OpeningFit:
    """opening: metres; seen: whether the views show it, otherwise it is the one from before."""

    opening: float
    seen: bool


def fit_opening(
    model: GripperModel, seen: list[GripperPoints], pose: np.ndarray, before: float, tolerance: float
) -> OpeningFit:
    """Find how far the fingers are open while the hand is at pose, T_frame_tcp.

    With the hand fixed, the distance between the fingers along the closing axis is the only unknown: points of a
    finger's colour should lie on it, and no camera should see through it. before: the opening, metres, that is kept
    while the views allow it and are vague; tolerance: metres of depth.
    """
    openings, surfaces = model.tried
    cost = sum(_finger_distances(patch, surfaces, pose) for patch in seen)
    cost = cost + sum(_seen_through(patch.sight, surfaces, pose, tolerance) for patch in seen)
    allowed = openings[cost < cost.min() + VAGUE_COST]
    if allowed[-1] - allowed[0] < VAGUE_SPAN:
        return OpeningFit(_lowest(openings, cost), True)
    if allowed[0] <= before <= allowed[-1]:
        return OpeningFit(before, False)
    return OpeningFit(float((allowed[0] + allowed[-1]) / 2), True)


def alike(looks: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each combination of parts (P,) bool that points look like, and the indices of these points."""
    combinations, members = np.unique(looks, axis=0, return_inverse=True)
    for number, parts in enumerate(combinations):
        yield parts, np.flatnonzero(members.ravel() == number)


def _finger_distances(patch: GripperPoints, surfaces: Sequence[GripperSurface], pose: np.ndarray) -> np.ndarray:
    """Return, for each surface, how many points of the fingers' colours lie off what they look like, partly counted."""
    T_tcp_frame, part, finger = invert_pose(pose), surfaces[0].part, surfaces[0].finger
    points = transform_points(T_tcp_frame, patch.points)
    surface = np.stack([surface.points for surface in surfaces])
    fingers = surface[:, finger]
    low, high = fingers.min(axis=(0, 1)) - FINGER_REACH, fingers.max(axis=(0, 1)) + FINGER_REACH
    like_fingers = patch.looks[:, np.unique(part[finger])].any(axis=1)
    near = np.flatnonzero(((points > low) & (points < high)).all(axis=1) & like_fingers)
    rays = surface - transform_points(T_tcp_frame, patch.sight.T_frame_camera[:3, 3])
    facing = np.einsum('kij,kij->ki', rays, np.stack([surface.normals for surface in surfaces])) < 0
    cost = np.zeros(len(surfaces))
    for parts, members in alike(patch.looks[near]):
        mine = points[near[members]]
        for number, visible in enumerate(facing & parts[part]):
            if visible.any():
                distances, _ = cKDTree(surface[number, visible]).query(mine, distance_upper_bound=FINGER_REACH)
                cost[number] += np.minimum(distances / FINGER_REACH, 1.0).sum()
            else:
                cost[number] += len(mine)
    return cost


def _seen_through(
    sight: Sight, surfaces: Sequence[GripperSurface], pose: np.ndarray, tolerance: float
) -> np.ndarray:
    """Return, for each surface, through how many pixels' worth of finger the camera sees."""
    through = [len(sight.compare(surface.of(surface.finger), pose, tolerance).contradicting) for surface in surfaces]
    distance = np.linalg.norm(pose[:3, 3] - sight.T_frame_camera[:3, 3])
    return np.array(through) * min(1.0, (FINGER_SPACING * sight.camera.fx / distance) ** 2)


def _lowest(places: np.ndarray, cost: np.ndarray) -> float:
    """Return where the parabola through the lowest cost and its neighbours has its bottom."""
    best = int(cost.argmin())
    if best in (0, len(places) - 1):
        return float(places[best])
    left, middle, right = cost[best - 1:best + 2]
    bend = left - 2 * middle + right
    return float(places[best] + (0.5 * (left - right) / bend if bend > 0 else 0.0) * (places[1] - places[0]))
