# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Grippers followed from frame to frame: from where each was and seems to go, to where it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.prediction import GripperPath, PredictedView
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.appearance import Appearance, chromaticity
from robot4d_core.tracker.fit_confidence import judge_fit
from robot4d_core.tracker.frame_fit import FrameFit
from robot4d_core.tracker.sight import Sight
from robot4d_core.tracker.surface_fit import GripperPoints, OpeningFit, fit_opening, fit_pose, fit_pose_and_opening

COARSE_POINTS = 150
FINE_POINTS = 400
MAX_TURN = np.deg2rad(75.0)  # between two frames; beyond, a hand that looks alike from both sides was turned round
SURE = 0.85  # confidence at which no further start is tried
GOOD = 0.6  # confidence at which no turned starts are tried
TURNS = np.deg2rad(30.0) * np.concatenate([np.eye(3), -np.eye(3)])


class _Way:
    """Where a gripper was found until now: in the last frame, and in the one before."""

    def __init__(self, model: GripperModel, start: FrameFit) -> None:
        hand = model.surface(start.opening)
        self._middle = hand.points[~hand.finger].mean(axis=0)
        self.before = self.last = start

    def add(self, fit: FrameFit) -> None:
        """Go on to the next frame."""
        self.before = self.last
        if fit.confidence > 0:
            self.last = fit

    @property
    def going_on(self) -> np.ndarray:
        """Where the gripper is now if it moves on as before, (4, 4)."""
        return self.last.pose @ invert_pose(self.before.pose) @ self.last.pose

    @property
    def centres(self) -> np.ndarray:
        """The middle of the hand (2, 3) where it was, and where it is now if it moves on."""
        return np.stack([transform_points(pose, self._middle) for pose in (self.last.pose, self.going_on)])

    def distances(self, points: np.ndarray) -> np.ndarray:
        """Return how far points (N, 3) are from the nearer of the centres, (N,)."""
        return np.linalg.norm(points[:, None] - self.centres, axis=-1).min(axis=1)


def follow(
    followers: Sequence[GripperFollower], views: list[PredictedView], cameras: dict[str, np.ndarray],
    starts: Sequence[FrameFit], paths: Sequence[GripperPath | None],
) -> list[list[FrameFit]]:
    """Find each gripper, from its start on, in every frame of the views together; cameras: T_frame_camera by view.

    paths: where each gripper was first imagined, None where that is not known; what is not found near where it was is
    looked for there, too. Grippers may look alike: what looks like one belongs to the one that is nearest to it. Where
    a gripper is lost, its last pose is repeated with confidence 0.
    """
    fits: list[list[FrameFit]] = [[] for _ in followers]
    ways = [_Way(follower.model, start) for follower, start in zip(followers, starts, strict=True)]
    for frame in range(len(views[0].rgb)):
        sights = [
            Sight(view.name, view.camera, cameras[view.name], view.pointmap[frame], view.rgb[frame])
            for view in views
        ]
        found = [
            follower.find(sights, way, [other for other in ways if other is not way], _imagined(path, frame))
            for follower, way, path in zip(followers, ways, paths, strict=True)]
        for fit, way, own in zip(found, ways, fits, strict=True):
            way.add(fit)
            own.append(fit)
    return fits


def _imagined(path: GripperPath | None, frame: int) -> FrameFit | None:
    return None if path is None else FrameFit(path.poses[frame], float(path.opening[frame]), 0.0, '', 0, 0)


