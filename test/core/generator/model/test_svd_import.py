# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Weights of Stable Video Diffusion: the inflated model computes what diffusers' own classes compute."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from core.generator.small_svd import small_svd, small_svd_configuration
from robot4d_core.errors import WeightsError
from robot4d_core.generator.model.image_context import embed_images
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.model.svd_import import load_svd

UNET_FILE = 'unet/diffusion_pytorch_model.safetensors'


@pytest.fixture(scope='module')
def svd():
    return small_svd()


@pytest.fixture(scope='module')
def folder(svd, tmp_path_factory):
    folder = tmp_path_factory.mktemp('svd')
    svd.save_pretrained(folder)
    return folder


@pytest.fixture(scope='module')
def pipeline(folder):
    return load_svd(folder, small_svd_configuration())


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / 'svd')


@pytest.fixture(scope='module')
def observed():
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (2, 64, 80, 3), dtype=np.uint8)
    return rgb, rng.uniform(0.2, 1.5, (2, 64, 80, 3)).astype(np.float32)


@torch.no_grad()
def test_each_view_gets_what_the_source_unet_computes(svd, pipeline):
    generator = torch.Generator().manual_seed(1)
    noisy = torch.randn(2, 2, 3, 8, 8, 16, generator=generator)
    conditioning = torch.randn(2, 2, 8, 8, 16, generator=generator)
    context = torch.randn(2, 2, 24, generator=generator)
    c_noise = torch.tensor([0.3, -1.2])
    output = pipeline.unet(noisy, conditioning, c_noise, context)
    for view in range(2):
        unscaled = conditioning[:, view, None, :4].expand(-1, 3, -1, -1, -1) / svd.vae.config.scaling_factor
        for sample in range(2):
            expected = svd.unet(
                torch.cat([noisy[:, view, :, :4], unscaled], dim=2)[sample:sample + 1], c_noise[sample],
                context[sample:sample + 1, view, None], torch.tensor([[6.0, 127.0, 0.0]]),
            ).sample
            torch.testing.assert_close(output[sample:sample + 1, view, :, :4], expected, rtol=1e-4, atol=1e-4)
    assert output[:, :, :, :4].abs().mean() > 0.1
    assert (output[:, :, :, 4:] == 0).all()


def test_decoder_of_view_m_is_a_copy_with_its_own_storage(pipeline):
    weights_n, weights_m = (decoder.state_dict() for decoder in (pipeline.unet.decoder_n, pipeline.unet.decoder_m))
    torch.testing.assert_close(weights_m, weights_n, rtol=0, atol=0)
    storage = [{w.untyped_storage().data_ptr() for w in weights.values()} for weights in (weights_n, weights_m)]
    assert len(storage[0]) == len(storage[1]) > 20
    assert not storage[0] & storage[1]


