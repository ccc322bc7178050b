# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The gripper's path, read out of a predicted 4-D video.

The gripper's pose at the observation is known from the arm's joints, so nothing has to be detected. From frame to
frame the points that look like the gripper are aligned with its surface from several starts; what the cameras would
have seen of the result gives the confidence. Either each view is followed for itself and the more confident one is
taken per step, as in the method (arXiv 2507.01099, section 3.4), or all views are fitted at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from robot4d_core.errors import RegistrationError
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.observation import Observation
from robot4d_core.prediction import PredictedView, Prediction
from robot4d_core.robot.gripper_model import GripperModel, GripperSurface
from robot4d_core.tracker.appearance import Appearance, chromaticity
from robot4d_core.tracker.held_object import object_travels
from robot4d_core.tracker.sight import Sight
from robot4d_core.tracker.surface_fit import GripperPoints, fit_opening, fit_pose
from robot4d_core.tracker.view_registration import register_view, static_points

MODES = ('best_view', 'fused')
COARSE_POINTS = 150
FINE_POINTS = 400
EXPLAINED_POINTS = 300
MIN_PART_POINTS = 8
NEIGHBOURHOOD = 0.10  # metres about the surface in which points that look like the gripper should be explained
FULL_AREA = 0.25  # share of the visible surface that is enough for full confidence
RESIDUAL_SCALE = 0.03  # metres
MAX_TURN = np.deg2rad(75.0)  # between two frames; beyond, a hand that looks alike from both sides was turned round
REST = 0.005  # metres between two frames within which the arm counts as at rest
SURE = 0.85  # confidence at which no further start is tried
GOOD = 0.6  # confidence at which no turned starts are tried
TURNS = np.deg2rad(30.0) * np.concatenate([np.eye(3), -np.eye(3)])


@dataclass(frozen=True)
class TrackerSettings:
    """mode: 'best_view' follows each view alone and takes the most confident one per step, 'fused' fits all at once.

    tolerance: metres between predicted points and the surface that count as agreement; search_radius: metres about
    the last pose in which the gripper is looked for; lost_below: confidence under which it is lost; gripper: its name
    in the plan. Raises ValueError for an unknown mode.
    """

    mode: str = 'fused'
    tolerance: float = 0.02
    search_radius: float = 0.35
    lost_below: float = 0.25
    gripper: str = 'gripper'

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"tracker mode must be one of {', '.join(MODES)}, got '{self.mode}'")


@dataclass(frozen=True)
class _Fit:
    """A pose found in some views; expected and found count points of the visible surface; view saw most of them.

    opening_seen: whether the views show the opening; if not, it is carried over from the frame before.
    """

    pose: np.ndarray
    opening: float
    confidence: float
    view: str
    expected: int
    found: int
    opening_seen: bool = False


