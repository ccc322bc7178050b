# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""How far predicted depth and images are from the truth, and how sure a mean over clips is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap

DELTA1 = 1.25
PSNR_CEILING = 10 * np.log10(12 * 255**2)
"""58.9 dB: the PSNR of rounding to 8 bits. Frames that agree better, up to identical ones, count as this."""


def absolute_relative_error(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return AbsRel, the mean of |predicted - true| / true over comparable pixels; depths of any shape.

    Comparable, as in the released evaluation of the method (lzylucy/4dgen, notebooks/eval.py): both depths are finite
    and positive. NaN when there is no such pixel.
    """
    predicted, true = _comparable(predicted, true)
    return float(np.mean(np.abs(predicted - true) / true)) if true.size else np.nan


def threshold_accuracy(predicted: np.ndarray, true: np.ndarray, threshold: float = DELTA1) -> float:
    """Return delta1, the share of comparable pixels with max(predicted / true, true / predicted) < threshold."""
    predicted, true = _comparable(predicted, true)
    return float(np.mean(np.maximum(predicted / true, true / predicted) < threshold)) if true.size else np.nan


def known_share(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return in which share of the pixels with a true depth there is a prediction to compare; NaN without any."""
    known = np.isfinite(true) & (true > 0)
    return _comparable(predicted, true)[1].size / known.sum() if known.any() else np.nan


def _comparable(predicted: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = np.isfinite(predicted) & np.isfinite(true) & (predicted > 0) & (true > 0)
    return predicted[both].astype(np.float64), true[both].astype(np.float64)


def peak_signal_to_noise_ratio(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return the PSNR in dB of videos (T, H, W, 3) uint8 (range 255), per frame and then averaged; see PSNR_CEILING."""
    from torchmetrics.functional.image import peak_signal_noise_ratio

    ratios = peak_signal_noise_ratio(
        _images(predicted), _images(true), data_range=1.0, reduction='none', dim=(1, 2, 3))
    return float(ratios.clamp(max=PSNR_CEILING).mean())


def structural_similarity(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return the SSIM of videos (T, H, W, 3) uint8 (range 255), per frame and then averaged.

    Gaussian window of deviation 1.5 and 11 pixels, as Wang et al. (2004); per colour channel, borders mirrored. Right
    to 5e-4, which is what single precision leaves where an image is flat.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure

    return float(structural_similarity_index_measure(
        _images(predicted), _images(true), data_range=1.0, reduction='none').mean())


def _images(video: np.ndarray):
    """Return (T, 3, H, W) float32 in [0, 1]."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(video)).permute(0, 3, 1, 2).contiguous().float() / 255


@dataclass(frozen=True)
class Estimate:
    """The mean over clips with its 95 % confidence interval, and the median; clips: how many had a value."""

    mean: float
    low: float
    high: float
    median: float
    clips: int


def estimate(values: np.ndarray, seed: int = 0) -> Estimate:
    """Return the mean of values (N,), one per clip, NaN left out; percentile bootstrap over clips.

    One value has no interval, none has no mean: NaN.
    """
    values = np.asarray(values, np.float64)
    values = values[~np.isnan(values)]
    if not values.size:
        return Estimate(np.nan, np.nan, np.nan, np.nan, 0)
    low, high = confidence_interval(values, np.mean, seed)
    return Estimate(float(values.mean()), low, high, float(np.median(values)), values.size)


def confidence_interval(
    values: np.ndarray, statistic: Callable[..., np.ndarray], seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a statistic, np.mean or np.median, of values (N,).

    Percentile bootstrap; one value has no interval, NaN.
    """
    if len(values) < 2:
        return np.nan, np.nan
    rng = np.random.default_rng(seed)
    low, high = bootstrap((values,), statistic, method='percentile', random_state=rng).confidence_interval
    return float(low), float(high)
