# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every measure of one prediction of one clip, by name.

Names end in the view: n is the reference, m the other. `AbsRel-m` and `delta1-m` judge depth in camera m, where the
prediction itself says that camera m stands; with `(z in n)` they judge z in frame n, as the paper's code does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.evaluation.generation.clips import Clip
from robot4d_core.evaluation.metrics.cross_view import box_iou, consistency, mask_iou, recover_transform
from robot4d_core.evaluation.metrics.gripper_masks import Segmenter
from robot4d_core.evaluation.metrics.horizon_error import moving_pixels, observation_of
from robot4d_core.evaluation.metrics.image_errors import (
    absolute_relative_error,
    known_share,
    peak_signal_to_noise_ratio,
    structural_similarity,
    threshold_accuracy,
)
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose, pose_distance
from robot4d_core.prediction import FRAMES, PredictedView, Prediction, default_time_from_start
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.robot.robot import Robot
from robot4d_core.tracker import gripper_tracker
from robot4d_core.tracker.gripper_tracker import GripperTracker

VIEWS = ('n', 'm')


@dataclass(frozen=True)
class GripperPaths:
    """poses: (G, T, 4, 4) T_n_tcp of each gripper; lost: (G, T) bool, where it could not be followed."""

    poses: np.ndarray
    lost: np.ndarray


@dataclass(frozen=True)
class ClipScores:
    """values: one number per measure; steps: (FRAMES,) numbers per measure, in millimetres or degrees as named."""

    values: dict[str, float]
    steps: dict[str, np.ndarray]


def true_future(clip: Clip) -> Prediction:
    """Return what a perfect generator predicts."""
    return _prediction('truth', clip, clip.window.rgb[:, 1:], clip.window.pointmap[:, 1:])


def frozen_scene(clip: Clip) -> Prediction:
    """Return what `hold` predicts if it is told the true transform between the cameras."""
    observed = (np.repeat(video[:, :1], FRAMES, axis=1) for video in (clip.window.rgb, clip.window.pointmap))
    return _prediction('hold', clip, *observed)


def _prediction(name: str, clip: Clip, rgb: np.ndarray, pointmap: np.ndarray) -> Prediction:
    observation = observation_of(clip.window)
    views = tuple(
        PredictedView(view.name, view.camera, *videos)
        for view, *videos in zip(observation.views, rgb, pointmap, strict=True)
    )
    return Prediction(0.0, observation.frame_id, default_time_from_start(), views, name)


def segment_grippers(clip: Clip, prediction: Prediction, segmenter: Segmenter) -> np.ndarray:
    """Return where the segmenter sees each gripper, (G, 2, T, H, W) bool; nowhere where none is observed."""
    masks = np.zeros_like(clip.masks[:, :, 1:])
    for view, (observed, imagined) in enumerate(zip(clip.window.rgb[:, 0], prediction.views, strict=True)):
        seen = clip.in_sight[:, view, 0]
        if seen.any():
            masks[seen, view] = segmenter(observed, clip.masks[seen, view, 0], imagined.rgb)
    return masks


def make_trackers(robot: Robot) -> list[GripperTracker]:
    """Return a tracker for each gripper of a robot."""
    return [GripperTracker(GripperModel.from_description(robot.description, arm.gripper)) for arm in robot.arms]


def track_grippers(clip: Clip, prediction: Prediction, trackers: list[GripperTracker]) -> GripperPaths:
    """Read the path of each gripper out of a prediction."""
    observation = observation_of(clip.window)
    plans = gripper_tracker.track_grippers(
        trackers, prediction, [poses[0] for poses in clip.poses], [float(openings[0]) for openings in clip.openings],
        observation)
    return GripperPaths(np.stack([plan.poses for plan in plans]), np.stack([plan.confidence <= 0 for plan in plans]))


def resting_grippers(clip: Clip) -> GripperPaths:
    """Return the paths of grippers that stay where they were observed."""
    poses = np.repeat(clip.poses[:, :1], FRAMES, axis=1)
    return GripperPaths(poses, np.zeros(poses.shape[:2], bool))


def score_clip(clip: Clip, prediction: Prediction, masks: np.ndarray, paths: GripperPaths) -> ClipScores:
    """Compare a prediction with what is true of a clip; masks: as segment_grippers gives them."""
    T_n_m = recover_transform(prediction.views[1])
    values = _consistency_scores(clip, prediction, masks, T_n_m)
    for v, view in enumerate(VIEWS):
        rgb, true_rgb = prediction.views[v].rgb, clip.window.rgb[v, 1:]
        values[f'PSNR-{view}'] = peak_signal_to_noise_ratio(rgb, true_rgb)
        values[f'SSIM-{view}'] = structural_similarity(rgb, true_rgb)
    values |= _depth_scores(clip, prediction, T_n_m) | _placement_scores(clip, T_n_m)
    values['gripper lost'] = float(paths.lost.mean())
    return ClipScores(values, _point_errors(clip, prediction) | _path_errors(clip, paths))


