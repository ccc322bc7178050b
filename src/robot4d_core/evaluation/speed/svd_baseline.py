# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What the two-view model is compared with: diffusers' Stable Video Diffusion, as wide and for images as large."""

from __future__ import annotations

import math

import numpy as np
from diffusers import (
    AutoencoderKLTemporalDecoder,
    EulerDiscreteScheduler,
    StableVideoDiffusionPipeline,
    UNetSpatioTemporalConditionModel,
)
from PIL import Image
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from robot4d_core.errors import ConfigurationError
from robot4d_core.generator.model.configurations import LATENT_CHANNELS, Configuration
from robot4d_core.prediction import FRAMES

GROUPS = 32  # of the group normalisation of diffusers' autoencoder, which divide its channels
NARROW_IMAGE_ENCODER = dict(
    hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=1, image_size=224, patch_size=56,
)
LATENT_FACTOR = 8  # how much coarser latents are than images
DEFAULT_GUIDANCE = 3.0  # of the last frame; 1 means none


def make_svd(configuration: Configuration) -> StableVideoDiffusionPipeline:
    """Make the pipeline with random weights.

    The U-Net has the blocks and widths of the configuration's, on latents eight times coarser than the image. So do
    autoencoders of Stable Video Diffusion's kind; instead of one that folds patches there is one as wide where that
    one works, and above as narrow as can be. Where the configuration has no image encoder, Stable Video Diffusion's is
    too narrow to matter. Raises ConfigurationError for an image that this pipeline cannot divide often enough.
    """
    unet = configuration.unet
    factor = LATENT_FACTOR * 2 ** (len(unet['block_out_channels']) - 1)
    if any(size % factor for size in configuration.image_size):
        raise ConfigurationError(
            f'Stable Video Diffusion with {len(unet["block_out_channels"])} levels needs images whose sizes are '
            f'multiples of {factor}, got {"x".join(map(str, configuration.image_size))}')
    context = dict(projection_dim=unet['cross_attention_dim'])
    time_channels = unet.get('addition_time_embed_dim', 256)
    return StableVideoDiffusionPipeline(
        vae=AutoencoderKLTemporalDecoder(**_autoencoder(configuration)).eval(),
        image_encoder=CLIPVisionModelWithProjection(
            CLIPVisionConfig(**(configuration.image_encoder or NARROW_IMAGE_ENCODER | context))).eval(),
        unet=UNetSpatioTemporalConditionModel(
            in_channels=2 * LATENT_CHANNELS, out_channels=LATENT_CHANNELS, num_frames=FRAMES,
            **{name: tuple(unet[name]) for name in ('down_block_types', 'up_block_types', 'block_out_channels')},
            layers_per_block=unet['layers_per_block'], cross_attention_dim=unet['cross_attention_dim'],
            num_attention_heads=tuple(width // unet['attention_head_dim'] for width in unet['block_out_channels']),
            addition_time_embed_dim=time_channels, projection_class_embeddings_input_dim=3 * time_channels,
        ).eval(),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule='scaled_linear', prediction_type='v_prediction',
            sigma_min=0.002, sigma_max=700.0, steps_offset=1, timestep_spacing='leading', timestep_type='continuous',
            use_karras_sigmas=True,
        ),
        feature_extractor=CLIPImageProcessor(),
    )


def imagine_views(
    pipeline: StableVideoDiffusionPipeline, rgb: np.ndarray, steps: int, *, guided: bool, together: bool,
) -> list[np.ndarray]:
    """Return videos (T, H, W, 3) in [0, 1] of what views see, (V, H, W, 3) uint8, in one run together or in V runs."""
    images = [Image.fromarray(image) for image in rgb]
    height, width = rgb.shape[1:3]
    videos = []
    for batch in [images] if together else images:
        videos += list(pipeline(
            batch, height, width, num_frames=FRAMES, num_inference_steps=steps, output_type='np',
            max_guidance_scale=DEFAULT_GUIDANCE if guided else 1.0,
        ).frames)
    return videos


def _autoencoder(configuration: Configuration) -> dict:
    ours = configuration.rgb_autoencoder
    if configuration.autoencoder == 'temporal':
        widths, layers = ours['block_out_channels'], ours['layers_per_block']
    else:
        width = GROUPS * math.ceil(ours['width'] / GROUPS)
        widths, layers = (GROUPS, GROUPS, width, width), 1
    return dict(
        block_out_channels=tuple(widths), layers_per_block=layers,
        down_block_types=('DownEncoderBlock2D',) * len(widths),
    )
