# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A coloured gripper found again in later frames, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from robot4d_core.errors import SegmenterError
from robot4d_core.evaluation.metrics.cross_view import box_iou, mask_iou
from robot4d_core.evaluation.metrics.gripper_masks import load_segmenter, segment_by_colour

ORANGE, MAGENTA = (255, 120, 8), (230, 25, 165)
SIZE = (96, 120)


def picture(place: tuple[int, int] | None, shade: float = 1.0, distractor: tuple[int, int] | None = None):
    """An orange hand with magenta fingers, its upper left corner at a place, on a sandy table; and its mask."""
    rng = np.random.default_rng(0)
    image = np.clip(rng.normal((190, 170, 140), 5, (*SIZE, 3)), 0, 255)
    mask = np.zeros(SIZE, bool)
    if place is not None:
        row, column = place
        image[row:row + 12, column:column + 20] = ORANGE
        image[row + 12:row + 20, column + 2:column + 6] = MAGENTA
        image[row + 12:row + 20, column + 14:column + 18] = MAGENTA
        mask[row:row + 12, column:column + 20] = True
        mask[row + 12:row + 20, column + 2:column + 6] = mask[row + 12:row + 20, column + 14:column + 18] = True
    if distractor is not None:
        image[distractor[0]:distractor[0] + 6, distractor[1]:distractor[1] + 6] = ORANGE
    return (shade * image).astype(np.uint8), mask


def test_gripper_is_followed_in_light_and_shade():
    image, mask = picture((10, 10))
    frames = [picture((10 + 5 * k, 10 + 8 * k), shade=1 - 0.06 * k) for k in range(1, 8)]
    masks = segment_by_colour(image, mask[None], np.stack([frame for frame, _ in frames]))[0]
    for found, (_, true) in zip(masks, frames, strict=True):
        assert mask_iou(found, true) > 0.95 and box_iou(found, true) > 0.9


def test_smaller_and_distant_things_of_its_colour_are_not_the_gripper():
    image, mask = picture((10, 10))
    for distractor in ((40, 20), (80, 100)):
        frame, true = picture((12, 12), distractor=distractor)
        assert mask_iou(segment_by_colour(image, mask[None], frame[None])[0, 0], true) > 0.95


def pair(left: tuple[int, int], right: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Two grippers that look alike, and the mask of each."""
    (image, mask), (other_image, other) = picture(left), picture(right)
    return np.where(other[..., None], other_image, image), np.stack([mask & ~other, other])


@pytest.mark.parametrize('path', [
    [((10 + 6 * k, 8 + 3 * k), (60 - 5 * k, 90 - 6 * k)) for k in range(6)],  # in each other's reach
    [((10, 10), (10, 55 - 8 * k)) for k in (0, 1, 2, 3, 2, 1)],  # until they touch
])
def test_two_grippers_that_look_alike_are_told_apart_by_place(path):
    image, masks = pair(*path[0])
    frames, truths = zip(*(pair(*places) for places in path[1:]))
    found = segment_by_colour(image, masks, np.stack(frames))
    for gripper in range(2):
        ious = [mask_iou(*masks) for masks in zip(found[gripper], (truth[gripper] for truth in truths), strict=True)]
        assert min(ious) > 0.75  # while they touch, the border is between where they were before
        assert ious[-1] > 0.9


def test_gripper_that_vanishes_has_no_mask_and_is_found_when_it_comes_back():
    image, mask = picture((10, 10))
    video = np.stack([picture(None)[0], picture((10, 14))[0]])
    masks = segment_by_colour(image, mask[None], video)[0]
    assert not masks[0].any()
    assert mask_iou(masks[1], picture((10, 14))[1]) > 0.95


def test_gripper_that_is_not_observed_cannot_be_followed():
    image, mask = picture(None)
    with pytest.raises(SegmenterError, match='out of sight'):
        segment_by_colour(image, mask[None], image[None])


def test_segmenters_are_found_by_name():
    assert load_segmenter('robot4d_core.evaluation.metrics.gripper_masks:segment_by_colour') is segment_by_colour
    for name in ('no_such_module:segment', 'robot4d_core:no_such_function', 'not a name'):
        with pytest.raises(SegmenterError, match='MODULE|module:function'):
            load_segmenter(name)
