# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The two-view video U-Net: one encoder, two decoders, attention from the second view to the reference view.

Built from the blocks of Stable Video Diffusion as diffusers has them (`UNetSpatioTemporalConditionModel`), with the
same names, so that its weights fit where the shapes do. View n is the reference camera, view m the other one. View n
never sees view m.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.unets.unet_3d_blocks import UNetMidBlockSpatioTemporal, get_down_block, get_up_block
from torch import nn


class CrossViewAttention(nn.Module):
    """Tokens of view m look at the tokens of view n in the same frame (paper, A.1 and figure 6).

    Residual with a zero-initialised output, so that a new layer changes nothing. (B T, C, h, w) each.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.norm_m = nn.LayerNorm(channels)
        self.norm_n = nn.LayerNorm(channels)
        self.attention = Attention(channels, cross_attention_dim=channels, heads=heads, dim_head=channels // heads)
        nn.init.zeros_(self.attention.to_out[0].weight)
        nn.init.zeros_(self.attention.to_out[0].bias)

    def forward(self, features_m: torch.Tensor, features_n: torch.Tensor) -> torch.Tensor:
        """Return the features of view m, updated by what they found in view n."""
        queries = self.norm_m(features_m.flatten(2).transpose(1, 2))
        keys = self.norm_n(features_n.flatten(2).transpose(1, 2))
        return features_m + self.attention(queries, keys).transpose(1, 2).reshape(features_m.shape)


class Decoder(nn.Module):
    """One view's way up: the up blocks and the output convolution of SVD's U-Net."""

    def __init__(self, up_blocks: nn.ModuleList, channels: int, out_channels: int) -> None:
        super().__init__()
        self.up_blocks = up_blocks
        self.conv_norm_out = nn.GroupNorm(32, channels, eps=1e-5)
        self.conv_out = nn.Conv2d(channels, out_channels, 3, padding=1)

    def layers(self):
        """Yield (block, resnet, attention or None, upsampler or None) of each decoder layer, from the middle up."""
        for block in self.up_blocks:
            for i, resnet in enumerate(block.resnets):
                last = i == len(block.resnets) - 1
                yield (
                    resnet,
                    block.attentions[i] if hasattr(block, 'attentions') else None,
                    block.upsamplers[0] if last and block.upsamplers is not None else None,
                )

    def output(self, features: torch.Tensor) -> torch.Tensor:
        """Turn the last features into the prediction."""
        return self.conv_out(F.silu(self.conv_norm_out(features)))


class TwoViewUNet(ModelMixin, ConfigMixin):
    """Predicts 8 channels (RGB 4, pointmap 4) per view and frame from 16 (the same, noisy, and the conditioning).

    patch_size folds latents into channels before the first convolution. context_grid: the conditioning latents
    of a view are pooled to this size and projected to the one token that SVD's cross-attention expects in place of
    CLIP's image embedding. output_scale (a buffer, (2, 1, 8, 1, 1)): the standard deviation, per view and channel, of
    what is diffused, in units of the autoencoders' latents.
    """

    @register_to_config
    def __init__(
        self,
        in_channels: int = 16,
        out_channels: int = 8,
        patch_size: int = 2,
        block_out_channels: tuple[int, ...] = (32, 64, 128),
        down_block_types: tuple[str, ...] = (
            'DownBlockSpatioTemporal', 'DownBlockSpatioTemporal', 'DownBlockSpatioTemporal',
        ),
        up_block_types: tuple[str, ...] = (
            'UpBlockSpatioTemporal', 'UpBlockSpatioTemporal', 'UpBlockSpatioTemporal',
        ),
        layers_per_block: int = 1,
        attention_head_dim: int = 32,
        cross_attention_dim: int = 64,
        context_grid: tuple[int, int] = (4, 5),
    ) -> None:
        super().__init__()
        channels = list(block_out_channels)
        time_channels = 4 * channels[0]
        heads = [width // attention_head_dim for width in channels]
        self.conv_in = nn.Conv2d(in_channels * patch_size**2, channels[0], 3, padding=1)
        self.time_proj = Timesteps(channels[0], True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(channels[0], time_channels)
        self.context = nn.Linear(in_channels // 2 * context_grid[0] * context_grid[1], cross_attention_dim)

        common = dict(resnet_eps=1e-5, resnet_act_fn='silu', cross_attention_dim=cross_attention_dim,
                      temb_channels=time_channels, transformer_layers_per_block=1)
        last = len(channels) - 1
        self.down_blocks = nn.ModuleList(
            get_down_block(
                kind, num_layers=layers_per_block, in_channels=channels[max(i - 1, 0)], out_channels=channels[i],
                add_downsample=i < last, num_attention_heads=heads[i], **common,
            )
            for i, kind in enumerate(down_block_types)
        )
        self.mid_block = UNetMidBlockSpatioTemporal(
            channels[-1], temb_channels=time_channels, cross_attention_dim=cross_attention_dim,
            num_attention_heads=heads[-1],
        )
        up_blocks = nn.ModuleList(
            get_up_block(
                kind, num_layers=layers_per_block + 1, in_channels=channels[max(last - i - 1, 0)],
                prev_output_channel=channels[min(last - i + 1, last)], out_channels=channels[last - i],
                add_upsample=i < last, num_attention_heads=heads[last - i], resolution_idx=i, **common,
            )
            for i, kind in enumerate(up_block_types)
        )
        self.decoder_n = Decoder(up_blocks, channels[0], out_channels * patch_size**2)
        nn.init.zeros_(self.decoder_n.conv_out.weight)
        nn.init.zeros_(self.decoder_n.conv_out.bias)
        self.decoder_m = copy.deepcopy(self.decoder_n)
        self.cross_view_attentions = nn.ModuleList(
            CrossViewAttention(width, width // attention_head_dim)
            for width in reversed(channels) for _ in range(layers_per_block + 1)
        )
        self.register_buffer('output_scale', torch.ones(2, 1, out_channels, 1, 1))

    def forward(self, noisy: torch.Tensor, conditioning: torch.Tensor, c_noise: torch.Tensor) -> torch.Tensor:
        """Return the raw network output for both views, (B, 2, T, out_channels, h, w).

        noisy: (B, 2, T, 8, h, w) scaled noisy latents of views n and m; conditioning: (B, 2, 8, h, w) latents of
        what was observed, each view's pointmap in its own frame; c_noise: (B,) embedded noise level.
        """
        batch, views, frames = noisy.shape[:3]
        condition = conditioning[:, :, None].expand(-1, -1, frames, -1, -1, -1)
        features = torch.cat([noisy, condition], dim=3).flatten(0, 2)
        features = self.conv_in(F.pixel_unshuffle(features, self.config.patch_size))
        time = self.time_proj(c_noise).to(noisy.dtype)
        time = self.time_embedding(time).repeat_interleave(views * frames, 0)
        context = self.context(F.adaptive_avg_pool2d(conditioning.flatten(0, 1), self.config.context_grid).flatten(1))
        context = context.repeat_interleave(frames, 0)[:, None]
        images_only = torch.zeros(batch * views, frames, device=noisy.device)

        skips = [features]
        for block in self.down_blocks:
            attends = dict(encoder_hidden_states=context) if hasattr(block, 'attentions') else {}
            features, outputs = block(features, temb=time, image_only_indicator=images_only, **attends)
            skips += outputs
        features = self.mid_block(
            features, temb=time, encoder_hidden_states=context, image_only_indicator=images_only,
        )

        def view(tensor: torch.Tensor, index: int) -> torch.Tensor:
            return tensor.unflatten(0, (batch, views, frames))[:, index].flatten(0, 1)

        states = [view(features, 0), view(features, 1)]
        contexts = [view(context, 0), view(context, 1)]
        time, images_only = view(time, 0), images_only[:batch]
        layers = zip(self.decoder_n.layers(), self.decoder_m.layers(), self.cross_view_attentions, strict=True)
        for layer_n, layer_m, cross_view in layers:
            skip = skips.pop()
            for index, (resnet, attention, upsampler) in enumerate((layer_n, layer_m)):
                state = torch.cat([states[index], view(skip, index)], dim=1)
                state = resnet(state, time, image_only_indicator=images_only)
                if attention is not None:
                    state = attention(state, contexts[index], images_only, return_dict=False)[0]
                states[index] = upsampler(state) if upsampler is not None else state
            states[1] = cross_view(states[1], states[0])

        outputs = [self.decoder_n.output(states[0]), self.decoder_m.output(states[1])]
        output = F.pixel_shuffle(torch.stack(outputs, dim=1).flatten(0, 1), self.config.patch_size)
        return output.unflatten(0, (batch, frames, views)).transpose(1, 2)