@torch.no_grad()
def test_colours_are_encoded_and_decoded_as_by_the_source(svd, pipeline, observed):
    images = pipeline.rgb_autoencoder.normalise(observed[0])
    latents = pipeline.rgb_autoencoder.encode(images)
    expected = svd.vae.encode(images).latent_dist.mode() * svd.vae.config.scaling_factor
    torch.testing.assert_close(latents, expected, rtol=1e-4, atol=1e-5)
    decoded = pipeline.rgb_autoencoder.decode(latents, frames=2)
    torch.testing.assert_close(
        decoded, svd.vae.decode(latents / svd.vae.config.scaling_factor, num_frames=2).sample, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_points_start_as_the_colours_of_the_source(svd, pipeline):
    torch.manual_seed(0)
    images = torch.randn(3, 4, 64, 80)
    latents = pipeline.pointmap_autoencoder.encode(images)
    expected = svd.vae.encode(images[:, :3]).latent_dist.mode() * svd.vae.config.scaling_factor
    torch.testing.assert_close(latents, expected, rtol=1e-4, atol=1e-5)
    decoded = pipeline.pointmap_autoencoder.decode(latents, frames=3)
    expected = svd.vae.decode(latents / svd.vae.config.scaling_factor, num_frames=3).sample
    torch.testing.assert_close(decoded[:, :3], expected, rtol=1e-4, atol=1e-4)


def test_validity_can_be_learned_from_the_start(pipeline, folder):
    model = load_svd(folder, small_svd_configuration()).pointmap_autoencoder
    target = model.normalise(np.ones((1, 64, 80, 3), np.float32))
    model.reconstruction_loss(model.decode(model.encode(target)), target, torch.ones(1, 1, 64, 80)).backward()
    assert model.decoder.conv_out.weight.grad[3].abs().max() > 0
    assert model.encoder.conv_in.weight.grad[:, 3].abs().max() > 0


@pytest.mark.parametrize('ablation', ['full', 'rgb_only'])
def test_whole_prediction_is_that_of_the_diffusers_pipeline(svd, folder, observed, ablation):
    pipeline = load_svd(folder, small_svd_configuration(ablation))
    steps, channels = 2, pipeline.unet.config.out_channels
    video = pipeline(*observed, steps, torch.Generator().manual_seed(5))
    noise = torch.randn(1, 2, 10, channels, 8, 10, generator=torch.Generator().manual_seed(5))
    svd.set_progress_bar_config(disable=True)
    for view in range(2):
        expected = svd(
            Image.fromarray(observed[0][view]), height=64, width=80, num_frames=10, num_inference_steps=steps,
            max_guidance_scale=1.0, fps=7, motion_bucket_id=127, noise_aug_strength=0.0,
            latents=noise[:, view, :, :4], output_type='np',
        ).frames[0]
        assert expected.std() > 0.01
        np.testing.assert_allclose(video.rgb[view] / 255, expected, atol=0.6 / 255)


def test_float16_variant_and_shards_give_the_same_model(svd, pipeline, tmp_path):
    svd.unet.save_pretrained(tmp_path / 'unet', variant='fp16', max_shard_size='1MB')
    svd.vae.save_pretrained(tmp_path / 'vae', max_shard_size='1MB')
    svd.image_encoder.save_pretrained(tmp_path / 'image_encoder', variant='fp16', max_shard_size='50KB')
    svd.scheduler.save_pretrained(tmp_path / 'scheduler')
    svd.feature_extractor.save_pretrained(tmp_path / 'feature_extractor')
    assert len(list(tmp_path.glob('unet/*.safetensors'))) > 1
    assert len(list(tmp_path.glob('vae/*.safetensors'))) > 1
    loaded = load_svd(tmp_path, small_svd_configuration())
    for part in ('unet', 'rgb_autoencoder', 'pointmap_autoencoder', 'image_encoder'):
        weights = getattr(loaded, part).state_dict()
        expected = {name: w for name, w in getattr(pipeline, part).state_dict().items() if 'cross_view' not in name}
        torch.testing.assert_close({name: weights[name] for name in expected}, expected, rtol=0, atol=0)


def test_half_precision_weights_become_float32(svd, copied, pipeline):
    weights = load_file(copied / UNET_FILE)
    (copied / UNET_FILE).unlink()
    save_file({name: w.half() for name, w in weights.items()},
              copied / 'unet/diffusion_pytorch_model.fp16.safetensors')
    unet = load_svd(copied, small_svd_configuration()).unet
    assert unet.dtype == torch.float32
    torch.testing.assert_close(unet.decoder_m.state_dict(), pipeline.unet.decoder_m.state_dict(), rtol=1e-3, atol=1e-3)


def test_imported_model_survives_saving(pipeline, observed, tmp_path):
    pipeline.save_pretrained(tmp_path)
    loaded = TwoViewPipeline.from_pretrained(tmp_path)
    assert list(loaded.config.image_size) == [80, 64]
    assert loaded.config.diffuse_change is False
    for part in ('unet', 'rgb_autoencoder', 'pointmap_autoencoder', 'image_encoder'):
        weights, expected = (getattr(p, part).state_dict() for p in (loaded, pipeline))
        torch.testing.assert_close(weights, expected, rtol=0, atol=0)
    contexts = [p.observe(*observed).conditioning.context for p in (loaded, pipeline)]
    torch.testing.assert_close(*contexts, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_image_embedding_is_that_of_the_diffusers_pipeline(svd, pipeline, observed):
    expected = [svd._encode_image(Image.fromarray(rgb), 'cpu', 1, False)[0, 0] for rgb in observed[0]]
    torch.testing.assert_close(
        embed_images(pipeline.image_encoder, observed[0]), torch.stack(expected), rtol=1e-4, atol=1e-5)


def rename(weights):
    weights['up_blocks.9.new'] = weights.pop('conv_in.bias')


def cut(weights):
    weights['conv_out.weight'] = weights['conv_out.weight'][:, :16].contiguous()


@pytest.mark.parametrize(('change', 'complaint'), [
    (rename, r'unet: .*missing: conv_in.bias; unexpected: up_blocks.9.new'),
    (cut, r'unet: .*of another shape: conv_out.weight \(4, 16, 3, 3\) instead of \(4, 32, 3, 3\)'),
])
def test_weights_that_do_not_fit_are_named(copied, change, complaint):
    weights = load_file(copied / UNET_FILE)
    change(weights)
    save_file(weights, copied / UNET_FILE)
    with pytest.raises(WeightsError, match=complaint):
        load_svd(copied, small_svd_configuration())


@pytest.mark.parametrize('part', ['vae', 'image_encoder'])
def test_a_missing_weight_of_another_part_is_named(copied, part):
    path = next((copied / part).glob('*.safetensors'))
    weights = load_file(path)
    name = sorted(weights)[-1]
    del weights[name]
    save_file(weights, path, metadata={'format': 'pt'})
    with pytest.raises(WeightsError, match=rf'{part}: .*missing: {name}'):
        load_svd(copied, small_svd_configuration())


@pytest.mark.parametrize(('file', 'name', 'value'), [
    ('unet/config.json', 'num_attention_heads', [1, 2, 2, 2]),  # same shapes, another function
    ('vae/config.json', 'scaling_factor', 0.5),
    ('scheduler/scheduler_config.json', 'prediction_type', 'epsilon'),
    ('feature_extractor/preprocessor_config.json', 'image_mean', [0.5, 0.5, 0.5]),
    ('image_encoder/config.json', 'num_attention_heads', 4),
])
def test_a_setting_that_changes_the_function_is_named(copied, file, name, value):
    path = copied / file
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    with pytest.raises(WeightsError, match=name):
        load_svd(copied, small_svd_configuration())


@pytest.mark.parametrize('file', [UNET_FILE, 'vae/config.json', 'scheduler/scheduler_config.json'])
def test_a_missing_file_is_named(copied, file):
    (copied / file).unlink()
    with pytest.raises(WeightsError, match=str(copied / file.split('/')[0])):
        load_svd(copied, small_svd_configuration())


def test_a_truncated_file_is_named(copied):
    path = copied / UNET_FILE
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match='diffusion_pytorch_model.safetensors cannot be read'):
        load_svd(copied, small_svd_configuration())


def test_another_kind_of_autoencoder_is_refused(folder):
    with pytest.raises(WeightsError, match='temporal'):
        load_svd(folder, replace(small_svd_configuration(), autoencoder='patch'))
