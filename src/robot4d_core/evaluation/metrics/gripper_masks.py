# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where grippers are seen in predicted images, given their masks in the observed one.

The paper lets SAM 2 do that. A segmenter has that interface: (observed image, masks, predicted video) -> masks; it sees
one view's colours only, no geometry and no other view, so that the cross-view consistency which is measured with its
masks is the prediction's own. The default, segment_by_colour, needs no weights; it is made for grippers whose colours
the scene lacks, as those of the robot cell.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from robot4d_core.errors import SegmenterError
from robot4d_core.tracker.appearance import chromaticity

Segmenter = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(image (H, W, 3) uint8, masks (G, H, W) bool, none empty, video (T, H, W, 3) uint8) -> (G, T, H, W) bool."""

BINS = 24  # of the chromaticity histograms, per axis
LIKELIHOOD_RATIO = 200.0  # of gripper to background; high, as a wrong pixel spoils a lifted box more than a missing one
UNSEEN = 1e-7  # share of the background's pixels that a colour has which was not seen there
SEARCH_SHARE = 0.16  # of the image's width that the gripper may move between two frames
GAP = 2  # pixels between parts of one gripper


def segment_by_colour(image: np.ndarray, masks: np.ndarray, video: np.ndarray) -> np.ndarray:
    """Return the masks (G, T, H, W) of what has the grippers' colours, for each gripper one connected patch per frame.

    Colours are told apart by the histograms of grippers and background in the observed image (chromaticities, so that
    shading does not matter); grippers that look alike, by where they were in the frame before.
    Raises SegmenterError when a mask is empty.
    """
    if not masks.any(axis=(-2, -1)).all():
        raise SegmenterError('a gripper is out of sight in the observed image; its colours cannot be learned')
    gripper, background = (_histogram(image[where]) for where in (masks.any(axis=0), ~masks.any(axis=0)))
    typical = gripper > LIKELIHOOD_RATIO * (background + UNSEEN)
    reach = SEARCH_SHARE * image.shape[1]
    found, last = [], masks
    for frame in video:
        found.append(_follow(typical[_bins(frame)], last, reach))
        last = np.where(found[-1].any(axis=(-2, -1), keepdims=True), found[-1], last)
    return np.stack(found, axis=1)


def _follow(alike: np.ndarray, last: np.ndarray, reach: float) -> np.ndarray:
    """Return the patch of pixels (H, W) that each gripper, last seen in masks (G, H, W), has become.

    A patch belongs to the gripper that was nearest; one that covers where several were is split between them.
    """
    distances = np.stack([cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3) for mask in last])
    grown = cv2.dilate(alike.astype(np.uint8), np.ones((2 * GAP + 1,) * 2, np.uint8))
    count, labels = cv2.connectedComponents(grown)
    candidates = [[mask & False] for mask in last]
    for patch in (alike & (labels == label) for label in range(1, count)):
        covered = np.flatnonzero((last & patch).any(axis=(-2, -1)))
        if len(covered) > 1:
            for gripper in covered:
                candidates[gripper].append(patch & (distances[covered].min(axis=0) == distances[gripper]))
        else:
            candidates[distances[:, patch].mean(axis=1).argmin()].append(patch)
    return np.stack([
        max((patch & (distance < reach) for patch in its), key=np.sum)
        for its, distance in zip(candidates, distances, strict=True)
    ])


def load_segmenter(name: str) -> Segmenter:
    """Return the function called 'module:function', which Python must find. Raises SegmenterError."""
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SegmenterError(
            f"no segmenter '{name}' ({error}); give module:function of a module on PYTHONPATH") from error


def _bins(image: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.moveaxis((BINS * chromaticity(image)).astype(int), -1, 0))


def _histogram(colours: np.ndarray) -> np.ndarray:
    """Return the smoothed shares (BINS, BINS, BINS) of colours (N, 3)."""
    counts = np.zeros((BINS,) * 3)
    np.add.at(counts, _bins(colours), 1)
    return gaussian_filter(counts / max(1, len(colours)), sigma=1.0, truncate=3.0)