class GripperTracker:
    """Reads the path of one gripper out of predictions; keeps nothing between calls."""

    def __init__(self, model: GripperModel, settings: TrackerSettings | None = None) -> None:
        self._model = model
        self._settings = settings or TrackerSettings()

    def track(
        self,
        prediction: Prediction,
        initial_pose: np.ndarray,
        initial_opening: float,
        observation: Observation | None = None,
    ) -> GripperPlan:
        """Follow the gripper from initial_pose, T_frame_tcp (4, 4) at the observation, through the prediction.

        initial_opening: metres. The observation, if given, teaches the gripper's colours and must show the gripper at
        initial_pose. Where the gripper is lost, its last pose is repeated with confidence 0 and the plan's message
        says why.
        """
        cameras = _place_cameras(prediction)
        appearance, problem = Appearance.described(self._model), ''
        if observation is not None:
            appearance, problem = self._look_at_start(observation, cameras, initial_pose, initial_opening)
        start = _Fit(initial_pose, initial_opening, 0.0, '', 0, 0)
        if problem:
            return self._plan(prediction, start, [start] * len(prediction.time_from_start), problem)
        views = [view for view in prediction.views if view.name in cameras]
        groups = [views] if self._settings.mode == 'fused' else [[view] for view in views]
        tracks = [self._follow(group, cameras, appearance, start) for group in groups]
        chosen = [_most_confident(fits) for fits in zip(*tracks, strict=True)]
        return self._plan(prediction, start, chosen, self._describe_loss(chosen, views))

    def _look_at_start(self, observation, cameras, pose, opening) -> tuple[Appearance, str]:
        """Learn the colours where the observation shows the gripper; a problem is why it does not."""
        surface = self._model.surface(opening)
        seen = []
        for view in observation.views:
            if view.name in cameras:
                points = pointmap_from_depth(view.depth, view.camera)
                T_frame_camera = cameras[view.name]
                sight = Sight(
                    view.name, view.camera, T_frame_camera, transform_points(T_frame_camera, points), view.rgb)
                seen.append((sight, sight.compare(surface, pose, self._settings.tolerance)))
        expected = sum(comparison.expected for _, comparison in seen)
        found = sum(len(comparison.agreeing) for _, comparison in seen)
        contradicting = sum(len(comparison.contradicting) for _, comparison in seen)
        appearance = Appearance.described(self._model)
        if found < 0.05 * expected or found < contradicting or found == 0:
            names = ', '.join(sight.name for sight, _ in seen)
            return appearance, (
                f'no gripper in view of {names}: {found} of {expected} expected surface points found where the arm '
                'reports the gripper'
            )
        return appearance.learned(surface, seen), ''

    def _follow(self, views: list[PredictedView], cameras, appearance: Appearance, start: _Fit) -> list[_Fit]:
        fits = []
        before = last = start
        for frame in range(len(views[0].rgb)):
            sights = [
                Sight(view.name, view.camera, cameras[view.name], view.pointmap[frame], view.rgb[frame])
                for view in views
            ]
            fit = self._find(sights, appearance, before, last)
            fits.append(fit)
            if fit.confidence > 0:
                before, last = last, fit
            else:
                before = last
        return fits

    def _find(self, sights: list[Sight], appearance: Appearance, before: _Fit, last: _Fit) -> _Fit:
        """Align the gripper in one frame, from where it was and where it seems to go."""
        seen = [self._gripper_points(sight, appearance, last.pose) for sight in sights]
        coarse = [points.thinned(COARSE_POINTS) for points in seen]
        going_on = last.pose @ invert_pose(before.pose) @ last.pose
        starts = [going_on, last.pose]
        shift = self._centroid_shift(seen, last)
        if shift is not None:
            shifted = [make_pose(pose[:3, :3], last.pose[:3, 3] + shift) for pose in starts]
            starts = shifted + starts
        best = self._best_of(sights, appearance, seen, coarse, starts, last)
        if best.confidence < GOOD:
            turned = [starts[0] @ make_pose(Rotation.from_rotvec(turn), np.zeros(3)) for turn in TURNS]
            other = self._best_of(sights, appearance, seen, coarse, turned, last)
            best = max(best, other, key=lambda fit: fit.confidence)
        if best.confidence < self._settings.lost_below:
            return replace(last, confidence=0.0, view='', expected=best.expected, found=best.found)
        return best

    def _best_of(self, sights, appearance, seen, coarse, starts, last: _Fit) -> _Fit:
        rough = replace(last, confidence=0.0)
        for start in starts:
            pose = fit_pose(self._model, appearance, coarse, start, last.opening)
            if pose_distance(last.pose, pose)[1] < MAX_TURN:
                rough = max(rough, self._judge(sights, seen, pose, last.opening), key=lambda fit: fit.confidence)
            if rough.confidence > SURE:
                break
        fine = [points.thinned(FINE_POINTS) for points in seen]
        pose = fit_pose(self._model, appearance, fine, rough.pose, last.opening)
        fitted = fit_opening(self._model, seen, pose, last.opening, self._settings.tolerance)
        pose = fit_pose(self._model, appearance, fine, pose, fitted.opening)
        fit = replace(self._judge(sights, seen, pose, fitted.opening), opening_seen=fitted.seen)
        return fit if pose_distance(last.pose, pose)[1] < MAX_TURN else replace(fit, confidence=0.0)

    def _gripper_points(self, sight: Sight, appearance: Appearance, pose: np.ndarray) -> GripperPoints:
        centre = (pose[:3, :3] @ self._model.parts[0].points.mean(axis=0) + pose[:3, 3]).astype(np.float32)
        with np.errstate(invalid='ignore'):
            near = ((sight.points - centre) ** 2).sum(axis=-1) < self._settings.search_radius**2
        points, colours = sight.points[near].astype(np.float64), chromaticity(sight.rgb[near])
        part = appearance.part_of(colours)
        alike = part >= 0
        return GripperPoints(sight, points[alike], colours[alike], part[alike])

    def _centroid_shift(self, seen: list[GripperPoints], last: _Fit) -> np.ndarray | None:
        """Return how far the middle of what looks like the gripper is from where the last pose would show it."""
        surface = self._model.surface(last.opening)
        shifts = []
        for points in seen:
            facing = points.sight.facing(surface, last.pose)
            if len(points.points) and facing.any():
                expected = transform_points(last.pose, surface.points[facing & (surface.part == 0)]).mean(axis=0)
                shifts.append(np.median(points.points, axis=0) - expected)
        return np.mean(shifts, axis=0) if shifts else None

    def _judge(self, sights: list[Sight], seen: list[GripperPoints], pose: np.ndarray, opening: float) -> _Fit:
        """Say how much of what the views show supports a pose.

        The confidence is the product of: the share of the surface in view that is where it should be; the share of
        nearby points looking like the gripper that lie on it; the visible area; and the closeness of agreement.
        """
        surface = self._model.surface(opening)
        views = [sight.compare(surface, pose, self._settings.tolerance) for sight in sights]
        found = [len(view.agreeing) for view in views]
        expected = sum(view.expected for view in views)
        contradicting = sum(len(view.contradicting) for view in views)
        confidence = 0.0
        if sum(found) > 0:
            area = min(1.0, sum(found) / (FULL_AREA * expected))
            residual = np.median(np.concatenate([view.gaps for view in views]))
            confidence = (
                sum(found) / (sum(found) + contradicting) * self._explained(seen, surface, pose)
                * area * np.exp(-residual / RESIDUAL_SCALE)
            )
        view = sights[int(np.argmax(found))].name
        return _Fit(pose, opening, float(confidence), view, expected, sum(found))

    def _explained(self, seen: list[GripperPoints], surface: GripperSurface, pose: np.ndarray) -> float:
        """Return the share of points nearby that lie on the part they look like, averaged over the parts seen."""
        few = [points.thinned(EXPLAINED_POINTS) for points in seen]
        points = transform_points(invert_pose(pose), np.concatenate([patch.points for patch in few]))
        part = np.concatenate([patch.part for patch in few])
        shares = []
        for index in range(len(self._model.parts)):
            mine = points[part == index]
            if len(mine) >= MIN_PART_POINTS:
                near = cKDTree(surface.points).query(mine, distance_upper_bound=NEIGHBOURHOOD)[0] < NEIGHBOURHOOD
                distances, _ = cKDTree(surface.points[surface.part == index]).query(mine[near])
                if near.sum() >= MIN_PART_POINTS:
                    shares.append((distances < self._settings.tolerance).mean())
        return float(np.mean(shares)) if shares else 0.0

    def _close_out_of_sight(
        self, start: _Fit, fits: list[_Fit], openings: np.ndarray, travels: np.ndarray
    ) -> np.ndarray:
        """Return the openings (T,), 0 from the rest before an object came along with fingers that nobody saw close."""
        openings, travelled = openings.copy(), _travelled(start, fits)
        seen = np.array([fit.opening_seen for fit in fits])
        for frame in np.flatnonzero(travels) + 1:
            if seen[frame] or self._model.closed(openings[frame], before=False):
                continue
            since = max(np.flatnonzero(seen[:frame]), default=-1) + 1
            until = min(np.flatnonzero(seen[frame:]), default=len(fits) - frame) + frame
            rests = since + np.flatnonzero(travelled[since:frame] < REST)
            openings[rests[0] if len(rests) else since:until] = 0.0
        return openings

    def _describe_loss(self, fits: list[_Fit], views: list[PredictedView]) -> str:
        lost = [index for index, fit in enumerate(fits) if fit.confidence <= 0]
        if not lost:
            return ''
        first, names = fits[lost[0]], ', '.join(view.name for view in views)
        found = f'{first.found} of {first.expected} expected surface points found'
        if len(lost) == len(fits):
            return f'no gripper in view of {names}: {found} where the arm reports the gripper'
        return (
            f'gripper lost in {len(lost)} of {len(fits)} predicted frames, first in frame {lost[0] + 1}: '
            f'{found} in {names}'
        )

    def _plan(self, prediction: Prediction, start: _Fit, fits: list[_Fit], message: str) -> GripperPlan:
        poses = np.stack([fit.pose for fit in fits])
        opening = _settle_openings(start, fits)
        if not message:
            opening = self._close_out_of_sight(start, fits, opening, object_travels(prediction, poses))
        closed, state = [], self._model.closed(start.opening, before=False)
        for metres in opening:
            state = self._model.closed(metres, state)
            closed.append(state)
        return GripperPlan(
            gripper=self._settings.gripper,
            stamp=prediction.stamp,
            frame_id=prediction.frame_id,
            prediction_id=prediction.id,
            model=prediction.model,
            time_from_start=prediction.time_from_start,
            poses=poses,
            opening=opening,
            closed=np.array(closed),
            confidence=np.array([fit.confidence for fit in fits]),
            source_view=tuple(fit.view for fit in fits),
            message=message,
        )


