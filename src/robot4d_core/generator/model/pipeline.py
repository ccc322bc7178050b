# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The two-view 4-D video pipeline: from what two cameras see now to ten future frames of colour and points.

Two forms, by how the model was made. The method as published diffuses the latents of the future, and the U-Net alone
turns what view m observes into frame n. With diffuse_change it is the change of the latents against the observation
that is diffused, so that a network that says nothing predicts a frozen scene. With a view alignment, the points that
view m observes are placed in frame n by the transform that `view_alignment.py` infers, and the U-Net is told of them
too. No extrinsic enters any form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from robot4d_core.generator.model.autoencoder_interface import Autoencoder
from robot4d_core.generator.model.diffusion import TwoViewDiffusion
from robot4d_core.generator.model.path.network import PathNetwork
from robot4d_core.generator.model.unet import TwoViewUNet
from robot4d_core.generator.model.view_alignment import ViewAlignment, polish_transform, subsample
from robot4d_core.geometry.pointmaps import transform_points, valid_points
from robot4d_core.geometry.rigid_fit import fit_rigid_transform
from robot4d_core.prediction import FRAMES

STILL_METRES = 0.05
STILL_COLOUR = 0.25  # of a range of 2


@dataclass(frozen=True)
class TwoViewVideo:
    """rgb (2, T, H, W, 3) uint8 and pointmap (2, T, H, W, 3) float32 metres in frame n, NaN unknown.

    T_n_m: (4, 4), where the model placed view m; None when it did not say.
    """

    rgb: np.ndarray
    pointmap: np.ndarray
    T_n_m: np.ndarray | None  # noqa: N815


@dataclass(frozen=True)
class Conditioning:
    """What the U-Net is told of the observation, encoded once per prediction.

    latents: (B, 2, D, h, w), of colours, of points in the view's own frame and, with a view alignment, in frame n;
    context: (B, 2, channels), each view's image embedding, None for a U-Net that makes its context of the latents.
    """

    latents: torch.Tensor
    context: torch.Tensor | None


@dataclass(frozen=True)
class Observed:
    """An observation as the model sees it.

    latents: (2, C, h, w), what a frozen scene would remain; pointmap: (2, H, W, 3) metres, view m's in frame n where
    the model placed view m, NaN for a model of colours alone; T_n_m: (4, 4), None when it did not place it.
    """

    conditioning: Conditioning
    latents: torch.Tensor
    pointmap: np.ndarray
    T_n_m: np.ndarray | None  # noqa: N815


