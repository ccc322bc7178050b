# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The gripper followed from frame to frame: from where it was and seems to go, to where it is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.prediction import PredictedView
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.appearance import Appearance, chromaticity
from robot4d_core.tracker.fit_confidence import judge_fit
from robot4d_core.tracker.frame_fit import FrameFit
from robot4d_core.tracker.sight import Sight
from robot4d_core.tracker.surface_fit import GripperPoints, fit_opening, fit_pose

COARSE_POINTS = 150
FINE_POINTS = 400
MAX_TURN = np.deg2rad(75.0)  # between two frames; beyond, a hand that looks alike from both sides was turned round
SURE = 0.85  # confidence at which no further start is tried
GOOD = 0.6  # confidence at which no turned starts are tried
TURNS = np.deg2rad(30.0) * np.concatenate([np.eye(3), -np.eye(3)])


@dataclass(frozen=True)
class GripperFollower:
    """Follows a gripper of known looks; tolerance, search_radius and lost_below as in TrackerSettings."""

    model: GripperModel
    appearance: Appearance
    tolerance: float
    search_radius: float
    lost_below: float

    def follow(self, views: list[PredictedView], cameras: dict[str, np.ndarray], start: FrameFit) -> list[FrameFit]:
        """Find the gripper in every frame of the views together; cameras: T_frame_camera by view.

        Where it is lost, its last pose is repeated with confidence 0.
        """
        fits = []
        before = last = start
        for frame in range(len(views[0].rgb)):
            sights = [
                Sight(view.name, view.camera, cameras[view.name], view.pointmap[frame], view.rgb[frame])
                for view in views
            ]
            fit = self._find(sights, before, last)
            fits.append(fit)
            if fit.confidence > 0:
                before, last = last, fit
            else:
                before = last
        return fits

    def _find(self, sights: list[Sight], before: FrameFit, last: FrameFit) -> FrameFit:
        """Align the gripper in one frame, from where it was and where it seems to go."""
        seen = [self._gripper_points(sight, last.pose) for sight in sights]
        going_on = last.pose @ invert_pose(before.pose) @ last.pose
        starts = [going_on, last.pose]
        shift = self._centroid_shift(seen, last)
        if shift is not None:
            shifted = [make_pose(pose[:3, :3], last.pose[:3, 3] + shift) for pose in starts]
            starts = shifted + starts
        best = self._best_of(seen, starts, last)
        if best.confidence < GOOD:
            turned = [starts[0] @ make_pose(Rotation.from_rotvec(turn), np.zeros(3)) for turn in TURNS]
            best = max(best, self._best_of(seen, turned, last), key=lambda fit: fit.confidence)
        if best.confidence < self.lost_below:
            return replace(last, confidence=0.0, view='', expected=best.expected, found=best.found)
        return best

    def _best_of(self, seen: list[GripperPoints], starts: list[np.ndarray], last: FrameFit) -> FrameFit:
        """Align roughly from every start, then the best of these finely, with the opening."""
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
        pose = fit_pose(self.model, self.appearance, fine, pose, fitted.opening)
        fit = judge_fit(self.model, seen, pose, fitted.opening, self.tolerance)
        fit = replace(fit, opening_seen=fitted.seen)
        return fit if pose_distance(last.pose, pose)[1] < MAX_TURN else replace(fit, confidence=0.0)

    def _gripper_points(self, sight: Sight, pose: np.ndarray) -> GripperPoints:
        """Return what looks like the gripper within the search radius about a pose."""
        centre = (pose[:3, :3] @ self.model.parts[0].points.mean(axis=0) + pose[:3, 3]).astype(np.float32)
        with np.errstate(invalid='ignore'):
            near = ((sight.points - centre) ** 2).sum(axis=-1) < self.search_radius**2
        points, colours = sight.points[near].astype(np.float64), chromaticity(sight.rgb[near])
        part = self.appearance.part_of(colours)
        alike = part >= 0
        return GripperPoints(sight, points[alike], colours[alike], part[alike])

    def _centroid_shift(self, seen: list[GripperPoints], last: FrameFit) -> np.ndarray | None:
        """Return how far the middle of what looks like the gripper is from where the last pose would show it."""
        surface = self.model.surface(last.opening)
        shifts = []
        for points in seen:
            facing = points.sight.facing(surface, last.pose)
            if len(points.points) and facing.any():
                expected = transform_points(last.pose, surface.points[facing & (surface.part == 0)]).mean(axis=0)
                shifts.append(np.median(points.points, axis=0) - expected)
        return np.mean(shifts, axis=0) if shifts else None
