# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Masks carried from one view into another, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchmetrics.functional.classification import binary_jaccard_index

from robot4d_core.evaluation.metrics.cross_view import box_iou, consistency, mask_iou, project_mask, recover_transform
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.prediction import PredictedView

CAMERA = PinholeCamera(64, 48, 50.0, 50.0, 31.5, 23.5)
MASKS = arrays(bool, (6, 7))
RIGHT = make_pose(np.eye(3), [0.2, 0.0, 0.0])  # of a camera 20 cm to the right: 5 pixels at 2 m


def wall(distance: float = 2.0, frames: int = 1) -> np.ndarray:
    return np.repeat((CAMERA.rays * np.float32(distance))[None], frames, axis=0)


def rectangle(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((48, 64), bool)
    mask[rows, columns] = True
    return mask


def test_boxes_that_share_a_third():
    a, b = rectangle(slice(0, 10), slice(0, 10)), rectangle(slice(0, 10), slice(5, 15))
    assert box_iou(a, b) == mask_iou(a, b) == pytest.approx(50 / 150)


def test_boxes_count_what_is_between_pixels():
    corners = rectangle(slice(0, 1), slice(0, 1)) | rectangle(slice(9, 10), slice(9, 10))
    full = rectangle(slice(0, 10), slice(0, 10))
    assert box_iou(corners, full) == 1
    assert mask_iou(corners, full) == pytest.approx(2 / 100)


def test_empty_masks_agree_with_nothing():
    empty = np.zeros((48, 64), bool)
    for iou in (box_iou, mask_iou):
        assert iou(empty, rectangle(slice(0, 3), slice(0, 3))) == iou(empty, empty) == 0


@given(MASKS, MASKS)
def test_ious_are_symmetric_shares_and_one_for_equals(a, b):
    for iou in (box_iou, mask_iou):
        assert 0 <= iou(a, b) == iou(b, a) <= 1
        assert iou(a, a) == float(a.any())


@given(MASKS, MASKS)
def test_mask_iou_is_the_jaccard_index_of_torchmetrics(a, b):
    theirs = binary_jaccard_index(torch.from_numpy(a.astype(int)), torch.from_numpy(b.astype(int)))
    assert mask_iou(a, b) == pytest.approx(float(theirs) if (a | b).any() else 0.0, abs=1e-6)


def test_mask_projected_into_its_own_view_is_itself():
    mask = rectangle(slice(10, 20), slice(5, 30))
    np.testing.assert_array_equal(project_mask(mask, wall()[0], np.eye(4), CAMERA), mask)


def test_mask_moves_by_the_disparity():
    mask = rectangle(slice(10, 20), slice(20, 30))
    expected = rectangle(slice(10, 20), slice(15, 25))
    np.testing.assert_array_equal(project_mask(mask, wall()[0], invert_pose(RIGHT), CAMERA), expected)


def test_what_lies_outside_behind_or_nowhere_is_not_seen():
    mask = rectangle(slice(10, 20), slice(0, 5))
    assert not project_mask(mask, wall()[0], invert_pose(RIGHT), CAMERA).any()
    assert not project_mask(mask, -wall()[0], np.eye(4), CAMERA).any()
    assert not project_mask(mask, np.full_like(wall()[0], np.nan), np.eye(4), CAMERA).any()


def test_holes_between_projected_points_are_filled():
    mask = rectangle(slice(10, 20), slice(20, 30))
    closer = make_pose(np.eye(3), [0.0, 0.0, -0.8])  # from 2 m to 1.2 m: neighbours are 1.7 pixels apart
    projected = project_mask(mask, wall()[0], closer, CAMERA)
    rows, columns = np.nonzero(projected)
    assert projected.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1) > 2 * mask.sum()


@given(arrays(np.float32, (48, 64, 3), elements=st.floats(width=32)))
def test_points_outside_the_mask_never_matter(garbage):
    mask = rectangle(slice(10, 20), slice(20, 30))
    points = np.where(mask[..., None], wall()[0], garbage)
    expected = project_mask(mask, wall()[0], invert_pose(RIGHT), CAMERA)
    np.testing.assert_array_equal(project_mask(mask, points, invert_pose(RIGHT), CAMERA), expected)


def two_views(T_n_m: np.ndarray, frames: int = 4) -> tuple[PredictedView, PredictedView]:
    """A wall with a step in it, 2 and 2.5 m in front of each camera, all points in frame n."""
    own = wall(frames=frames)
    own[:, :, 32:] *= np.float32(1.25)
    rgb = np.zeros((*own.shape[:-1], 3), np.uint8)
    return PredictedView('n', CAMERA, rgb, own), PredictedView('m', CAMERA, rgb, transform_points(T_n_m, own))


def test_transform_is_read_out_of_the_points_of_m():
    T_n_m = make_pose(np.eye(3), [0.1, -0.2, 0.05])
    recovered = recover_transform(two_views(T_n_m)[1])
    assert pose_distance(recovered, T_n_m) == pytest.approx((0, 0), abs=1e-4)


def test_points_that_contradict_each_other_place_no_camera():
    _, view = two_views(np.eye(4))
    points = np.random.default_rng(0).uniform(-1, 1, view.pointmap.shape[1:]).astype(np.float32)
    assert recover_transform(PredictedView('m', CAMERA, view.rgb, np.repeat(points[None], 4, axis=0))) is None


def test_consistent_views_score_one_and_others_what_they_share():
    views = two_views(np.eye(4), frames=2)
    mask = rectangle(slice(10, 20), slice(5, 15))
    shifted = rectangle(slice(10, 20), slice(10, 20))
    ious = consistency(*views, np.array([[mask, mask], [mask, shifted]]), np.eye(4))
    np.testing.assert_allclose(ious, [[1, 1 / 3], [1, 1 / 3]])


def test_without_a_transform_or_a_gripper_nothing_is_consistent():
    views = two_views(np.eye(4), frames=1)
    mask = rectangle(slice(10, 20), slice(5, 15))[None]
    assert not consistency(*views, np.stack([mask, mask]), None).any()
    assert not consistency(*views, np.stack([mask, np.zeros_like(mask)]), np.eye(4)).any()
    assert not consistency(*views, np.stack([np.zeros_like(mask), mask]), np.eye(4)).any()
