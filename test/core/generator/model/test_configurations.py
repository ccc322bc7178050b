# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The named shapes of the generator and their ablations."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from core.generator.tiny_models import tiny_configuration
from robot4d_core.errors import ConfigurationError
from robot4d_core.generator.model.configurations import (
    ABLATIONS,
    ablated,
    count_parameters,
    make_pipeline,
    make_scheduler,
    make_unet,
    read_configuration,
)
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.share import share_directory

MILLION = 1_000_000


def unet_parameters(counts):
    return sum(count for part, count in counts.items() if part.startswith('unet.'))


def test_svd_has_the_size_of_stable_video_diffusion():
    counts = count_parameters(read_configuration('svd', 'rgb_only'))
    assert unet_parameters(counts) == 1_524_623_082  # UNetSpatioTemporalConditionModel
    assert counts['rgb_autoencoder'] == 97_742_847  # AutoencoderKLTemporalDecoder
    assert counts['image_encoder'] == 632_076_800  # CLIP ViT-H/14 with its projection


def test_small_fits_a_consumer_gpu():
    assert 100 * MILLION < sum(count_parameters(read_configuration('small')).values()) < 200 * MILLION


def test_tiny_is_the_shape_of_the_shipped_model():
    pipeline = make_pipeline(read_configuration('tiny'))
    folder = share_directory() / 'models' / 'tabletop_tiny'
    for part in ('rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment', 'unet', 'scheduler'):
        shipped = json.loads(next((folder / part).glob('*config.json')).read_text())
        made = json.loads(getattr(pipeline, part).to_json_string())
        assert {name: made[name] for name in shipped if name[0] != '_'} == {
            name: value for name, value in shipped.items() if name[0] != '_'}


@pytest.mark.parametrize('name', ABLATIONS)
def test_every_ablation_is_constructed_trained_saved_and_loaded(name, tmp_path):
    configuration = ablated(tiny_configuration(), name)
    pipeline = make_pipeline(configuration)
    unet, channels = pipeline.unet, configuration.unet['out_channels']
    generator = torch.Generator().manual_seed(0)
    clean = torch.randn(1, 2, 3, channels, 16, 16, generator=generator)
    conditioning = torch.randn(1, 2, configuration.unet['in_channels'] - channels, 16, 16, generator=generator)
    masks = torch.ones(1, 2, 3, 16, 16, dtype=torch.bool)
    optimiser = torch.optim.Adam(unet.parameters(), 3e-3)
    losses = []
    for _ in range(8):
        terms = make_scheduler(configuration).loss(
            lambda noisy, c_noise: unet(noisy, conditioning, c_noise), clean, ~masks, masks, torch.ones(1),
            torch.randn(clean.shape, generator=torch.Generator().manual_seed(1)),
        )
        optimiser.zero_grad()
        terms.total.backward()
        optimiser.step()
        losses.append(terms.total.item())
    assert losses[-1] < 0.9 * losses[0]

    pipeline.save_pretrained(tmp_path)
    loaded = TwoViewPipeline.from_pretrained(tmp_path)
    assert list(loaded.config.image_size) == configuration.image_size
    assert (loaded.pointmap_autoencoder is None) is (channels == 8)
    torch.testing.assert_close(loaded.unet.state_dict(), unet.state_dict(), rtol=0, atol=0)


def test_ablations_differ_in_what_their_name_says():
    parts = {name: set(dict(make_unet(ablated(tiny_configuration(), name)).named_children())) for name in ABLATIONS}
    assert parts['full'] - parts['no_multi_view_attention'] == {'cross_view_attentions'}
    assert parts['full'] - parts['shared_decoder'] == {'decoder_m'}
    assert parts['full'] - parts['rgb_only'] == {'cross_view_attentions', 'decoder_m'}
    assert parts['full'] == parts['rgb_only_multi_view_attention']


@pytest.mark.parametrize(('content', 'complaint'), [
    ('image_size: [320, 256]', 'unet'),
    ('[]', 'exactly the entries'),
], ids=['missing entries', 'no mapping'])
def test_a_file_that_is_no_configuration_is_refused(tmp_path, content, complaint):
    path = tmp_path / 'mine.yaml'
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=complaint):
        read_configuration(path)


def test_unknown_names_are_refused_with_those_that_exist():
    with pytest.raises(ConfigurationError, match='small, svd, tiny'):
        read_configuration('huge')
    with pytest.raises(ConfigurationError, match='shared_decoder'):
        read_configuration('tiny', 'no_encoder')


def test_a_wrong_argument_is_refused_by_its_part():
    configuration = tiny_configuration()
    with pytest.raises(ConfigurationError, match=r'unet: .*colour'):
        make_unet(replace(configuration, unet=configuration.unet | {'colour': 1}))