class TwoViewPipeline(DiffusionPipeline):
    """Autoencoders, view alignment, U-Net and diffusion, saved and loaded as one diffusers folder.

    pointmap_autoencoder: None for the ablations that know colours only; their pointmaps are NaN. view_alignment: None
    for the method as published and where view m is told nothing of view n; what view m changes is then against its
    points in its own frame. image_encoder: transformers' CLIPVisionModelWithProjection where the U-Net takes its
    embeddings. image_size: width, height that the model was trained at. decode_memory (settable) is the ceiling in MiB
    of the features that decoding holds; see `Autoencoder.decode_videos` for what a low one costs. path: what imagines
    the grippers' paths before the video; None for the method as published. unet and scheduler: None where the video is
    the robot on these paths and nothing more.
    """

    _optional_components = [  # noqa: RUF012
        'pointmap_autoencoder', 'view_alignment', 'image_encoder', 'path', 'unet', 'scheduler']
    decode_memory = 4096.0

    def __init__(
        self,
        rgb_autoencoder: Autoencoder,
        pointmap_autoencoder: Autoencoder | None,
        view_alignment: ViewAlignment | None,
        unet: TwoViewUNet | None,
        scheduler: TwoViewDiffusion | None,
        image_encoder=None,
        path: PathNetwork | None = None,
        image_size: list[int] = (160, 128),
        diffuse_change: bool = True,
    ) -> None:
        super().__init__()
        self.register_modules(
            rgb_autoencoder=rgb_autoencoder, pointmap_autoencoder=pointmap_autoencoder, view_alignment=view_alignment,
            unet=unet, scheduler=scheduler, image_encoder=image_encoder, path=path,
        )
        self.register_to_config(image_size=image_size, diffuse_change=diffuse_change)

    @torch.no_grad()
    def encode(self, rgb: np.ndarray, pointmap: np.ndarray) -> torch.Tensor:
        """Return the latents (B, C, h, w) of images (B, H, W, 3) uint8 and pointmaps (B, H, W, 3) metres."""
        latents = [self.rgb_autoencoder.encode(self.rgb_autoencoder.normalise(rgb))]
        if self.pointmap_autoencoder is not None:
            latents.append(self.pointmap_autoencoder.encode(self.pointmap_autoencoder.normalise(pointmap)))
        return torch.cat(latents, dim=1)

    @torch.no_grad()
    def observe(self, rgb: np.ndarray, pointmap: np.ndarray) -> Observed:
        """Encode what views n and m observe: (2, H, W, 3) uint8 and (2, H, W, 3) metres, each in its own frame."""
        frozen = conditioning = self.encode(rgb, pointmap)
        T_n_m, placed = None, pointmap  # noqa: N806
        if self.view_alignment is not None:
            T_n_m = self.align(conditioning[None], pointmap)  # noqa: N806
            placed = np.stack([pointmap[0], transform_points(T_n_m, pointmap[1])])
            frozen = self.encode(rgb, placed)
            conditioning = torch.cat([conditioning, frozen[:, self.rgb_autoencoder.config.latent_channels:]], dim=1)
        elif self.pointmap_autoencoder is None:
            placed = np.full_like(pointmap, np.nan)
        context = None
        if self.image_encoder is not None:
            from robot4d_core.generator.model.image_context import embed_images

            context = embed_images(self.image_encoder, rgb)[None]
        return Observed(Conditioning(conditioning[None], context), frozen, placed, T_n_m)

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return images (V, T, H, W, 3) uint8 and pointmaps (V, T, H, W, 3) metres of latents (V, T, C, h, w).

        Raises ParameterError when decode_memory is too low for a single frame.
        """
        videos, colours = latents.shape[:2], self.rgb_autoencoder.config.latent_channels
        frames = self.rgb_autoencoder.decode_videos(latents[:, :, :colours], self.decode_memory)
        rgb = self.rgb_autoencoder.denormalise(frames.flatten(0, 1))
        if self.pointmap_autoencoder is None:
            pointmap = np.full(rgb.shape, np.nan, np.float32)
        else:
            frames = self.pointmap_autoencoder.decode_videos(latents[:, :, colours:], self.decode_memory)
            pointmap = self.pointmap_autoencoder.denormalise(frames.flatten(0, 1))
        return tuple(images.reshape(*videos, *images.shape[1:]) for images in (rgb, pointmap))

    @torch.no_grad()
    def align(self, conditioning: torch.Tensor, pointmap: np.ndarray) -> np.ndarray:
        """Return T_n_m (4, 4) inferred from the latents (1, 2, C, h, w) and pointmaps (2, H, W, 3)."""
        source = subsample(pointmap[1])
        target = self.view_alignment(conditioning)[0].float().cpu().numpy()
        known = valid_points(source)
        return polish_transform(fit_rigid_transform(source[known], target[known]), *pointmap)

    @torch.no_grad()
    def denoise(
        self,
        conditioning: Conditioning,
        steps: int,
        generator: torch.Generator | None = None,
        progress: Callable[[int, int], None] = lambda step, steps: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> torch.Tensor:
        """Return what is diffused, in the autoencoders' units: latents, or their change, (2, T, C, h, w) float32.

        Raises PredictionCancelled.
        """
        unet = self.unet
        latents = conditioning.latents.to(unet.dtype)
        context = None if conditioning.context is None else conditioning.context.to(unet.dtype)

        def network(noisy: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
            return unet(noisy.to(unet.dtype), latents, c_noise, context).float()

        _, views, _, *size = latents.shape
        noise = torch.randn((1, views, FRAMES, unet.config.out_channels, *size), generator=generator).to(latents.device)
        return self.scheduler.sample(network, noise, steps, progress, cancelled)[0] * unet.output_scale.float()

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
        Raises PredictionCancelled, and ParameterError when decode_memory is too low for a single frame.
        """
        observed = self.observe(rgb, pointmap)
        diffused = self.denoise(observed.conditioning, steps, generator, progress, cancelled)
        if not self.config.diffuse_change:
            return TwoViewVideo(*self.decode(diffused), observed.T_n_m)
        future = self.decode(observed.latents[:, None] + diffused)
        frozen = self.decode(observed.latents[:, None])
        return TwoViewVideo(
            *keep_still_pixels(future, [images[:, 0] for images in frozen], (rgb, observed.pointmap)), observed.T_n_m
        )


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
