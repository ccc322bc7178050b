# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The RGB and the pointmap autoencoder: images to a grid of latents four times coarser, and back.

Convolutions at full image resolution are what is slow on a CPU, so 4x4 patches are folded into channels first.
Latents are regularised like those of a variational autoencoder with a fixed posterior variance: Gaussian noise is
added in training and their size is penalised (`training.py`).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from robot4d_core.geometry.pointmaps import PointmapNormalisation, valid_points


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


class PatchAutoencoder(ModelMixin, ConfigMixin):
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

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Return the latents (B, latent_channels, H/p, W/p), of unit variance, of normalised images (B, C, H, W)."""
        return (self.encoder(images) - self.latent_mean) / self.latent_std

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return normalised images (B, C, H, W) of latents of unit variance (B, latent_channels, H/p, W/p)."""
        return self.decoder(latents * self.latent_std + self.latent_mean)


class RgbAutoencoder(PatchAutoencoder):
    """Autoencoder of colour images."""

    def normalise(self, rgb: np.ndarray) -> torch.Tensor:
        """Map (B, H, W, 3) uint8 to (B, 3, H, W) in [-1, 1]."""
        return torch.from_numpy(rgb).to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1

    def denormalise(self, images: torch.Tensor) -> np.ndarray:
        """Map (B, 3, H, W) back to (B, H, W, 3) uint8; what the decoder overshoots is cut off."""
        return ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()

    @staticmethod
    def reconstruction_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Return the mean absolute colour error, weighted by (B, 1, H, W)."""
        return ((output - target).abs() * weight).sum() / (3 * weight.sum())


class PointmapAutoencoder(PatchAutoencoder):
    """Autoencoder of pointmaps in any frame: x, y, z and validity (channel 3: +1 valid, -1 not) in one latent.

    low, high: the metres that map to -1 and 1 per axis; invalid points enter as 0 in normalised units, and points
    whose decoded validity is not positive leave as NaN.
    """

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
        self.normalisation = PointmapNormalisation(tuple(low), tuple(high))

    def normalise(self, pointmap: np.ndarray) -> torch.Tensor:
        """Map (B, H, W, 3) metres, NaN invalid, to (B, 4, H, W) normalised units with validity."""
        valid = valid_points(pointmap)[..., None]
        points = np.where(valid, self.normalisation.normalise(pointmap.astype(np.float32)), 0.0)
        image = np.concatenate([points, np.where(valid, 1.0, -1.0)], axis=-1).astype(np.float32)
        return torch.from_numpy(image).to(self.device).permute(0, 3, 1, 2)

    def denormalise(self, images: torch.Tensor) -> np.ndarray:
        """Map (B, 4, H, W) back to (B, H, W, 3) float32 metres, NaN where the decoder says invalid."""
        image = images.float().permute(0, 2, 3, 1).cpu().numpy()
        return np.where(image[..., 3:] > 0, self.normalisation.denormalise(image[..., :3]), np.float32(np.nan))

    @staticmethod
    def reconstruction_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Return the mean absolute error of valid points, weighted by (B, 1, H, W), plus validity's cross-entropy."""
        valid = (target[:, 3:] > 0).float()
        weight = weight * valid
        points = ((output[:, :3] - target[:, :3]).abs() * weight).sum() / (3 * weight.sum()).clamp(min=1)
        return points + 0.1 * F.binary_cross_entropy_with_logits(output[:, 3:], valid)