def score_truth(clip: Clip, segmenter: Segmenter) -> dict[str, float]:
    """Return the cross-view IoU of a perfect prediction, with the segmenter's and with true masks.

    With `, segmenter`: the IoU of the segmenter's masks with the true ones, in the same view.
    """
    truth = true_future(clip)
    T_n_m = recover_transform(truth.views[1])
    true_masks, masks = clip.masks[:, :, 1:], segment_grippers(clip, truth, segmenter)
    in_sight = clip.in_sight[:, :, 1:] & clip.in_sight[:, :, :1]
    return {
        **_consistency_scores(clip, truth, masks, T_n_m),
        **{f'{name}, true masks': score
           for name, score in _consistency_scores(clip, truth, true_masks, T_n_m).items()},
        **{
            f'{name}, segmenter': _mean(np.array([
                iou(*pair) for pair in zip(masks[in_sight], true_masks[in_sight], strict=True)]))
            for name, iou in (('mIoU', box_iou), ('mask IoU', mask_iou))
        },
    }


def _consistency_scores(
    clip: Clip, prediction: Prediction, masks: np.ndarray, T_n_m: np.ndarray | None,
) -> dict[str, float]:
    """Average over the frames in which a gripper truly is in sight of both views, and was when observed."""
    both = clip.in_sight.all(axis=1)
    counted = both[:, 1:] & both[:, :1]
    ious = np.stack([consistency(*prediction.views, its, T_n_m) for its in masks], axis=1)
    return {name: _mean(iou[counted]) for name, iou in zip(('mIoU', 'mask IoU'), ious, strict=True)}


def _placement_scores(clip: Clip, T_n_m: np.ndarray | None) -> dict[str, float]:
    """Return whether the prediction says where camera m stands, and how far that is from the truth."""
    metres, radians = (np.nan, np.nan) if T_n_m is None else pose_distance(clip.window.T_n_m, T_n_m)
    return {'m placed': float(T_n_m is not None), 'm off, mm': 1000 * metres, 'm off, deg': float(np.degrees(radians))}


def _depth_scores(clip: Clip, prediction: Prediction, T_n_m: np.ndarray | None) -> dict[str, float]:
    truth = clip.window.pointmap[:, 1:]
    points = [view.pointmap for view in prediction.views]
    depths = {
        'n': (points[0][..., 2], truth[0][..., 2]),
        'm': (depth_in_m(T_n_m, points[1]), depth_in_m(clip.window.T_n_m, truth[1])),
        'm (z in n)': (points[1][..., 2], truth[1][..., 2]),
    }
    scores = {}
    for view, pair in depths.items():
        scores[f'AbsRel-{view}'] = absolute_relative_error(*pair)
        scores[f'delta1-{view}'] = threshold_accuracy(*pair)
    for view in VIEWS:
        predicted, true = depths[view] if view == 'n' else depths['m (z in n)']
        gripper = clip.window.gripper[VIEWS.index(view), 1:]
        scores[f'known-{view}'] = known_share(predicted, true)
        scores[f'known gripper-{view}'] = known_share(predicted[gripper], true[gripper])
    return scores


def depth_in_m(T_n_m: np.ndarray | None, points: np.ndarray) -> np.ndarray:
    """Return the depth (...) in camera m of points (..., 3) in frame n; unknown without a transform."""
    if T_n_m is None:
        return np.full(points.shape[:-1], np.nan)
    return transform_points(invert_pose(T_n_m), points.astype(np.float64))[..., 2]


def _point_errors(clip: Clip, prediction: Prediction) -> dict[str, np.ndarray]:
    """Return the mean distance of known points to the truth per step, in the pixels of several regions.

    Of moving pixels apart from the robot: objects, and the background, which was uncovered.
    """
    moving, labels = moving_pixels(clip.window), clip.segmentation[:, 1:]
    regions = {
        'gripper': clip.window.gripper[:, 1:], 'moving': moving, 'objects': moving & (labels >= len(SEGMENTS)),
        'uncovered': moving & (labels == SEGMENTS.index('background'))}
    errors = {}
    for v, view in enumerate(VIEWS):
        distances = 1000 * np.linalg.norm(prediction.views[v].pointmap - clip.window.pointmap[v, 1:], axis=-1)
        known = np.isfinite(distances)
        for region, pixels in regions.items():
            errors[f'{region}-{view}, mm'] = np.array([
                _mean(distances[step][pixels[v, step] & known[step]]) for step in range(FRAMES)])
    return errors


def _path_errors(clip: Clip, paths: GripperPaths) -> dict[str, np.ndarray]:
    """Return how far the grippers' paths are from what they truly did, per step, averaged over grippers."""
    metres, radians = np.array([
        [pose_distance(*pair) for pair in zip(path, truth, strict=True)]
        for path, truth in zip(paths.poses, clip.poses[:, 1:], strict=True)
    ]).mean(axis=0).T
    return {'path, mm': 1000 * metres, 'path, deg': np.degrees(radians)}


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else np.nan
