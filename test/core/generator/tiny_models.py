# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Randomly initialised models, small enough for tests."""

from __future__ import annotations

from dataclasses import replace

import torch

from robot4d_core.generator.model.configurations import Configuration, make_pipeline, make_unet, read_configuration
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.model.unet import TwoViewUNet


def tiny_configuration() -> Configuration:
    """Return the configuration `tiny` with narrower networks and a U-Net of two levels, one with attention."""
    configuration = read_configuration('tiny')
    narrow = dict(width=8, encoder_blocks=1, decoder_blocks=1)
    return replace(
        configuration,
        rgb_autoencoder=configuration.rgb_autoencoder | narrow,
        pointmap_autoencoder=configuration.pointmap_autoencoder | narrow,
        view_alignment=configuration.view_alignment | dict(width=32, layers=1),
        unet=configuration.unet | dict(
            block_out_channels=(32, 32),
            down_block_types=('DownBlockSpatioTemporal', 'CrossAttnDownBlockSpatioTemporal'),
            up_block_types=('CrossAttnUpBlockSpatioTemporal', 'UpBlockSpatioTemporal'),
        ),
    )


def tiny_unet(seed: int = 0, **changes) -> TwoViewUNet:
    """Make a two-level U-Net, one level with attention, whose outputs are not zero."""
    torch.manual_seed(seed)
    configuration = tiny_configuration()
    unet = make_unet(replace(configuration, unet=configuration.unet | changes))
    for name, weight in unet.named_parameters():
        if name.endswith('conv_out.weight'):
            torch.nn.init.normal_(weight, std=0.1)
    return unet.eval()


def tiny_pipeline(seed: int = 0) -> TwoViewPipeline:
    """Make a pipeline of random weights."""
    pipeline = make_pipeline(tiny_configuration(), unet=tiny_unet(seed))
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval()
    return pipeline
