# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Errors of depth and images: by hand, by other libraries, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.metrics
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchmetrics.functional.regression import mean_absolute_percentage_error

from robot4d_core.evaluation.metrics.image_errors import (
    PSNR_CEILING,
    absolute_relative_error,
    estimate,
    known_share,
    peak_signal_to_noise_ratio,
    structural_similarity,
    threshold_accuracy,
)

DEPTHS = arrays(np.float64, (4, 5), elements=st.floats(0.1, 5.0))
ANYTHING = arrays(np.float64, (4, 5), elements=st.floats(allow_nan=True, allow_infinity=True))
SOME = arrays(bool, (4, 5))


@pytest.fixture
def videos() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 256, (3, 24, 32, 3), np.uint8)
    noise = rng.normal(0, np.array([3, 20, 60])[:, None, None, None], true.shape)
    return np.clip(true + noise, 0, 255).astype(np.uint8), true


def test_depth_errors_of_three_pixels():
    predicted, true = np.array([1.1, 1.0, 4.0, np.nan]), np.array([1.0, 2.0, 4.0, 1.0])
    assert absolute_relative_error(predicted, true) == pytest.approx((0.1 + 0.5 + 0.0) / 3)
    assert threshold_accuracy(predicted, true) == pytest.approx(2 / 3)
    assert known_share(predicted, true) == pytest.approx(3 / 4)


def test_delta1_ends_at_a_quarter():
    assert threshold_accuracy(np.array([1.2499, 1.2501, 1 / 1.2499, 1 / 1.2501]), np.ones(4)) == 0.5


def test_without_a_known_pixel_there_is_no_error():
    for measure in (absolute_relative_error, threshold_accuracy, known_share):
        assert np.isnan(measure(np.ones(3), np.full(3, np.nan)))


@given(DEPTHS, DEPTHS)
def test_absrel_is_the_mean_absolute_percentage_error_of_torchmetrics(predicted, true):
    theirs = mean_absolute_percentage_error(torch.from_numpy(predicted), torch.from_numpy(true))
    assert absolute_relative_error(predicted, true) == pytest.approx(float(theirs), rel=1e-9)


@given(DEPTHS, DEPTHS, st.floats(0.01, 100.0))
def test_absrel_does_not_depend_on_the_unit(predicted, true, scale):
    ours = absolute_relative_error(predicted, true)
    assert absolute_relative_error(scale * predicted, scale * true) == pytest.approx(ours, rel=1e-9, abs=1e-12)


@given(DEPTHS, DEPTHS)
def test_delta1_is_a_share_and_symmetric(predicted, true):
    share = threshold_accuracy(predicted, true)
    assert 0 <= share <= 1
    assert share == threshold_accuracy(true, predicted)
    assert threshold_accuracy(true, true) == 1 and absolute_relative_error(true, true) == 0


@given(DEPTHS, DEPTHS, SOME, ANYTHING)
def test_pixels_without_a_true_depth_never_matter(predicted, true, invalid, garbage):
    for hole in (np.nan, 0.0, -1.0, np.inf):
        holed = np.where(invalid, hole, true)
        for measure in (absolute_relative_error, threshold_accuracy, known_share):
            assert measure(predicted, holed) == pytest.approx(
                measure(np.where(invalid, garbage, predicted), holed), nan_ok=True)


@given(DEPTHS, DEPTHS, SOME)
def test_pixels_without_a_prediction_are_left_out_and_counted(predicted, true, unknown):
    for hole in (np.nan, -1.0):
        holed = np.where(unknown, hole, predicted)
        assert known_share(holed, true) == pytest.approx(1 - unknown.mean())
        assert absolute_relative_error(holed, true) == pytest.approx(
            absolute_relative_error(predicted[~unknown], true[~unknown]), nan_ok=True)


def test_psnr_of_known_offsets_is_averaged_over_frames():
    true = np.full((2, 16, 16, 3), 100, np.uint8)
    predicted = true + np.array([10, 50], np.uint8)[:, None, None, None]
    by_hand = np.mean([20 * np.log10(255 / 10), 20 * np.log10(255 / 50)])
    assert peak_signal_to_noise_ratio(predicted, true) == pytest.approx(by_hand, abs=1e-4)


def test_psnr_of_identical_frames_is_that_of_rounding():
    true = np.zeros((2, 16, 16, 3), np.uint8)
    assert peak_signal_to_noise_ratio(true, true) == pytest.approx(PSNR_CEILING)
    rng = np.random.default_rng(0)
    rounding = rng.uniform(-0.5, 0.5, 100_000) / 255
    assert PSNR_CEILING == pytest.approx(-10 * np.log10(np.mean(rounding**2)), abs=0.05)


def test_psnr_and_ssim_agree_with_skimage(videos):
    psnr = [skimage.metrics.peak_signal_noise_ratio(true, predicted) for predicted, true in zip(*videos)]
    assert peak_signal_to_noise_ratio(*videos) == pytest.approx(np.mean(psnr), abs=1e-4)
    mirrored = (np.pad(video, ((0, 0), (5, 5), (5, 5), (0, 0)), 'reflect') for video in videos)  # skimage cuts it off
    ssim = [
        skimage.metrics.structural_similarity(
            true, predicted, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=-1)
        for predicted, true in zip(*mirrored)
    ]
    assert structural_similarity(*videos) == pytest.approx(np.mean(ssim), abs=1e-4)


def test_ssim_of_the_truth_is_one_and_does_not_depend_on_who_is_true(videos):
    assert structural_similarity(videos[1], videos[1]) == pytest.approx(1)
    assert structural_similarity(*videos) == pytest.approx(structural_similarity(*videos[::-1]))


def test_interval_covers_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    estimates = [estimate(rng.normal(3.0, 2.0, 30), seed=k) for k in range(200)]
    covering = np.mean([its.low < 3.0 < its.high for its in estimates])
    assert 0.88 < covering < 0.99
    assert np.mean([its.high - its.low for its in estimates]) == pytest.approx(2 * 1.96 * 2 / np.sqrt(30), rel=0.08)


def test_clips_without_a_value_are_left_out_of_the_mean():
    its = estimate([1.0, np.nan, 2.0, 6.0])
    assert (its.mean, its.median, its.clips) == (3.0, 2.0, 3)
    assert 1.0 <= its.low < 3.0 < its.high <= 6.0


def test_one_value_has_no_interval_and_equal_ones_have_none_to_speak_of():
    single = estimate([2.0])
    assert single.mean == 2.0 and np.isnan([single.low, single.high]).all()
    assert estimate([]).clips == 0 and np.isnan(estimate([]).mean)
    equal = estimate([0.5] * 4)
    assert (equal.low, equal.high) == (0.5, 0.5)
