# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What every autoencoder does: numbers of colour images and pointmaps, and decoding within a memory ceiling."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from robot4d_core.errors import ParameterError
from robot4d_core.geometry.pointmaps import PointmapNormalisation, valid_points

MEBIBYTE = 2**20


class Autoencoder(ABC):
    """Images (B, C, H, W) in [-1, 1] to latents (B, latent_channels, H/f, W/f) of unit variance, and back.

    What a diffusers model becomes by inheriting this too.

    latent_factor: f. decoded_values_per_pixel: the most numbers that are held at once, per pixel of a frame, while it
    is decoded.
    """

    latent_factor: int
    decoded_values_per_pixel: int

    @abstractmethod
    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Return the latents of normalised images."""

    @abstractmethod
    def decode(self, latents: torch.Tensor, frames: int = 1) -> torch.Tensor:
        """Return the normalised images of latents (B, latent_channels, h, w), B / frames videos one after the other."""

    def decode_videos(self, latents: torch.Tensor, memory: float = math.inf) -> torch.Tensor:
        """Return the normalised frames (V, T, C, H, W) of V videos of latents (V, T, latent_channels, h, w).

        memory: the ceiling in MiB of the features that decoding holds, besides the weights, the result and what a
        convolution works in. As many whole videos are decoded at once as fit under it, else runs of nearly equal length
        of one video. Then a decoder that sees other frames sees only those of the same run, and its result differs from
        that of a whole video. Raises ParameterError when not even one frame fits.
        """
        videos, frames = latents.shape[:2]
        height, width = (self.latent_factor * size for size in latents.shape[-2:])
        fitting = memory / self.decoding_memory(height, width)
        if fitting < 1:
            raise ParameterError(
                f'decoding one frame of {width}x{height} needs {self.decoding_memory(height, width):.0f} MiB, the '
                f'ceiling is {memory:.0f} MiB; raise it'
            )
        if fitting < frames:
            run = math.ceil(frames / math.ceil(frames / int(fitting)))
            chunks = [part for video in latents for part in video.split(run)]
        else:
            together = int(min(videos, fitting / frames))
            chunks = [part.flatten(0, 1) for part in latents.split(together)]
        decoded = [self.decode(chunk, frames=min(frames, len(chunk))) for chunk in chunks]
        return torch.cat(decoded).unflatten(0, (videos, frames))

    def decoding_memory(self, height: int, width: int) -> float:
        """Return the MiB of the features that decoding one frame of this size holds."""
        return self.decoded_values_per_pixel * height * width * self.dtype.itemsize / MEBIBYTE


class RgbImages:
    """Colour images as an autoencoder's numbers."""

    def normalise(self, rgb: np.ndarray) -> torch.Tensor:
        """Map (B, H, W, 3) uint8 to (B, 3, H, W) in [-1, 1]."""
        return torch.from_numpy(rgb).to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1

    def denormalise(self, images: torch.Tensor) -> np.ndarray:
        """Map (B, 3, H, W) back to (B, H, W, 3) uint8; what the decoder overshoots is cut off."""
        return ((images.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()

    @staticmethod
    def reconstruction_loss(output: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Return the mean absolute colour error, weighted by (B, 1, H, W)."""
        return ((output - target).abs() * weight).sum() / (3 * weight.sum())


class PointmapImages:
    """Pointmaps in any frame as an autoencoder's numbers: x, y, z and validity (channel 3: +1 valid, -1 not).

    The configuration holds low, high: the metres that map to -1 and 1 per axis. Invalid points enter as 0 in
    normalised units, and points whose decoded validity is not positive leave as NaN.
    """

    @property
    def normalisation(self) -> PointmapNormalisation:
        """The constants stored with the weights."""
        return PointmapNormalisation(tuple(self.config.low), tuple(self.config.high))

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
