# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The two-view video U-Net: one encoder, two decoders, attention from the second view to the reference view.

Built from the blocks of Stable Video Diffusion as diffusers has them (`UNetSpatioTemporalConditionModel`), with the
same names, so that its weights fit where the shapes do. View n is the reference camera, view m the other one. View n
never sees view m.

In the shape of Stable Video Diffusion each decoder has 12 layers, four blocks of three. Layer k of view m receives
the state of layer k - 1 and skip connection 13 - k of view m (of 12), and ends with cross-view attention k, whose
keys and values are the state of view n after its own layer k:

    layer  block                                  channels  stride (latents)  layer ends with
    1-3    up_blocks.0 UpBlockSpatioTemporal      1280      8, 8, 8 -> 4      upsampler after 3
    4-6    up_blocks.1 CrossAttnUpBlock...        1280      4, 4, 4 -> 2      CLIP attention; upsampler after 6
    7-9    up_blocks.2 CrossAttnUpBlock...         640      2, 2, 2 -> 1      CLIP attention; upsampler after 9
    10-12  up_blocks.3 CrossAttnUpBlock...         320      1, 1, 1           CLIP attention
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import NamedTuple

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


class DecoderLayer(NamedTuple):
    """A residual block, the attention to the context that follows it and the upsampling that ends a block."""

    resnet: nn.Module
    attention: nn.Module | None
    upsampler: nn.Module | None


class Decoder(nn.Module):
    """One view's way up: the up blocks and the output convolution of SVD's U-Net."""

    def __init__(self, up_blocks: nn.ModuleList, channels: int, out_channels: int) -> None:
        super().__init__()
        self.up_blocks = up_blocks
        self.conv_norm_out = nn.GroupNorm(32, channels, eps=1e-5)
        self.conv_out = nn.Conv2d(channels, out_channels, 3, padding=1)

    def layers(self) -> Iterator[DecoderLayer]:
        """Yield the layers from the middle up."""
        for block in self.up_blocks:
            for i, resnet in enumerate(block.resnets):
                last = i == len(block.resnets) - 1
                yield DecoderLayer(
                    resnet,
                    block.attentions[i] if hasattr(block, 'attentions') else None,
                    block.upsamplers[0] if last and block.upsamplers is not None else None,
                )

    def output(self, features: torch.Tensor) -> torch.Tensor:
        """Turn the last features into the prediction."""
        return self.conv_out(F.silu(self.conv_norm_out(features)))


