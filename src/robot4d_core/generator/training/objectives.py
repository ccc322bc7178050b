# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What every stage minimises: modules that turn a batch and a generator of noise into named losses."""

from __future__ import annotations

import torch
from torch import nn

from robot4d_core.generator.model.autoencoder_interface import Autoencoder, PointmapImages
from robot4d_core.generator.model.diffusion import TwoViewDiffusion
from robot4d_core.generator.model.path.diffusion import ALL_NOISE, path_loss
from robot4d_core.generator.model.path.network import PathNetwork
from robot4d_core.generator.model.unet import TwoViewUNet
from robot4d_core.generator.model.view_alignment import ViewAlignment
from robot4d_core.generator.training.batches import AlignmentBatch, DiffusionBatch, ImageBatch
from robot4d_core.generator.training.path.path_batches import PathBatch

LATENT_NOISE = 0.02  # standard deviation, keeps the decoder smooth around the latents
LATENT_SIZE_PENALTY = 1e-3  # weight of the mean square latent
GRIPPER_WEIGHT = 4.0  # added to 1 inside the gripper's mask when the autoencoders train


class AutoencoderObjective(nn.Module):
    """Reconstruction of colours, or of pointmaps where they are known."""

    def __init__(self, autoencoder: Autoencoder) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def images(self, batch: ImageBatch) -> torch.Tensor:
        """Return the batch as the autoencoder's numbers, on its device."""
        of_points = isinstance(self.autoencoder, PointmapImages)
        return self.autoencoder.normalise(batch.pointmap if of_points else batch.rgb)

    def forward(self, batch: ImageBatch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Return the losses of images, of which those of the gripper count more."""
        images = self.images(batch)
        weight = 1 + GRIPPER_WEIGHT * torch.from_numpy(batch.gripper).to(images.device)[:, None].float()
        latents = self.autoencoder.encode(images)
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        output = self.autoencoder.decode(latents + LATENT_NOISE * noise, batch.frames)
        reconstruction = self.autoencoder.reconstruction_loss(output.float(), images, weight)
        return {'loss': reconstruction + LATENT_SIZE_PENALTY * latents.float().square().mean(),
                'reconstruction': reconstruction}


class AlignmentObjective(nn.Module):
    """Mean distance of view m's known points to where they are in frame n, metres."""

    def __init__(self, alignment: ViewAlignment) -> None:
        super().__init__()
        self.alignment = alignment

    def forward(self, batch: AlignmentBatch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Return the loss of a batch; it needs no noise."""
        device = self.alignment.device
        target = batch.target.to(device)
        distance = torch.linalg.vector_norm(
            self.alignment(batch.latents.to(device)).float() - target.nan_to_num(), dim=-1)
        return {'loss': distance[target.isfinite().all(-1)].mean()}


class DiffusionObjective(nn.Module):
    """The paper's equations 1 to 4; see TwoViewDiffusion.loss."""

    def __init__(self, unet: TwoViewUNet, diffusion: TwoViewDiffusion) -> None:
        super().__init__()
        self.unet, self._diffusion = unet, diffusion

    def forward(self, batch: DiffusionBatch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Return the losses of windows with noise of random levels."""
        device = self.unet.device
        conditioning, target, gripper, valid = (
            tensor.to(device) for tensor in (batch.conditioning, batch.target, batch.gripper, batch.valid))
        context, base = (
            None if told is None else told.to(device) for told in (batch.context, batch.base))
        terms = self._diffusion.loss(
            lambda noisy, c_noise: self.unet(noisy, conditioning, c_noise, context, base),
            target / self.unet.output_scale, gripper, valid,
            self._diffusion.sample_sigma(len(target), generator).to(device),
            torch.randn(target.shape, generator=generator).to(device),
        )
        named = {'loss' if name == 'total' else name: loss for name, loss in vars(terms).items()}
        return {name: loss for name, loss in named.items() if loss is not None}


class PathObjective(nn.Module):
    """Distance of imagined paths from those that were taken; see model/path/diffusion.py."""

    def __init__(self, network: PathNetwork, all_noise: float = ALL_NOISE) -> None:
        super().__init__()
        self.network, self._all_noise = network, all_noise

    def forward(self, batch: PathBatch, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Return the losses of a batch."""
        with torch.autocast(batch.clean.device.type, enabled=False):  # bfloat16 tells places to the centimetre only
            return path_loss(self.network, batch.clean, batch.given, generator, self._all_noise)
