# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The autoencoders of Stable Video Diffusion behind robot4d's interface, and decoding under a memory ceiling."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKLTemporalDecoder
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker

from core.generator.tiny_models import tiny_configuration
from robot4d_core.errors import ParameterError
from robot4d_core.generator.model.autoencoder_interface import MEBIBYTE
from robot4d_core.generator.model.configurations import make_autoencoders, read_configuration
from robot4d_core.generator.model.temporal_autoencoder import TemporalPointmapAutoencoder, TemporalRgbAutoencoder

NARROW = dict(block_out_channels=(32, 32, 32, 32), layers_per_block=1)


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    model = TemporalRgbAutoencoder(**NARROW).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    return model


@pytest.fixture(scope='module')
def latents():
    return torch.randn(2, 5, 4, 4, 6, generator=torch.Generator().manual_seed(0))


def ceiling_of(model, frames):
    return 1.01 * frames * model.decoding_memory(32, 48)


@torch.no_grad()
def silence_other_frames(model):
    """Make a decoder that looks at no other frame: temporal layers have no weight in any mixture."""
    for block in model.decoder.modules():
        if hasattr(block, 'mix_factor'):
            block.mix_factor.fill_(-1e4 if block.switch_spatial_to_temporal_mix else 1e4)
    last = model.decoder.time_conv_out
    last.weight.zero_()
    last.weight[:, :, 1, 0, 0] = torch.eye(len(last.weight))


def test_latent_grid_is_eight_times_coarser(model):
    images = torch.zeros(2, 3, 32, 48)
    assert model.encode(images).shape == (2, 4, 4, 6)
    assert model.decode(model.encode(images), frames=2).shape == images.shape
    assert model.latent_factor == 8


def test_latent_statistics_are_stored_with_the_weights(tmp_path):
    model = TemporalPointmapAutoencoder(**NARROW, low=(-3, -2, -1), high=(1, 2, 3)).eval()
    images = torch.randn(1, 4, 16, 16)
    raw = model.encode(images)
    model.latent_mean.fill_(0.5)
    model.latent_std.fill_(2.0)
    model.save_pretrained(tmp_path)
    loaded = TemporalPointmapAutoencoder.from_pretrained(tmp_path)
    torch.testing.assert_close(loaded.encode(images), (raw - 0.5) / 2)
    torch.testing.assert_close(loaded.decode(loaded.encode(images)), model.decode((raw - 0.5) / 2))
    assert loaded.normalise(np.full((1, 8, 8, 3), (-3, 0, 3), np.float32))[0, :3, 0, 0].tolist() == [-1, 0, 1]


@torch.no_grad()
def test_the_decoder_mixes_the_frames_of_a_video_but_not_of_two(model, latents):
    reference = model.decode_videos(latents)
    altered = latents.clone()
    altered[0, 3] += 1
    changed = (model.decode_videos(altered) - reference).abs().amax(dim=(2, 3, 4)) > 1e-4
    assert changed[0].all()
    assert not changed[1].any()


@torch.no_grad()
@pytest.mark.parametrize('frames', [5, 7, 10])
def test_whole_videos_decode_alike_alone_and_together(model, latents, frames):
    torch.testing.assert_close(
        model.decode_videos(latents, ceiling_of(model, frames)), model.decode_videos(latents), rtol=1e-4, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize('frames', [1, 2, 3, 4])
def test_runs_of_frames_decode_as_whole_videos_where_frames_are_not_mixed(latents, frames):
    torch.manual_seed(0)
    model = TemporalRgbAutoencoder(**NARROW).eval()
    silence_other_frames(model)
    torch.testing.assert_close(
        model.decode_videos(latents, ceiling_of(model, frames)), model.decode_videos(latents), rtol=1e-4, atol=1e-4)
    image_decoder, _ = make_autoencoders(tiny_configuration())
    latents = latents.repeat(1, 1, image_decoder.config.latent_channels // latents.shape[2], 1, 1)
    torch.testing.assert_close(
        image_decoder.decode_videos(latents, 1.01 * frames * image_decoder.decoding_memory(16, 24)),
        image_decoder.decode_videos(latents), rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_a_run_of_frames_is_decoded_as_a_video_of_its_own(model, latents):
    chunked = model.decode_videos(latents, ceiling_of(model, 3))
    torch.testing.assert_close(chunked[1, :3], model.decode(latents[1, :3], frames=3), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(chunked[1, 3:], model.decode(latents[1, 3:], frames=2), rtol=1e-4, atol=1e-4)
    assert (chunked - model.decode_videos(latents)).abs().max() > 1e-3


def test_a_ceiling_below_one_frame_is_refused_with_what_one_frame_needs(model, latents):
    with pytest.raises(ParameterError, match='32.*needs .* MiB.*raise it'):
        model.decode_videos(latents, ceiling_of(model, 0.5))


@pytest.mark.parametrize(('name', 'frames'), [('tiny', 1), ('tiny', 10), ('small', 3), ('svd', 1)])
def test_decoding_stays_under_the_stated_memory_and_near_it(name, frames):
    configuration = read_configuration(name)
    width, height = configuration.image_size
    with FakeTensorMode(), torch.no_grad():
        for model in make_autoencoders(configuration):
            grid = height // model.latent_factor, width // model.latent_factor
            latents = torch.zeros(1, frames, model.config.latent_channels, *grid)
            tracker = MemTracker()
            tracker.track_external(model, latents)
            with tracker:
                model.decode_videos(latents)
            peak = tracker.get_tracker_snapshot('peak')[torch.device('cpu')]['Total']
            weights = sum(weight.nbytes for weight in model.state_dict().values())
            stated = frames * model.decoding_memory(height, width)
            assert 0.5 * stated < (peak - weights) / MEBIBYTE <= stated


@torch.no_grad()
def test_half_precision_halves_the_memory(latents):
    model = TemporalRgbAutoencoder(**NARROW).to(torch.bfloat16)
    assert model.decode_videos(latents).dtype == torch.bfloat16
    assert model.decoding_memory(32, 48) == TemporalRgbAutoencoder(**NARROW).decoding_memory(32, 48) / 2


def test_every_layer_of_the_autoencoder_of_stable_video_diffusion_is_there():
    with init_empty_weights():
        source = AutoencoderKLTemporalDecoder(
            down_block_types=('DownEncoderBlock2D',) * 4, block_out_channels=(128, 256, 512, 512), layers_per_block=2)
        ours = make_autoencoders(read_configuration('svd'))
    expected = {name: tuple(weight.shape) for name, weight in source.named_parameters()}
    for model, inflated in zip(ours, (set(), {
        'encoder.conv_in.weight', 'decoder.conv_out.weight', 'decoder.conv_out.bias', 'decoder.time_conv_out.weight',
        'decoder.time_conv_out.bias',
    })):
        shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters()}
        assert {name for name in shapes.keys() | expected.keys() if shapes.get(name) != expected.get(name)} == inflated


def test_gradient_checkpointing_changes_no_gradient():
    gradients = []
    for checkpointing in (False, True):
        torch.manual_seed(0)
        model = TemporalPointmapAutoencoder(**NARROW)
        if checkpointing:
            model.enable_gradient_checkpointing()
        images = torch.randn(2, 4, 16, 24, generator=torch.Generator().manual_seed(0))
        model.decode(model.encode(images), frames=2).square().mean().backward()
        gradients.append({name: weight.grad for name, weight in model.named_parameters()})
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-7)
