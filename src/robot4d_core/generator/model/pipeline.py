# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The two-view 4-D video pipeline: from what two cameras see now to ten future frames of colour and points.

Forms, by how the model was made. The method as published diffuses the latents of the future, and the U-Net alone
turns what view m observes into frame n. With diffuse_change it is the change of the latents against the observation
that is diffused, so that a network that says nothing predicts a frozen scene; or, where the U-Net is shown a base (the
robot on its way through that scene), against this. With a view alignment, the points that view m observes are placed in
frame n by the transform that `view_alignment.py` infers, and the U-Net is told of them too. The second camera's
extrinsic enters no form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from robot4d_core.generator.model.autoencoder_interface import Autoencoder
from robot4d_core.generator.model.base_video.base_video import BaseVideo
from robot4d_core.generator.model.diffusion import TwoViewDiffusion
from robot4d_core.generator.model.path.network import PathNetwork
from robot4d_core.generator.model.unet import TwoViewUNet
from robot4d_core.generator.model.view_alignment import ViewAlignment, polish_transform, subsample
from robot4d_core.geometry.pointmaps import transform_points, valid_points
from robot4d_core.geometry.rigid_fit import fit_rigid_transform
from robot4d_core.prediction import FRAMES

UNCHANGED_METRES = 0.05
UNCHANGED_COLOUR = 0.25  # of a range of 2


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
    """What the U-Net is told, encoded once per prediction.

    latents: (B, 2, D, h, w), of colours, of points in the view's own frame and, with a view alignment, in frame n;
    context: (B, 2, channels), each view's image embedding, None for a U-Net that makes its context of the latents;
    base: (B, 2, T, C, h, w), None for a U-Net that is not shown it.
    """

    latents: torch.Tensor
    context: torch.Tensor | None
    base: torch.Tensor | None = None


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
    the base and nothing more.
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
    def observe(self, rgb: np.ndarray, pointmap: np.ndarray, T_n_m: np.ndarray | None = None) -> Observed:
        """Encode what views n and m observe: (2, H, W, 3) uint8 and (2, H, W, 3) metres, each in its own frame.

        T_n_m: (4, 4), where view m is already known to stand; otherwise the view alignment, if there is one, says it.
        """
        frozen = conditioning = self.encode(rgb, pointmap)
        placed = pointmap
        if self.view_alignment is not None:
            if T_n_m is None:
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
        context, base = (
            None if told is None else told.to(unet.dtype) for told in (conditioning.context, conditioning.base))

        def network(noisy: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
            return unet(noisy.to(unet.dtype), latents, c_noise, context, base).float()

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
        base: BaseVideo | None = None,
    ) -> TwoViewVideo:
        """Imagine the future of views n and m.

        rgb: (2, H, W, 3) uint8; pointmap: (2, H, W, 3) metres, NaN invalid, each in the frame of its own camera; base:
        what the U-Net changes, None for a frozen scene. Raises PredictionCancelled, and ParameterError when
        decode_memory is too low for a single frame.
        """
        observed = self.observe(rgb, pointmap, base and base.T_n_m)
        if base is None:
            base = BaseVideo(rgb[:, None], observed.pointmap[:, None], observed.T_n_m)
            latents = observed.latents[:, None]
        else:
            latents = self.encode(*(images.reshape(-1, *images.shape[2:]) for images in (base.rgb, base.pointmap)))
            latents = latents.unflatten(0, base.rgb.shape[:2])
        conditioning = observed.conditioning
        if self.unet.config.base:
            conditioning = replace(conditioning, base=latents.expand(-1, FRAMES, -1, -1, -1)[None])
        diffused = self.denoise(conditioning, steps, generator, progress, cancelled)
        if not self.config.diffuse_change:
            return TwoViewVideo(*self.decode(diffused), observed.T_n_m)
        video = keep_unchanged_pixels(
            self.decode(latents + diffused), self.decode(latents), (base.rgb, base.pointmap))
        return TwoViewVideo(*video, observed.T_n_m)


def keep_unchanged_pixels(future, decoded, base) -> tuple[np.ndarray, np.ndarray]:
    """Take pixels that do not change from the base, so that the autoencoders' error does not touch them.

    Each argument is (colour, points): of the future (2, T, H, W, 3), of the base after the autoencoders and of the base
    itself, (2, T or 1, H, W, 3). A pixel is unchanged when its decoded point and colour stay within UNCHANGED_METRES
    and UNCHANGED_COLOUR of the decoded base.
    """
    (rgb, points), (rgb_decoded, points_decoded), (rgb_base, points_base) = future, decoded, base
    moved = np.linalg.norm(points - points_decoded, axis=-1)
    recoloured = np.abs(rgb.astype(np.float32) - rgb_decoded).max(axis=-1) / 127.5
    both_unknown = ~valid_points(points) & ~valid_points(points_decoded)
    unchanged = (((moved < UNCHANGED_METRES) | both_unknown) & (recoloured < UNCHANGED_COLOUR))[..., None]
    return np.where(unchanged, rgb_base, rgb), np.where(unchanged, points_base, points)
