# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Predictions that are wrong in one known way score that, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.episodes.analytic_episodes import analytic_store
from robot4d_core.episodes.segments import SEGMENTS
from robot4d_core.evaluation.generation.clip_scores import (
    GripperPaths,
    frozen_scene,
    make_trackers,
    resting_grippers,
    score_clip,
    score_truth,
    segment_grippers,
    track_grippers,
    true_future,
)
from robot4d_core.evaluation.generation.clips import Clip, draw_clips, read_clip
from robot4d_core.evaluation.metrics.image_errors import PSNR_CEILING
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import make_pose
from robot4d_core.prediction import Prediction
from robot4d_core.robot.robot import Robot

SPEED = 0.1  # m/s
PER_STEP = 500 * SPEED * np.arange(1, 11)  # millimetres


def white(image, masks, video):
    """A segmenter for the one white ball of the analytic episodes."""
    return (video == 255).all(axis=-1)[None]


@pytest.fixture(scope='module')
def clip(tmp_path_factory) -> Clip:
    store = analytic_store(
        tmp_path_factory.mktemp('scores') / 'store', seeds=[8], cameras=8, speed=SPEED, size=(120, 96))
    clips = (read_clip(store, *place) for place in draw_clips(store, 'validation', 'held_out', 8, 0))
    return next(clip for clip in clips if clip.in_sight.all())


def score(clip: Clip, prediction: Prediction, masks=None, paths=None):
    masks = segment_grippers(clip, prediction, white) if masks is None else masks
    return score_clip(clip, prediction, masks, paths or GripperPaths(clip.poses[:, 1:], np.zeros((1, 10), bool)))


def changed(prediction: Prediction, view: int, **what) -> Prediction:
    views = list(prediction.views)
    views[view] = replace(views[view], **what)
    return replace(prediction, views=tuple(views))


def test_truth_is_perfect(clip):
    scores = score(clip, true_future(clip))
    for name, value in scores.values.items():
        expected = {'PSNR': PSNR_CEILING, 'AbsRel': 0, 'm off': 0, 'gripper lost': 0, 'mIoU': None, 'mask IoU': None}
        best = next((its for start, its in expected.items() if name.startswith(start)), 1)
        if best is not None:
            assert value == pytest.approx(best, abs=0.1 if 'off' in name else 1e-3), name
    for name, steps in scores.steps.items():
        nothing = name.startswith('objects')  # the ball is a gripper
        np.testing.assert_allclose(steps, np.nan if nothing else 0, atol=1e-3, err_msg=name)


def test_what_moves_is_judged_apart_from_the_robot(clip):
    clip = replace(clip, segmentation=np.where(clip.segmentation > 0, len(SEGMENTS), 0).astype(np.uint8))
    truth = true_future(clip)
    points = truth.views[0].pointmap.copy()
    points[clip.segmentation[0, 1:] > 0] += [0.03, 0, 0]
    steps = score(clip, changed(truth, 0, pointmap=points), clip.masks[:, :, 1:]).steps
    np.testing.assert_allclose(steps['objects-n, mm'], 30, atol=0.01)
    for name in ('objects-m, mm', 'uncovered-n, mm', 'uncovered-m, mm'):
        np.testing.assert_allclose(steps[name], 0, atol=1e-3, err_msg=name)


def test_cross_view_iou_of_the_truth_is_the_same_with_a_perfect_segmenter(clip):
    scores = score(clip, true_future(clip))
    ceiling = score_truth(clip, white)
    for name in ('mIoU', 'mask IoU'):
        assert scores.values[name] == ceiling[name] == ceiling[f'{name}, true masks'] > 0.6
        assert ceiling[f'{name}, segmenter'] == 1


def test_scene_that_grows_by_a_tenth_is_off_by_a_tenth(clip):
    truth = true_future(clip)
    for view in range(2):
        truth = changed(truth, view, pointmap=truth.views[view].pointmap * np.float32(1.1))
    values = score(clip, truth).values
    for view in ('n', 'm', 'm (z in n)'):
        assert values[f'AbsRel-{view}'] == pytest.approx(0.1, abs=1e-3)
        assert values[f'delta1-{view}'] == 1
    assert values['m off, mm'] == pytest.approx(100 * np.linalg.norm(clip.window.T_n_m[:3, 3]), abs=1)
    assert values['m off, deg'] == pytest.approx(0, abs=0.05)


