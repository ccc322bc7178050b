# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Randomly initialised models, small enough for tests."""

from __future__ import annotations

import torch

from robot4d_core.generator.autoencoder import PointmapAutoencoder, RgbAutoencoder
from robot4d_core.generator.diffusion import TwoViewDiffusion
from robot4d_core.generator.pipeline import TwoViewPipeline
from robot4d_core.generator.unet import TwoViewUNet
from robot4d_core.generator.view_alignment import ViewAlignment


def tiny_unet(seed: int = 0) -> TwoViewUNet:
    """Make a two-level U-Net, one level with attention, whose outputs are not zero."""
    torch.manual_seed(seed)
    unet = TwoViewUNet(
        block_out_channels=(32, 32),
        down_block_types=('DownBlockSpatioTemporal', 'CrossAttnDownBlockSpatioTemporal'),
        up_block_types=('CrossAttnUpBlockSpatioTemporal', 'UpBlockSpatioTemporal'),
    )
    for decoder in (unet.decoder_n, unet.decoder_m):
        torch.nn.init.normal_(decoder.conv_out.weight, std=0.1)
    return unet.eval()


def tiny_pipeline(seed: int = 0) -> TwoViewPipeline:
    """Make a pipeline of random weights."""
    unet = tiny_unet(seed)
    return TwoViewPipeline(
        RgbAutoencoder(width=8, encoder_blocks=1, decoder_blocks=1).eval(),
        PointmapAutoencoder(width=8, encoder_blocks=1, decoder_blocks=1).eval(),
        ViewAlignment(width=32, layers=1).eval(), unet, TwoViewDiffusion(),
    )
