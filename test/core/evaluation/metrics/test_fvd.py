# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Fréchet distances: in closed form, by other libraries, and the network that the features come from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import sqrtm
from scipy.stats import ortho_group
from torchmetrics.image.fid import _compute_fid

from robot4d_core.errors import EvaluationError, FeatureNetworkError
from robot4d_core.evaluation.metrics.fvd import VideoFeatures, clip_distances, frechet_distance

FEATURES = arrays(np.float64, (6, 3), elements=st.floats(-10, 10))


def moments(features):
    return features.mean(axis=0), np.cov(features, rowvar=False)


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(5, 5))
    return rng.normal(size=(40, 5)) @ mix + 0.7, rng.normal(size=(50, 5))


def test_distance_of_scalars_is_that_of_means_and_deviations():
    a, b = np.array([[0.0], [2.0]]), np.array([[5.0], [11.0]])
    deviations = np.sqrt(2), np.sqrt(18)
    assert frechet_distance(a, b) == pytest.approx((8 - 1) ** 2 + (deviations[0] - deviations[1]) ** 2)


def test_distance_agrees_with_scipy_and_torchmetrics(features):
    (mean_a, a), (mean_b, b) = (moments(its) for its in features)
    by_scipy = ((mean_a - mean_b) ** 2).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(*features) == pytest.approx(by_scipy, rel=1e-9)
    theirs = _compute_fid(*(torch.from_numpy(np.atleast_1d(x)) for x in (mean_a, a, mean_b, b)))
    assert frechet_distance(*features) == pytest.approx(float(theirs), rel=1e-9)


def test_fewer_clips_than_features_change_nothing(features):
    turn = ortho_group.rvs(400, random_state=0)[:5]
    few = [its[:20] for its in features]
    assert frechet_distance(*(its @ turn for its in few)) == pytest.approx(frechet_distance(*few), rel=1e-9)


@given(FEATURES, FEATURES)
def test_distance_is_symmetric_not_negative_and_zero_between_equals(a, b):
    distance = frechet_distance(a, b)
    assert distance == pytest.approx(frechet_distance(b, a), abs=1e-9)
    assert distance > -1e-9
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)


@given(FEATURES, st.floats(-5, 5))
def test_shift_of_all_features_counts_squared(a, shift):
    assert frechet_distance(a + shift, a) == pytest.approx(3 * shift**2, abs=1e-7)


def test_one_clip_has_no_distribution():
    with pytest.raises(EvaluationError, match='two clips'):
        frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))


def test_single_clips_are_compared_by_squared_distance():
    np.testing.assert_array_equal(clip_distances([[1.0, 2.0], [0.0, 0.0]], [[4.0, 6.0], [0.0, 0.0]]), [25.0, 0.0])


class Answering(torch.nn.Module):
    """Called as I3D is, answers with the mean of each colour channel, the frames and the size that it was given."""

    def forward(self, x: torch.Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False):
        assert rescale and resize and return_features
        size = torch.tensor([[x.size(2), x.size(3), x.size(4)]], dtype=torch.float32)
        return torch.cat([x.mean(dim=(2, 3, 4)), size], dim=1)


class TooFewArguments(torch.nn.Module):
    def forward(self, x: torch.Tensor):
        return x.mean(dim=(2, 3, 4))


class ManyAnswers(torch.nn.Module):
    def forward(self, x: torch.Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False):
        return x


def saved(network, folder):
    path = folder / 'network.pt'
    torch.jit.script(network).save(path)
    return path


def test_network_sees_the_whole_video_in_its_own_range(tmp_path):
    video = np.zeros((10, 6, 8, 3), np.uint8)
    video[...] = [10, 100, 255]
    np.testing.assert_allclose(VideoFeatures(saved(Answering(), tmp_path))(video), [10, 100, 255, 10, 6, 8])


def test_videos_too_short_for_i3d_are_refused(tmp_path):
    with pytest.raises(FeatureNetworkError, match='10 frames'):
        VideoFeatures(saved(Answering(), tmp_path))(np.zeros((9, 6, 8, 3), np.uint8))


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(FeatureNetworkError, match='no I3D network'):
        VideoFeatures(tmp_path / 'absent.pt')
    text = tmp_path / 'text.pt'
    text.write_text('not a network')
    with pytest.raises(FeatureNetworkError, match='TorchScript'):
        VideoFeatures(text)


@pytest.mark.parametrize('network', [TooFewArguments(), ManyAnswers()])
def test_networks_that_are_not_i3d_are_refused(network, tmp_path):
    with pytest.raises(FeatureNetworkError, match='network.pt'):
        VideoFeatures(saved(network, tmp_path))(np.zeros((10, 6, 8, 3), np.uint8))
