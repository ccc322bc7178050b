# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The two-view U-Net: independent decoders, and who looks at whom."""

from __future__ import annotations

import pytest
import torch

from core.generator.tiny_models import tiny_unet


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(2, 2, 3, 8, 16, 16, generator=generator),
        torch.randn(2, 2, 8, 16, 16, generator=generator),
        torch.randn(2, generator=generator),
    )


def open_cross_view_attention(unet):
    for layer in unet.cross_view_attentions:
        torch.nn.init.normal_(layer.attention.to_out[0].weight, std=0.3)


def test_output_has_the_shape_of_the_noisy_latents(inputs):
    assert tiny_unet()(*inputs).shape == (2, 2, 3, 8, 16, 16)


def test_decoders_share_no_storage():
    unet = tiny_unet()
    storage_n = {p.untyped_storage().data_ptr() for p in unet.decoder_n.parameters()}
    storage_m = {p.untyped_storage().data_ptr() for p in unet.decoder_m.parameters()}
    assert len(storage_n) == len(storage_m) > 20
    assert not storage_n & storage_m


def test_decoders_start_equal_and_diverge_in_a_training_step(inputs):
    unet = tiny_unet()
    unet.decoder_m.load_state_dict(unet.decoder_n.state_dict())
    before = unet.decoder_n.up_blocks[0].resnets[0].spatial_res_block.conv1.weight.clone()
    optimiser = torch.optim.SGD(unet.parameters(), 0.1)
    output = unet(*inputs)
    (output[:, 0].square().mean() + 3 * output[:, 1].abs().mean()).backward()
    optimiser.step()
    weights = [d.up_blocks[0].resnets[0].spatial_res_block.conv1.weight for d in (unet.decoder_n, unet.decoder_m)]
    assert not torch.equal(weights[0], before)
    assert not torch.equal(weights[0], weights[1])


def test_new_cross_view_attention_changes_nothing(inputs):
    unet = tiny_unet()
    with_attention = unet(*inputs)
    for layer in unet.cross_view_attentions:
        layer.forward = lambda features_m, features_n: features_m
    torch.testing.assert_close(unet(*inputs), with_attention, rtol=0, atol=0)


@pytest.mark.parametrize('which', [0, 1], ids=['noisy latents', 'conditioning'])
def test_view_m_sees_view_n_but_not_the_reverse(inputs, which):
    unet = tiny_unet()
    open_cross_view_attention(unet)
    reference = unet(*inputs)
    for changed, other, other_reacts in ((0, 1, True), (1, 0, False)):
        altered = [x.clone() for x in inputs]
        altered[which][:, changed] += 1.0
        output = unet(*altered)
        assert not torch.allclose(output[:, changed], reference[:, changed], atol=1e-3)
        assert torch.allclose(output[:, other], reference[:, other], atol=1e-5) is not other_reacts


def test_cross_view_attention_stays_within_a_frame():
    from robot4d_core.generator.unet import CrossViewAttention

    torch.manual_seed(0)
    layer = CrossViewAttention(32, 2)
    torch.nn.init.normal_(layer.attention.to_out[0].weight)
    m, n = torch.randn(4, 32, 3, 3), torch.randn(4, 32, 3, 3)
    reference = layer(m, n)
    n[2] += 1 + torch.randn(32, 3, 3)
    changed = (layer(m, n) - reference).abs().amax(dim=(1, 2, 3)) > 1e-4
    assert changed.tolist() == [False, False, True, False]


def test_one_cross_view_attention_per_decoder_layer_of_the_svd_shape():
    from accelerate import init_empty_weights

    from robot4d_core.generator.unet import TwoViewUNet

    with init_empty_weights():
        unet = TwoViewUNet(
            block_out_channels=(320, 640, 1280, 1280), layers_per_block=2, patch_size=1, attention_head_dim=64,
            down_block_types=('CrossAttnDownBlockSpatioTemporal',) * 3 + ('DownBlockSpatioTemporal',),
            up_block_types=('UpBlockSpatioTemporal',) + ('CrossAttnUpBlockSpatioTemporal',) * 3,
            cross_attention_dim=1024,
        )
    assert len(unet.cross_view_attentions) == 12
