# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Preconditioning, loss and sampler against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot4d_core.errors import PredictionCancelled
from robot4d_core.generator.diffusion import TwoViewDiffusion

SHAPE = (2, 2, 3, 8, 4, 5)


def gaussian_network(mean: float, deviation: float):
    """The network whose denoiser is the posterior mean of data ~ N(mean, deviation^2), from its definition."""

    def network(scaled: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
        sigma = (4 * c_noise).exp().reshape(-1, *[1] * (scaled.ndim - 1))
        noisy = scaled * (sigma**2 + 1).sqrt()
        clean = (deviation**2 * noisy + sigma**2 * mean) / (deviation**2 + sigma**2)
        return (noisy / (sigma**2 + 1) - clean) * (sigma**2 + 1).sqrt() / sigma

    return network


def test_silent_network_shrinks_towards_zero():
    noisy = torch.full((1, 2, 1, 8, 1, 1), 6.0)
    clean = TwoViewDiffusion().denoise(lambda x, c: torch.zeros_like(x), noisy, torch.tensor([5.0]))
    torch.testing.assert_close(clean, noisy / 26)


def test_denoise_inverts_the_target_of_v_prediction():
    network = gaussian_network(0.7, 0.5)
    noisy, sigma = torch.randn(SHAPE), torch.tensor([0.3, 4.0])
    expected = (0.25 * noisy + sigma.reshape(-1, 1, 1, 1, 1, 1) ** 2 * 0.7) / (
        0.25 + sigma.reshape(-1, 1, 1, 1, 1, 1) ** 2)
    torch.testing.assert_close(TwoViewDiffusion().denoise(network, noisy, sigma), expected, rtol=1e-4, atol=1e-5)


def test_sampler_reaches_the_analytic_solution_for_gaussian_data():
    mean, deviation = 0.7, 0.5
    diffusion = TwoViewDiffusion()
    noise = torch.randn(1, 2, 3, 8, 4, 5, generator=torch.Generator().manual_seed(0))
    start = 40.0 * noise
    exact = mean + deviation * (start - mean) / np.hypot(deviation, 40.0)
    error = {
        steps: (diffusion.sample(gaussian_network(mean, deviation), noise, steps) - exact).abs().max().item()
        for steps in (25, 50, 400)
    }
    assert error[400] < 0.02
    assert error[400] < error[50] < error[25]


def test_sampler_reports_every_step_and_can_be_cancelled():
    seen = []
    noise = torch.zeros(1, 2, 1, 8, 1, 1)
    diffusion = TwoViewDiffusion()
    diffusion.sample(gaussian_network(0, 1), noise, 3, progress=lambda step, steps: seen.append((step, steps)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(PredictionCancelled, match='step 3 of 5'):
        seen.clear()
        diffusion.sample(gaussian_network(0, 1), noise, 5, lambda *step: seen.append(step), lambda: len(seen) == 2)


def test_loss_matches_a_float64_reference():
    rng = np.random.default_rng(0)
    clean, noise, output = (rng.normal(size=SHAPE) for _ in range(3))
    gripper, valid = rng.random((2, *SHAPE[:1], *SHAPE[1:3], *SHAPE[4:])) < 0.6
    sigma = np.array([0.4, 3.0])
    expected = {'rgb': np.zeros(2), 'pointmap': np.zeros(2)}
    known = np.zeros(2)
    for b, v, t, c, i, j in np.ndindex(SHAPE):
        s = sigma[b]
        noisy = clean[b, v, t, c, i, j] + s * noise[b, v, t, c, i, j]
        estimate = noisy / (s**2 + 1) - s / np.sqrt(s**2 + 1) * output[b, v, t, c, i, j]
        error = (estimate - clean[b, v, t, c, i, j]) ** 2 * (s**2 + 1) / s**2 * (1 + gripper[b, v, t, i, j])
        if c < 4:
            expected['rgb'][v] += error / (2 * 3 * 4 * 20)
        elif valid[b, v, t, i, j]:
            expected['pointmap'][v] += error
            known[v] += 1
    expected['pointmap'] /= known
    tensors = [torch.from_numpy(x) for x in (clean, gripper, valid, sigma, noise)]
    terms = TwoViewDiffusion(pointmap_weight=0.5).loss(lambda x, c: torch.from_numpy(output), *tensors)
    np.testing.assert_allclose([terms.rgb_n, terms.rgb_m], expected['rgb'], rtol=1e-10)
    np.testing.assert_allclose([terms.pointmap_n, terms.pointmap_m], expected['pointmap'], rtol=1e-10)
    np.testing.assert_allclose(terms.total, expected['rgb'].sum() + 0.5 * expected['pointmap'].sum(), rtol=1e-10)


def test_both_views_get_the_same_noise_level():
    levels = []

    def network(x, c_noise):
        levels.append(c_noise)
        return torch.zeros_like(x)

    sigma = TwoViewDiffusion().sample_sigma(2, torch.Generator().manual_seed(0))
    mask = torch.ones(2, 2, 3, 4, 5, dtype=torch.bool)
    TwoViewDiffusion().loss(network, torch.zeros(SHAPE), mask, mask, sigma, torch.zeros(SHAPE))
    torch.testing.assert_close(levels[0], sigma.log() / 4)
