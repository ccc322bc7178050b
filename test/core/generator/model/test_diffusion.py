# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Preconditioning, loss and sampler against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot4d_core.errors import PredictionCancelled
from robot4d_core.generator.model.diffusion import TwoViewDiffusion

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


def test_sampler_follows_the_analytic_solution_for_gaussian_data_with_error_falling_as_one_over_steps():
    """For data ~ N(mean, s^2) the ODE's solution is mean + (x - mean) sqrt((s^2 + sigma^2) / (s^2 + sigma_max^2))."""
    mean, deviation = 0.7, 0.5
    diffusion = TwoViewDiffusion(sigma_min=1e-4)
    noise = torch.randn(1, 2, 3, 8, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    start = 40.0 * noise
    exact = mean + deviation * (start - mean) / np.hypot(deviation, 40.0)
    error = {
        steps: (diffusion.sample(gaussian_network(mean, deviation), noise, steps) - exact).abs().max().item()
        for steps in (25, 100, 200, 400)
    }
    assert error[25] < 0.2 and error[400] < 0.015
    for steps in (100, 200):
        assert error[steps] / error[2 * steps] == pytest.approx(2, rel=0.1)


def test_sampler_reports_every_step_and_can_be_cancelled():
    seen = []
    noise = torch.zeros(1, 2, 1, 8, 1, 1)
    diffusion = TwoViewDiffusion()
    diffusion.sample(gaussian_network(0, 1), noise, 3, progress=lambda step, steps: seen.append((step, steps)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(PredictionCancelled, match='step 3 of 5'):
        seen.clear()
        diffusion.sample(gaussian_network(0, 1), noise, 5, lambda *step: seen.append(step), lambda: len(seen) == 2)


def reference_loss(clean, noise, output, gripper, valid, sigma, pointmap_weight=1.0, additive=False):
    """The paper's equations 1 to 4, one number at a time; output: the raw network's. Returns total, rgb, pointmap."""
    sums, known = {'rgb': np.zeros(2), 'pointmap': np.zeros(2)}, np.zeros(2)
    for b, v, t, c, i, j in np.ndindex(clean.shape):
        s = sigma[b]
        noisy = clean[b, v, t, c, i, j] + s * noise[b, v, t, c, i, j]
        estimate = noisy / (s**2 + 1) - s / np.sqrt(s**2 + 1) * output[b, v, t, c, i, j]
        weight = (s**2 + 1) / s**2
        if gripper[b, v, t, i, j]:
            weight = weight + 1 if additive else 2 * weight
        error = weight * (estimate - clean[b, v, t, c, i, j]) ** 2
        if c < 4:
            sums['rgb'][v] += error
        elif valid[b, v, t, i, j]:
            sums['pointmap'][v] += error
            known[v] += 1
    rgb = sums['rgb'] / (clean.size / clean.shape[3] / 2 * 4)
    pointmap = sums['pointmap'] / np.maximum(known, 1)
    return rgb.sum() + pointmap_weight * pointmap.sum(), rgb, pointmap


def toy_window(channels=8, seed=0):
    rng = np.random.default_rng(seed)
    shape = (2, 2, 3, channels, 2, 3)
    clean, noise, output = (rng.normal(size=shape) for _ in range(3))
    gripper, valid = rng.random((2, *shape[:3], *shape[4:])) < 0.6
    return clean, noise, output, gripper, valid, np.array([0.4, 3.0])


def loss_of(diffusion, network, clean, noise, gripper, valid, sigma, dtype=torch.float64):
    clean, noise, sigma = (torch.from_numpy(x).to(dtype) for x in (clean, noise, sigma))
    return diffusion.loss(network, clean, torch.from_numpy(gripper), torch.from_numpy(valid), sigma, noise)


@pytest.mark.parametrize('additive', [False, True])
def test_loss_matches_a_reference(additive):
    clean, noise, output, *rest = toy_window()
    diffusion = TwoViewDiffusion(pointmap_weight=0.5, additive_gripper_weight=additive)
    terms = loss_of(diffusion, lambda x, c: torch.from_numpy(output), clean, noise, *rest)
    total, rgb, pointmap = reference_loss(clean, noise, output, *rest, pointmap_weight=0.5, additive=additive)
    np.testing.assert_allclose([terms.rgb_n, terms.rgb_m], rgb, rtol=1e-10)
    np.testing.assert_allclose([terms.pointmap_n, terms.pointmap_m], pointmap, rtol=1e-10)
    np.testing.assert_allclose(terms.total, total, rtol=1e-10)


def test_loss_of_colours_alone_is_that_of_their_channels():
    clean, noise, output, *rest = toy_window(channels=4)
    terms = loss_of(TwoViewDiffusion(), lambda x, c: torch.from_numpy(output), clean, noise, *rest)
    np.testing.assert_allclose(terms.total, reference_loss(clean, noise, output, *rest)[0], rtol=1e-10)
    assert terms.pointmap_n is terms.pointmap_m is None


def test_gradient_in_float32_matches_differences_of_the_reference():
    """A network of two parameters, w tanh(x) + v c_noise; central differences of the float64 reference."""
    clean, noise, _, *rest = toy_window()
    sigma = rest[-1]
    s = sigma[:, None, None, None, None, None]

    def reference(w, v):
        scaled = (clean + s * noise) / np.sqrt(s**2 + 1)
        return reference_loss(clean, noise, w * np.tanh(scaled) + v * np.log(s) / 4, *rest)[0]

    parameters = torch.tensor([0.3, -0.7], requires_grad=True)

    def network(x, c_noise):
        return parameters[0] * x.tanh() + parameters[1] * c_noise.reshape(-1, 1, 1, 1, 1, 1)

    loss_of(TwoViewDiffusion(), network, clean, noise, *rest, dtype=torch.float32).total.backward()
    h = 1e-5
    expected = [(reference(0.3 + h, -0.7) - reference(0.3 - h, -0.7)) / (2 * h),
                (reference(0.3, -0.7 + h) - reference(0.3, -0.7 - h)) / (2 * h)]
    np.testing.assert_allclose(parameters.grad, expected, rtol=1e-5)


def test_gradient_passes_gradcheck_and_is_zero_where_points_are_unknown():
    clean, noise, output, gripper, valid, sigma = toy_window()
    raw = torch.from_numpy(output).requires_grad_()

    def total(raw):
        return loss_of(TwoViewDiffusion(), lambda x, c: raw, clean, noise, gripper, valid, sigma).total

    assert torch.autograd.gradcheck(total, raw)
    total(raw).backward()
    of_points = raw.grad[:, :, :, 4:].movedim(3, -1).numpy()
    assert np.all(of_points[~valid] == 0) and np.all(of_points[valid] != 0)


def test_nothing_known_is_no_division_by_zero():
    clean, noise, output, gripper, valid, sigma = toy_window()
    unknown = np.zeros_like(valid)
    terms = loss_of(TwoViewDiffusion(), lambda x, c: torch.from_numpy(output), clean, noise, gripper, unknown, sigma)
    assert terms.pointmap_n == terms.pointmap_m == 0 and terms.total > 0


def test_training_noise_is_log_normal():
    sigma = TwoViewDiffusion().sample_sigma(100_000, torch.Generator().manual_seed(0)).log()
    assert sigma.mean().item() == pytest.approx(1.0, abs=0.02) and sigma.std().item() == pytest.approx(1.6, abs=0.02)


@pytest.mark.parametrize('steps', [1, 25])
def test_noise_levels_are_those_of_karras(steps):
    levels = TwoViewDiffusion(sigma_min=0.002, sigma_max=700.0).sigmas(steps)
    expected = [(700 ** (1 / 7) + k / max(steps - 1, 1) * (0.002 ** (1 / 7) - 700 ** (1 / 7))) ** 7
                for k in range(steps)]
    np.testing.assert_allclose(levels, [*expected, 0.0], rtol=1e-6)


def test_both_views_get_the_same_noise_level():
    levels = []

    def network(x, c_noise):
        levels.append(c_noise)
        return torch.zeros_like(x)

    sigma = TwoViewDiffusion().sample_sigma(2, torch.Generator().manual_seed(0))
    mask = torch.ones(2, 2, 3, 4, 5, dtype=torch.bool)
    TwoViewDiffusion().loss(network, torch.zeros(SHAPE), mask, mask, sigma, torch.zeros(SHAPE))
    torch.testing.assert_close(levels[0], sigma.log() / 4)
