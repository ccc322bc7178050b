# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where a gripper is seen in predicted images, given its mask in the observed one.

The paper lets SAM 2 do that. A segmenter has that interface: (observed image, its mask, predicted video) -> masks; it
sees one view's colours only, no geometry and no other view, so that the cross-view consistency which is measured with
its masks is the prediction's own. The default, segment_by_colour, needs no weights; it is made for grippers whose
colours the scene lacks, as those of the robot cell.
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
"""(image (H, W, 3) uint8, mask (H, W) bool, video (T, H, W, 3) uint8) -> (T, H, W) bool."""

BINS = 24  # of the chromaticity histograms, per axis
LIKELIHOOD_RATIO = 50.0  # of gripper to background; a gripper covers about a fiftieth of an image
UNSEEN = 1e-7  # share of the background's pixels that a colour has which was not seen there
SEARCH_SHARE = 0.16  # of the image's width that the gripper may move between two frames
GAP = 2  # pixels between parts of one gripper


def segment_by_colour(image: np.ndarray, mask: np.ndarray, video: np.ndarray) -> np.ndarray:
    """Return the masks (T, H, W) of what has the gripper's colours, one connected patch per frame.

    Colours are told apart by the histograms of gripper and background in the observed image (chromaticities, so that
    shading does not matter). Raises SegmenterError when the mask is empty.
    """
    if not mask.any():
        raise SegmenterError('the gripper is out of sight in the observed image; its colours cannot be learned')
    gripper, background = (_histogram(image[where]) for where in (mask, ~mask))
    typical = gripper > LIKELIHOOD_RATIO * (background + UNSEEN)
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(SEARCH_SHARE * image.shape[1]) + 1,) * 2)
    masks, last = [], mask
    for frame in video:
        near = cv2.dilate(last.astype(np.uint8), reach) > 0
        masks.append(_largest_patch(typical[_bins(frame)] & near))
        last = masks[-1] if masks[-1].any() else last
    return np.stack(masks)


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


def _largest_patch(mask: np.ndarray) -> np.ndarray:
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((2 * GAP + 1,) * 2, np.uint8))
    patch = cv2.connectedComponents(grown)[1]
    sizes = np.bincount(patch[mask], minlength=2)
    return mask & (patch == sizes.argmax())
