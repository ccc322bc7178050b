# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The diffusion of the two-view model: preconditioning, training loss and Euler sampler.

Conventions of EDM (Karras et al. 2022) with the v-prediction preconditioning of Stable Video Diffusion and data of
unit variance: x = data + sigma * noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.schedulers.scheduling_utils import SchedulerMixin

from robot4d_core.errors import PredictionCancelled

Network = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]



@dataclass(frozen=True)
class LossTerms:
    """The training loss and its parts per view, each a scalar tensor; pointmap is not yet multiplied by lambda.

    Without pointmaps their terms are None.
    """

    total: torch.Tensor
    rgb_n: torch.Tensor
    rgb_m: torch.Tensor
    pointmap_n: torch.Tensor | None = None
    pointmap_m: torch.Tensor | None = None


class TwoViewDiffusion(SchedulerMixin, ConfigMixin):
    """Noise levels, loss and sampler.

    Latents are (B, 2, T, C, h, w): views n and m, channels RGB and, unless the model knows colours only, pointmap.

    sigma_min, sigma_max, rho: noise levels of the sampler (Karras et al., eq. 5); log_sigma_mean, log_sigma_std:
    log-normal distribution of the training noise; pointmap_weight: lambda of the paper's joint loss;
    additive_gripper_weight: as the method's released code, add 1 to the weight inside the gripper's mask instead of
    doubling it as the paper does, which hardly counts where the noise is low and the weight high; rgb_channels: how
    many of the channels, the first, are RGB.
    """

    @register_to_config
    def __init__(
        self,
        sigma_min: float = 0.02,
        sigma_max: float = 40.0,
        rho: float = 7.0,
        log_sigma_mean: float = 1.0,
        log_sigma_std: float = 1.6,
        pointmap_weight: float = 1.0,
        additive_gripper_weight: bool = False,
        rgb_channels: int = 4,
    ) -> None:
        self.num_inference_steps = None

    def sample_sigma(self, batch: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """Draw training noise levels (B,), shared by both views and all frames of a window."""
        normal = torch.randn(batch, generator=generator)
        return torch.exp(self.config.log_sigma_mean + self.config.log_sigma_std * normal)

    def denoise(self, network: Network, noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        """Return the estimate of the clean latents, c_skip x + c_out F(c_in x, c_noise); sigma: (B,).

        c_skip = 1 / (sigma^2 + 1), c_out = -sigma / sqrt(sigma^2 + 1), c_in = 1 / sqrt(sigma^2 + 1),
        c_noise = ln(sigma) / 4. The network takes (scaled latents, c_noise).
        """
        s = sigma.reshape(-1, *[1] * (noisy.ndim - 1))
        root = (s**2 + 1).sqrt()
        return noisy / root**2 - s / root * network(noisy / root, sigma.log() / 4)

    def loss(
        self,
        network: Network,
        clean: torch.Tensor,
        gripper: torch.Tensor,
        valid: torch.Tensor,
        sigma: torch.Tensor,
        noise: torch.Tensor,
    ) -> LossTerms:
        """Return the joint loss of the paper's equations 1 to 4 on the clean latents that the network estimates.

        clean, noise: (B, 2, T, C, h, w); gripper, valid: (B, 2, T, h, w) bool, the gripper's mask and where the
        pointmap is known, at latent resolution; sigma: (B,). Each term is a mean over its elements where the paper has
        a sum, weighted by (sigma^2 + 1) / sigma^2 as in Stable Video Diffusion, doubled inside the gripper's mask
        (equation 4); unknown points have no weight in the pointmap terms.
        """
        s = sigma.reshape(-1, 1, 1, 1, 1, 1)
        inside = gripper[:, :, :, None].to(clean.dtype)
        weight = (s**2 + 1) / s**2
        weight = weight + inside if self.config.additive_gripper_weight else weight * (1 + inside)
        error = weight * (self.denoise(network, clean + s * noise, sigma) - clean) ** 2
        channels = self.config.rgb_channels
        rgb = error[:, :, :, :channels].mean(dim=(0, 2, 3, 4, 5))
        if clean.shape[3] == channels:
            return LossTerms(rgb.sum(), *rgb)
        known = valid[:, :, :, None].to(error.dtype)
        pointmap = (error[:, :, :, channels:] * known).mean(dim=(0, 2, 3, 4, 5))
        pointmap = pointmap / known.mean(dim=(0, 2, 3, 4, 5)).clamp(1e-6)
        return LossTerms((rgb + self.config.pointmap_weight * pointmap).sum(), *rgb, *pointmap)

    def sigmas(self, steps: int) -> torch.Tensor:
        """Return the noise levels of a sampling run, (steps + 1,) float32, from sigma_max down to 0."""
        ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
        high, low = (level ** (1 / self.config.rho) for level in (self.config.sigma_max, self.config.sigma_min))
        levels = (high + ramp * (low - high)) ** self.config.rho
        return torch.cat([levels, levels.new_zeros(1)]).float()

    @torch.no_grad()
    def sample(
        self,
        network: Network,
        noise: torch.Tensor,
        steps: int,
        progress: Callable[[int, int], None] = lambda step, steps: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> torch.Tensor:
        """Turn unit Gaussian noise into clean latents by Euler steps of the probability-flow ODE.

        progress(step, steps) is called after every step, cancelled() asked before it. Raises PredictionCancelled.
        """
        levels = self.sigmas(steps).to(noise.device)
        latents = noise * levels[0]
        for step in range(steps):
            if cancelled():
                raise PredictionCancelled(f'cancelled before denoising step {step + 1} of {steps}')
            sigma, following = levels[step], levels[step + 1]
            clean = self.denoise(network, latents, sigma.expand(len(latents)))
            latents = latents + (following - sigma) * (latents - clean) / sigma
            progress(step + 1, steps)
        return latents
