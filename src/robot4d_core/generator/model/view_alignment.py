# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where the second view stands, as the model infers it: view m's observed points, regressed in frame n.

A network looks at what both cameras observe and regresses the pointmap of view m in the frame of view n on a coarse
grid, as DUSt3R does; the rigid transform that best explains it (Procrustes), polished by GICP on what both views
observe, turns the whole observed pointmap of view m into frame n without loss of detail. The diffusion model then
only has to imagine the change against it. No extrinsic enters; T_n_m of the training cameras is only the regression
target.
"""

from __future__ import annotations

import numpy as np
import small_gicp
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

from robot4d_core.generator.model.autoencoder import ResidualBlock
from robot4d_core.geometry.pointmaps import valid_points

GRID = (16, 20)  # rows and columns of the regressed pointmap
POLISH_REACH = (0.1, 0.05, 0.02)  # metres between corresponding points, coarse to fine
POLISH_SPACING = 0.015  # metres


class ViewAlignment(ModelMixin, ConfigMixin):
    """Regresses the coarse pointmap of view m in frame n from the latents of what both views observe."""

    @register_to_config
    def __init__(self, latent_channels: int = 8, width: int = 128, layers: int = 3, heads: int = 4) -> None:
        super().__init__()
        rows, columns = GRID[0] // 2, GRID[1] // 2
        self.trunk = nn.Sequential(
            nn.PixelUnshuffle(2), nn.Conv2d(4 * latent_channels, width // 2, 3, padding=1), ResidualBlock(width // 2),
            nn.Conv2d(width // 2, width, 3, stride=2, padding=1), ResidualBlock(width), ResidualBlock(width),
        )
        self.position = nn.Parameter(0.02 * torch.randn(2, rows * columns, width))
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout=0.0, activation='gelu', batch_first=True,
                                           norm_first=True)
        self.transformer = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, 3 * 4)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the points of view m in frame n, (B, 16, 20, 3) metres; latents: (B, 2, C, 32, 40),
        each view's points in its own frame.
        """
        batch = len(latents)
        features = self.trunk(latents.flatten(0, 1))
        tokens = features.flatten(2).transpose(1, 2).unflatten(0, (batch, 2)) + self.position
        tokens = self.transformer(tokens.flatten(1, 2))[:, tokens.shape[2]:]
        points = self.head(tokens).transpose(1, 2).unflatten(2, features.shape[2:])
        return F.pixel_shuffle(points, 2).permute(0, 2, 3, 1)


def subsample(pointmap: np.ndarray) -> np.ndarray:
    """Return the points (..., 16, 20, 3) at the centres of the grid's cells of a pointmap (..., H, W, 3)."""
    height, width = pointmap.shape[-3:-1]
    rows = ((np.arange(GRID[0]) + 0.5) * height / GRID[0]).astype(int)
    columns = ((np.arange(GRID[1]) + 0.5) * width / GRID[1]).astype(int)
    return pointmap[..., rows[:, None], columns, :]


def polish_transform(T_n_m: np.ndarray, pointmap_n: np.ndarray, pointmap_m: np.ndarray) -> np.ndarray:  # noqa: N803
    """Return T_n_m (4, 4) refined by GICP between the pointmaps (H, W, 3) that n and m observe, in their own frames.

    The start must be within about POLISH_REACH of the truth; points that only one view sees take no part.
    """
    target, source = (pointmap[valid_points(pointmap)].astype(np.float64) for pointmap in (pointmap_n, pointmap_m))
    for reach in POLISH_REACH:
        result = small_gicp.align(
            target, source, init_T_target_source=T_n_m, registration_type='GICP', max_correspondence_distance=reach,
            downsampling_resolution=POLISH_SPACING,
        )
        T_n_m = result.T_target_source  # noqa: N806
    return T_n_m
