# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Autoencoders that a CPU trains in minutes: images to a grid of latents four times coarser, and back.

Convolutions at full image resolution are what is slow on a CPU, so 4x4 patches are folded into channels first.
Latents are regularised like those of a variational autoencoder with a fixed posterior variance: Gaussian noise is
added in training and their size is penalised (`training.py`).
"""

from __future__ import annotations

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from robot4d_core.generator.model.autoencoder_interface import Autoencoder, PointmapImages, RgbImages


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with group normalisation, added to the input; (B, C, h, w) -> (B, C, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
        )
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x plus its correction."""
        return x + self.layers(x)


class PatchAutoencoder(Autoencoder, ModelMixin, ConfigMixin):
    """Deterministic autoencoder on folded patches: (B, channels, H, W) <-> (B, latent_channels, H/p, W/p)."""

    @register_to_config
    def __init__(
        self,
        channels: int = 3,
        latent_channels: int = 4,
        patch_size: int = 4,
        width: int = 64,
        encoder_blocks: int = 2,
        decoder_blocks: int = 3,
    ) -> None:
        super().__init__()
        folded = channels * patch_size**2
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(patch_size), nn.Conv2d(folded, width, 3, padding=1),
            *(ResidualBlock(width) for _ in range(encoder_blocks)),
            nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, latent_channels, 3, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(latent_channels, width, 3, padding=1),
            *(ResidualBlock(width) for _ in range(decoder_blocks)),
            nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, folded, 3, padding=1), nn.PixelShuffle(patch_size),
        )
        self.register_buffer('latent_mean', torch.zeros(latent_channels, 1, 1))
        self.register_buffer('latent_std', torch.ones(latent_channels, 1, 1))

    @property
    def latent_factor(self) -> int:
        """How much coarser latents are than images."""
        return self.config.patch_size

    @property
    def decoded_values_per_pixel(self) -> int:
        """Three times the features of a residual block, and the image as it is unfolded."""
        return 3 * self.config.width // self.config.patch_size**2 + 3 * self.config.channels

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Return the latents (B, latent_channels, H/p, W/p), of unit variance, of normalised images (B, C, H, W)."""
        return (self.encoder(images.to(self.dtype)) - self.latent_mean) / self.latent_std

    def decode(self, latents: torch.Tensor, frames: int = 1) -> torch.Tensor:
        """Return normalised images (B, C, H, W) of latents (B, latent_channels, H/p, W/p), each on its own."""
        return self.decoder(latents.to(self.dtype) * self.latent_std + self.latent_mean)


class RgbAutoencoder(RgbImages, PatchAutoencoder):
    """Autoencoder of colour images."""


class PointmapAutoencoder(PointmapImages, PatchAutoencoder):
    """Autoencoder of pointmaps: x, y, z and validity in one latent."""

    @register_to_config
    def __init__(
        self,
        channels: int = 4,
        latent_channels: int = 4,
        patch_size: int = 4,
        width: int = 64,
        encoder_blocks: int = 2,
        decoder_blocks: int = 3,
        low: tuple[float, float, float] = (-1.0, -1.0, 0.0),
        high: tuple[float, float, float] = (1.0, 1.0, 2.0),
    ) -> None:
        super().__init__(channels, latent_channels, patch_size, width, encoder_blocks, decoder_blocks)
