# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The autoencoders of Stable Video Diffusion, for colour and for pointmaps: latents eight times coarser than images.

The networks and the names of their weights are those of diffusers' `AutoencoderKLTemporalDecoder`: an encoder of single
images and a decoder that mixes the frames of a video. Latents are the mode of the posterior, and their mean and
standard deviation are stored with the weights.
"""

from __future__ import annotations

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.autoencoder_kl_temporal_decoder import TemporalDecoder
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution, Encoder
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from robot4d_core.generator.model.autoencoder_interface import Autoencoder, PointmapImages, RgbImages


class TemporalAutoencoder(Autoencoder, ModelMixin, ConfigMixin):
    """Image encoder and video decoder: (B, channels, H, W) <-> (B, latent_channels, H/8, W/8) with four levels."""

    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(
        self,
        channels: int = 3,
        latent_channels: int = 4,
        block_out_channels: tuple[int, ...] = (128, 256, 512, 512),
        layers_per_block: int = 2,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(
            in_channels=channels, out_channels=latent_channels,
            down_block_types=('DownEncoderBlock2D',) * len(block_out_channels), block_out_channels=block_out_channels,
            layers_per_block=layers_per_block, double_z=True,
        )
        self.quant_conv = nn.Conv2d(2 * latent_channels, 2 * latent_channels, 1)
        self.decoder = TemporalDecoder(
            in_channels=latent_channels, out_channels=channels, block_out_channels=block_out_channels,
            layers_per_block=layers_per_block,
        )
        self.register_buffer('latent_mean', torch.zeros(latent_channels, 1, 1))
        self.register_buffer('latent_std', torch.ones(latent_channels, 1, 1))

    @property
    def latent_factor(self) -> int:
        """How much coarser latents are than images."""
        return 2 ** (len(self.config.block_out_channels) - 1)

    @property
    def decoded_values_per_pixel(self) -> int:
        """Four times the features that the last upsampling leaves, at full resolution, and the image."""
        return 4 * self.config.block_out_channels[1] + 2 * self.config.channels

    def posterior(self, images: torch.Tensor) -> DiagonalGaussianDistribution:
        """Return the distribution of the unscaled latents of normalised images (B, C, H, W)."""
        return DiagonalGaussianDistribution(self.quant_conv(self.encoder(images.to(self.dtype))))

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Return the latents (B, latent_channels, H/8, W/8), the posterior's mode at unit variance."""
        return (self.posterior(images).mode() - self.latent_mean) / self.latent_std

    def decode(self, latents: torch.Tensor, frames: int = 1) -> torch.Tensor:
        """Return normalised images (B, C, H, W) of latents of B / frames videos, one after the other."""
        images_only = torch.zeros(len(latents) // frames, frames, dtype=self.dtype, device=latents.device)
        return self.decoder(latents.to(self.dtype) * self.latent_std + self.latent_mean, images_only, frames)


class TemporalRgbAutoencoder(RgbImages, TemporalAutoencoder):
    """Autoencoder of colour videos."""


class TemporalPointmapAutoencoder(PointmapImages, TemporalAutoencoder):
    """Autoencoder of pointmap videos: x, y, z and validity in one latent; the method's normalisation by default."""

    @register_to_config
    def __init__(
        self,
        channels: int = 4,
        latent_channels: int = 4,
        block_out_channels: tuple[int, ...] = (128, 256, 512, 512),
        layers_per_block: int = 2,
        low: tuple[float, float, float] = (-1.0, -1.0, -1.0),
        high: tuple[float, float, float] = (2.0, 2.0, 2.0),
    ) -> None:
        super().__init__(channels, latent_channels, block_out_channels, layers_per_block)