def test_view_m_that_is_misplaced_as_a_whole_is_right_in_camera_m_and_wrong_in_frame_n(clip):
    truth = true_future(clip)
    shift = make_pose(np.eye(3), [0.0, 0.0, 0.3])
    points = truth.views[1].pointmap
    scores = score(clip, changed(truth, 1, pointmap=transform_points(shift, points)))
    assert scores.values['AbsRel-m'] == pytest.approx(0, abs=2e-3)
    assert scores.values['AbsRel-m (z in n)'] == pytest.approx(np.nanmean(0.3 / points[..., 2]), rel=1e-3)
    assert scores.values['m off, mm'] == pytest.approx(300, abs=1)
    assert scores.values['AbsRel-n'] == 0
    assert scores.values['mIoU'] < score(clip, truth).values['mIoU'] - 0.2
    np.testing.assert_allclose(scores.steps['gripper-m, mm'], 300, atol=0.1)
    np.testing.assert_allclose(scores.steps['gripper-n, mm'], 0, atol=1e-3)


def test_view_m_that_contradicts_itself_is_placed_nowhere(clip):
    truth = true_future(clip)
    scattered = np.random.default_rng(0).permuted(truth.views[1].pointmap.reshape(-1, 3), axis=0)
    values = score(clip, changed(truth, 1, pointmap=scattered.reshape(truth.views[1].pointmap.shape))).values
    assert values['m placed'] == values['mIoU'] == values['mask IoU'] == 0
    assert np.isnan([values['AbsRel-m'], values['delta1-m'], values['m off, mm']]).all()
    assert np.isfinite(values['AbsRel-m (z in n)'])


def test_gripper_that_vanishes_is_not_consistent(clip):
    truth = true_future(clip)
    for view in range(2):
        gone = changed(truth, view, rgb=np.zeros_like(truth.views[view].rgb))
        assert score(clip, gone).values['mIoU'] == 0


def test_unknown_points_are_counted_not_guessed(clip):
    truth = true_future(clip)
    points = np.where(clip.window.gripper[0, 1:, ..., None], np.float32(np.nan), truth.views[0].pointmap)
    scores = score(clip, changed(truth, 0, pointmap=points))
    assert scores.values['known gripper-n'] == 0
    assert 0.5 < scores.values['known-n'] < 1 and scores.values['known gripper-m'] == 1
    assert scores.values['AbsRel-n'] == 0
    assert np.isnan(scores.steps['gripper-n, mm']).all()


def test_pixels_without_truth_never_matter(clip):
    hidden = clip.window.pointmap.copy()
    hidden[:, :, ::3] = np.nan
    holed = replace(clip, window=replace(clip.window, pointmap=hidden))
    prediction = true_future(clip)
    points = prediction.views[0].pointmap.copy()
    points[:, ::3] = 1e3
    expected, garbage = (score(holed, its) for its in (prediction, changed(prediction, 0, pointmap=points)))
    for name in ('AbsRel-n', 'delta1-n', 'known-n'):
        assert garbage.values[name] == expected.values[name]
    np.testing.assert_array_equal(garbage.steps['moving-n, mm'], expected.steps['moving-n, mm'])


def test_frozen_scene_keeps_the_gripper_where_it_was(clip):
    scores = score(clip, frozen_scene(clip), paths=resting_grippers(clip))
    np.testing.assert_allclose(scores.steps['path, mm'], PER_STEP, atol=1e-6)
    np.testing.assert_allclose(scores.steps['path, deg'], 0, atol=1e-6)
    assert (np.diff(scores.steps['gripper-n, mm']) > 0).any() and scores.steps['moving-n, mm'].min() > 20
    assert scores.values['m off, mm'] == pytest.approx(0, abs=0.1)
    assert scores.values['PSNR-n'] < 30


def test_gripper_that_the_tracker_does_not_find_is_lost_where_it_was(clip):
    trackers = make_trackers(Robot.shipped(1))
    paths = track_grippers(clip, true_future(clip), trackers)  # a white ball is no gripper of the cell
    assert paths.lost.all()
    scores = score(clip, true_future(clip), paths=paths)
    assert scores.values['gripper lost'] == 1
    np.testing.assert_allclose(scores.steps['path, mm'], PER_STEP, atol=1e-6)