@dataclass(frozen=True)
class GripperFollower:
    """Follows a gripper of known looks; tolerance, search_radius and lost_below as in TrackerSettings."""

    model: GripperModel
    appearance: Appearance
    tolerance: float
    search_radius: float
    lost_below: float

    def find(self, sights: list[Sight], way: _Way, rivals: list[_Way], imagined: FrameFit | None) -> FrameFit:
        """Align the gripper in one frame, from where it was and where it seems to go, or from where it was imagined.

        Where only an edge of it is in view, nothing holds a fit in place; there it is as imagined, if that edge is.
        rivals: the ways of other grippers, to which whatever is nearer to them belongs.
        """
        last = way.last
        seen = [self._gripper_points(sight, way, rivals) for sight in sights]
        starts = [way.going_on, last.pose]
        shift = self._centroid_shift(seen, last)
        if shift is not None:
            shifted = [make_pose(pose[:3, :3], last.pose[:3, 3] + shift) for pose in starts]
            starts = shifted + starts
        best = self._best_of(seen, starts, last)
        if imagined is not None and best.confidence < SURE:
            unmoved = judge_fit(self.model, seen, imagined.pose, imagined.opening, self.tolerance)
            moved = self._best_of(seen, [imagined.pose], imagined)
            best = max(best, moved, unmoved, key=lambda fit: fit.confidence)
        elif best.confidence < GOOD:
            turned = [starts[0] @ make_pose(Rotation.from_rotvec(turn), np.zeros(3)) for turn in TURNS]
            best = max(best, self._best_of(seen, turned, last), key=lambda fit: fit.confidence)
        if best.confidence < self.lost_below:
            return replace(last, confidence=0.0, view='', expected=best.expected, found=best.found)
        return best

    def _best_of(self, seen: list[GripperPoints], starts: list[np.ndarray], last: FrameFit) -> FrameFit:
        """Align roughly from every start, then the best of these finely, with the opening.

        last: whose opening is kept where none is seen, and from which the gripper is not turned by MAX_TURN.
        """
        coarse = [points.thinned(COARSE_POINTS) for points in seen]
        rough = replace(last, confidence=0.0)
        for start in starts:
            pose = fit_pose(self.model, self.appearance, coarse, start, last.opening)
            if pose_distance(last.pose, pose)[1] < MAX_TURN:
                fit = judge_fit(self.model, seen, pose, last.opening, self.tolerance)
                rough = max(rough, fit, key=lambda fit: fit.confidence)
            if rough.confidence > SURE:
                break
        fine = [points.thinned(FINE_POINTS) for points in seen]
        pose = fit_pose(self.model, self.appearance, fine, rough.pose, last.opening)
        fitted = fit_opening(self.model, seen, pose, last.opening, self.tolerance)
        if fitted.seen:
            pose, opening = fit_pose_and_opening(self.model, self.appearance, fine, pose, fitted.opening)
            fitted = OpeningFit(opening, True)
        else:
            pose = fit_pose(self.model, self.appearance, fine, pose, fitted.opening)
        fit = judge_fit(self.model, seen, pose, fitted.opening, self.tolerance)
        fit = replace(fit, opening_seen=fitted.seen)
        return fit if pose_distance(last.pose, pose)[1] < MAX_TURN else replace(fit, confidence=0.0)

    def _gripper_points(self, sight: Sight, way: _Way, rivals: list[_Way]) -> GripperPoints:
        """Return what looks like the gripper within the search radius about its last pose, and is no rival's."""
        centre = way.centres[0].astype(np.float32)
        with np.errstate(invalid='ignore'):
            near = ((sight.points - centre) ** 2).sum(axis=-1) < self.search_radius**2
        points, colours = sight.points[near].astype(np.float64), chromaticity(sight.rgb[near])
        looks = self.appearance.likeness(colours)
        mine = looks.any(axis=1)
        for rival in rivals:
            mine &= way.distances(points) < rival.distances(points)
        return GripperPoints(sight, points[mine], colours[mine], looks[mine])

    def _centroid_shift(self, seen: list[GripperPoints], last: FrameFit) -> np.ndarray | None:
        """Return how far the middle of what looks like the gripper is from where the last pose would show it."""
        surface = self.model.surface(last.opening)
        shifts = []
        for points in seen:
            facing = points.sight.facing(surface, last.pose)
            if len(points.points) and facing.any():
                expected = transform_points(last.pose, surface.points[facing & ~surface.finger]).mean(axis=0)
                shifts.append(np.median(points.points, axis=0) - expected)
        return np.mean(shifts, axis=0) if shifts else None