class TwoViewUNet(ModelMixin, ConfigMixin):
    """Predicts C channels (out_channels) per view and frame from the C noisy latents and D of what was observed.

    C: RGB and pointmap, or RGB alone for the ablations that know no pointmaps. D (in_channels - C, or - 2 C with a
    base): RGB, the view's pointmap in its own frame and, where a view alignment is at work, in frame n. base: the
    network is also shown the C latents of every frame of the base, whose change it predicts.

    patch_size folds latents into channels before the first convolution. cross_view: attention of view m to view n
    after every decoder layer. shared_decoder: one decoder for both views. context_grid: the conditioning latents of a
    view are pooled to this size and projected to the one token of SVD's cross-attention; None: the token is given,
    CLIP's image embedding in SVD. added_time_ids: the frame rate, motion bucket and noise augmentation that SVD was
    trained to be told; None: a network without that embedding. conditioning_scale: SVD sees conditioning latents
    unscaled. output_scale (a buffer, (2, 1, C, 1, 1)): the standard deviation, per view and channel, of what is
    diffused, in units of the autoencoders' latents.
    """

    _supports_gradient_checkpointing = True

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
        context_grid: tuple[int, int] | None = (4, 5),
        added_time_ids: tuple[float, ...] | None = None,
        addition_time_embed_dim: int = 256,
        conditioning_scale: float = 1.0,
        cross_view: bool = True,
        shared_decoder: bool = False,
        base: bool = False,
    ) -> None:
        super().__init__()
        channels = list(block_out_channels)
        time_channels = 4 * channels[0]
        heads = [width // attention_head_dim for width in channels]
        self.gradient_checkpointing = False
        self.conv_in = nn.Conv2d(in_channels * patch_size**2, channels[0], 3, padding=1)
        self.time_proj = Timesteps(channels[0], True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(channels[0], time_channels)
        if added_time_ids is not None:
            self.add_time_proj = Timesteps(addition_time_embed_dim, True, downscale_freq_shift=0)
            self.add_embedding = TimestepEmbedding(addition_time_embed_dim * len(added_time_ids), time_channels)
        if context_grid is not None:
            observed = in_channels - out_channels * (2 if base else 1)
            self.context = nn.Linear(observed * context_grid[0] * context_grid[1], cross_attention_dim)

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
        if not shared_decoder:
            self.decoder_m = copy.deepcopy(self.decoder_n)
        if cross_view:
            self.cross_view_attentions = nn.ModuleList(
                CrossViewAttention(width, width // attention_head_dim)
                for width in reversed(channels) for _ in range(layers_per_block + 1)
            )
        self.register_buffer('output_scale', torch.ones(2, 1, out_channels, 1, 1))

    @torch.no_grad()
    def begin_with(self, other: TwoViewUNet) -> None:
        """Take the weights of a network of the same shape that is not shown a base, which then counts for nothing yet.

        Raises RuntimeError when the shape differs.
        """
        weights = other.state_dict()
        known = weights['conv_in.weight']
        weights['conv_in.weight'] = F.pad(known, (0, 0, 0, 0, 0, self.conv_in.in_channels - known.shape[1]))
        self.load_state_dict(weights)

    def forward(
        self, noisy: torch.Tensor, conditioning: torch.Tensor, c_noise: torch.Tensor,
        context: torch.Tensor | None = None, base: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the raw network output for both views, (B, 2, T, C, h, w).

        noisy: (B, 2, T, C, h, w) scaled noisy latents of views n and m; conditioning: (B, 2, D, h, w) latents of
        what was observed; c_noise: (B,) embedded noise level; context: one token per view, (B, 2, channels of the
        token), for networks without context_grid; base: (B, 2, T, C, h, w), for networks that are shown it.
        """
        batch, views, frames = noisy.shape[:3]
        if self.config.context_grid is not None:
            pooled = F.adaptive_avg_pool2d(conditioning.flatten(0, 1), self.config.context_grid)
            context = self.context(pooled.flatten(1))
        context = context.reshape(batch * views, 1, -1).repeat_interleave(frames, 0)
        time = self._embed_time(c_noise, noisy.dtype).repeat_interleave(views * frames, 0)
        images_only = torch.zeros(batch * views, frames, dtype=noisy.dtype, device=noisy.device)

        condition = self.config.conditioning_scale * conditioning[:, :, None].expand(-1, -1, frames, -1, -1, -1)
        features = torch.cat([noisy, condition, *([base] if self.config.base else [])], dim=3).flatten(0, 2)
        features = self.conv_in(F.pixel_unshuffle(features, self.config.patch_size))
        skips = [features]
        for block in self.down_blocks:
            attends = dict(encoder_hidden_states=context) if hasattr(block, 'attentions') else {}
            features, outputs = block(features, temb=time, image_only_indicator=images_only, **attends)
            skips += outputs
        features = self.mid_block(
            features, temb=time, encoder_hidden_states=context, image_only_indicator=images_only,
        )

        def of_views(tensor: torch.Tensor) -> list[torch.Tensor]:
            by_view = tensor.unflatten(0, (batch, views, frames))
            return [by_view[:, view].flatten(0, 1) for view in range(views)]

        decoders = [self.decoder_n, self.decoder_n if self.config.shared_decoder else self.decoder_m]
        states, contexts = of_views(features), of_views(context)
        time, images_only = of_views(time)[0], images_only[:batch]
        for depth, layers in enumerate(zip(*(decoder.layers() for decoder in decoders), strict=True)):
            skip = of_views(skips.pop())
            for view, layer in enumerate(layers):
                state = torch.cat([states[view], skip[view]], dim=1)
                state = self._checkpointed(layer.resnet, state, time, images_only)
                if layer.attention is not None:
                    state = layer.attention(state, contexts[view], images_only, return_dict=False)[0]
                if layer.upsampler is not None:
                    state = layer.upsampler(state, skips[-1].shape[2:])
                states[view] = state
            if self.config.cross_view:
                states[1] = self._checkpointed(self.cross_view_attentions[depth], states[1], states[0])

        outputs = torch.stack([decoder.output(state) for decoder, state in zip(decoders, states)], dim=1)
        output = F.pixel_shuffle(outputs.flatten(0, 1), self.config.patch_size)
        return output.unflatten(0, (batch, frames, views)).transpose(1, 2)

    def _embed_time(self, c_noise: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        time = self.time_embedding(self.time_proj(c_noise).to(dtype))
        if self.config.added_time_ids is None:
            return time
        ids = torch.tensor(self.config.added_time_ids, device=c_noise.device)
        return time + self.add_embedding(self.add_time_proj(ids).flatten()[None].to(dtype))

    def _checkpointed(self, module: nn.Module, *inputs: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and self.gradient_checkpointing:
            return self._gradient_checkpointing_func(module, *inputs)
        return module(*inputs)