def _travelled(start: _Fit, fits: list[_Fit]) -> np.ndarray:
    places = np.array([fit.pose[:3, 3] for fit in (start, *fits)])
    return np.linalg.norm(np.diff(places, axis=0), axis=1)


def _place_cameras(prediction: Prediction) -> dict[str, np.ndarray]:
    """Return T_frame_camera by view; views whose points contradict each other are left out."""
    cameras = {prediction.views[0].name: np.eye(4)}
    for view in prediction.views[1:]:
        try:
            cameras[view.name] = register_view(static_points(view.pointmap), view.camera).T_n_m
        except RegistrationError:
            continue
    return cameras


def _most_confident(fits: tuple[_Fit, ...]) -> _Fit:
    """Return the most confident view's fit, with the opening from the most confident view that shows the fingers."""
    best = max(fits, key=lambda fit: fit.confidence)
    fingers = max(fits, key=lambda fit: (fit.opening_seen, fit.confidence))
    return replace(best, opening=fingers.opening, opening_seen=fingers.opening_seen)


def _settle_openings(start: _Fit, fits: list[_Fit]) -> np.ndarray:
    """Return the opening per frame, (T,) metres; where the fingers were hidden, from the frames around.

    Fingers move while the arm rests. So a change that happened out of sight is dated to the first rest since the
    fingers were last seen, and to their reappearance if the arm never rested.
    """
    travelled = _travelled(start, fits)
    openings, last_seen = np.array([fit.opening for fit in fits]), -1
    for frame, fit in enumerate(fits):
        if not fit.opening_seen:
            openings[frame] = openings[frame - 1] if frame else start.opening
            continue
        for hidden in range(last_seen + 1, frame):
            if travelled[hidden] < REST:
                openings[hidden:frame] = fit.opening
                break
        last_seen = frame
    return openings
