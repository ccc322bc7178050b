# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The two-view 4-D video pipeline: from what two cameras see now to ten future frames of colour and points.

What is diffused is the change of the latents against the observation, so a network that says nothing predicts a
frozen scene. For view m the observed points enter frame n through the transform that `view_alignment.py` infers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from robot4d_core.generator.autoencoder import PointmapAutoencoder, RgbAutoencoder
from robot4d_core.generator.diffusion import TwoViewDiffusion
from robot4d_core.generator.unet import TwoViewUNet
from robot4d_core.generator.view_alignment import ViewAlignment, fit_rigid_transform, polish_transform, subsample
from robot4d_core.geometry.pointmaps import transform_points, valid_points
from robot4d_core.prediction import FRAMES

STILL_METRES = 0.05
STILL_COLOUR = 0.25  # of a range of 2


@dataclass(frozen=True)
class TwoViewVideo:
    """rgb (2, T, H, W, 3) uint8 and pointmap (2, T, H, W, 3) float32 metres in frame n, NaN unknown; T_n_m (4, 4)."""

    rgb: np.ndarray
    pointmap: np.ndarray
    T_n_m: np.ndarray  # noqa: N815


class TwoViewPipeline(DiffusionPipeline):
    """Autoencoders, view alignment, U-Net and diffusion, saved and loaded as one diffusers folder."""

    def __init__(
        self,
        rgb_autoencoder: RgbAutoencoder,
        pointmap_autoencoder: PointmapAutoencoder,
        view_alignment: ViewAlignment,
        unet: TwoViewUNet,
        scheduler: TwoViewDiffusion,
    ) -> None:
        super().__init__()
        self.register_modules(
            rgb_autoencoder=rgb_autoencoder, pointmap_autoencoder=pointmap_autoencoder, view_alignment=view_alignment,
            unet=unet, scheduler=scheduler,
        )

    @torch.no_grad()
    def encode(self, rgb: np.ndarray, pointmap: np.ndarray) -> torch.Tensor:
        """Return the latents (B, 8, h, w) of images (B, H, W, 3) uint8 and pointmaps (B, H, W, 3) metres."""
        rgb_latents = self.rgb_autoencoder.encode(self.rgb_autoencoder.normalise(rgb))
        points = self.pointmap_autoencoder.encode(self.pointmap_autoencoder.normalise(pointmap))
        return torch.cat([rgb_latents, points], dim=1)

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return images (B, H, W, 3) uint8 and pointmaps (B, H, W, 3) metres of latents (B, 8, h, w)."""
        rgb = self.rgb_autoencoder.denormalise(self.rgb_autoencoder.decode(latents[:, :4]))
        pointmap = self.pointmap_autoencoder.denormalise(self.pointmap_autoencoder.decode(latents[:, 4:]))
        return rgb, pointmap

    @torch.no_grad()
    def align(self, conditioning: torch.Tensor, pointmap: np.ndarray) -> np.ndarray:
        """Return T_n_m (4, 4) inferred from the conditioning latents (1, 2, 8, h, w) and pointmaps (2, H, W, 3)."""
        source = subsample(pointmap[1])
        target = self.view_alignment(conditioning)[0].float().cpu().numpy()
        known = valid_points(source)
        return polish_transform(fit_rigid_transform(source[known], target[known]), *pointmap)

    @torch.no_grad()
    def __call__(
        self,
        rgb: np.ndarray,
        pointmap: np.ndarray,
        steps: int,
        generator: torch.Generator | None = None,
        progress: Callable[[int, int], None] = lambda step, steps: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> TwoViewVideo:
        """Imagine the future of views n and m.

        rgb: (2, H, W, 3) uint8; pointmap: (2, H, W, 3) metres, NaN invalid, each in the frame of its own camera.
        Raises PredictionCancelled.
        """
        conditioning = self.encode(rgb, pointmap)[None]
        T_n_m = self.align(conditioning, pointmap)  # noqa: N806
        observed = np.stack([pointmap[0], transform_points(T_n_m, pointmap[1])])
        base = self.encode(rgb, observed)
        noise = torch.randn((1, 2, FRAMES, *base.shape[1:]), generator=generator).to(base.device)
        change = self.scheduler.sample(
            lambda noisy, c_noise: self.unet(noisy, conditioning, c_noise), noise, steps, progress, cancelled,
        )
        latents = base[:, None] + change[0] * self.unet.output_scale
        rgb_future, points_future = self.decode(latents.flatten(0, 1))
        rgb_base, points_base = self.decode(base)
        shape = (2, FRAMES, *rgb.shape[1:])
        future = rgb_future.reshape(shape), points_future.reshape(shape)
        return TwoViewVideo(*keep_still_pixels(future, (rgb_base, points_base), (rgb, observed)), T_n_m)


def keep_still_pixels(future, base, observed) -> tuple[np.ndarray, np.ndarray]:
    """Take pixels that do not change from the observation, so that the autoencoders' error does not touch them.

    Each argument is (colour, points): of the future (2, T, H, W, 3), of the observation after the autoencoders and of
    the observation itself (2, H, W, 3). A pixel is still when its decoded point and colour stay within STILL_METRES
    and STILL_COLOUR of the decoded observation.
    """
    (rgb, points), (rgb_base, points_base), (rgb_observed, points_observed) = future, base, observed
    moved = np.linalg.norm(points - points_base[:, None], axis=-1)
    recoloured = np.abs(rgb.astype(np.float32) - rgb_base[:, None]).max(axis=-1) / 127.5
    both_unknown = ~valid_points(points) & ~valid_points(points_base)[:, None]
    still = (((moved < STILL_METRES) | both_unknown) & (recoloured < STILL_COLOUR))[..., None]
    return np.where(still, rgb_observed[:, None], rgb), np.where(still, points_observed[:, None], points)
