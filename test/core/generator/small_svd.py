# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A Stable Video Diffusion of random weights: every kind of block, narrow, with the published settings otherwise."""

from __future__ import annotations

from dataclasses import replace

import torch
from diffusers import (
    AutoencoderKLTemporalDecoder,
    EulerDiscreteScheduler,
    StableVideoDiffusionPipeline,
    UNetSpatioTemporalConditionModel,
)
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from robot4d_core.generator.model.configurations import Configuration, ablated, read_configuration

WIDTHS = (32, 64, 64, 64)
AUTOENCODER_WIDTHS = (32, 32, 64, 64)
HEAD_CHANNELS = 16
CONTEXT_CHANNELS = 24
TIME_CHANNELS = 32
IMAGE_ENCODER = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=224,
                     patch_size=56, projection_dim=CONTEXT_CHANNELS, hidden_act='gelu')


def small_svd() -> StableVideoDiffusionPipeline:
    """Make the pipeline; no weight is zero, so that every one matters."""
    torch.manual_seed(0)
    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=WIDTHS, num_attention_heads=tuple(width // HEAD_CHANNELS for width in WIDTHS),
        cross_attention_dim=CONTEXT_CHANNELS, addition_time_embed_dim=TIME_CHANNELS,
        projection_class_embeddings_input_dim=3 * TIME_CHANNELS,
    )
    vae = AutoencoderKLTemporalDecoder(
        down_block_types=('DownEncoderBlock2D',) * 4, block_out_channels=AUTOENCODER_WIDTHS, layers_per_block=2,
    )
    image_encoder = CLIPVisionModelWithProjection(CLIPVisionConfig(**IMAGE_ENCODER))
    with torch.no_grad():
        for weight in (*unet.parameters(), *vae.parameters()):
            weight.add_(0.02 * torch.randn_like(weight))
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule='scaled_linear', prediction_type='v_prediction',
        sigma_min=0.002, sigma_max=700.0, steps_offset=1, timestep_spacing='leading', timestep_type='continuous',
        use_karras_sigmas=True,
    )
    return StableVideoDiffusionPipeline(
        vae.eval(), image_encoder.eval(), unet.eval(), scheduler, CLIPImageProcessor())


def small_svd_configuration(ablation: str = 'full') -> Configuration:
    """Return the configuration `svd` with the widths of small_svd."""
    configuration = read_configuration('svd')
    widths = dict(block_out_channels=list(AUTOENCODER_WIDTHS))
    return ablated(replace(
        configuration,
        image_size=[80, 64],
        rgb_autoencoder=configuration.rgb_autoencoder | widths,
        pointmap_autoencoder=configuration.pointmap_autoencoder | widths,
        image_encoder=IMAGE_ENCODER,
        unet=configuration.unet | dict(
            block_out_channels=list(WIDTHS), attention_head_dim=HEAD_CHANNELS, cross_attention_dim=CONTEXT_CHANNELS,
            addition_time_embed_dim=TIME_CHANNELS,
        ),
    ), ablation)
