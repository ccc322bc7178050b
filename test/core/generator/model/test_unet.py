# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The two-view U-Net: independent decoders, and who looks at whom."""

from __future__ import annotations

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import UNetSpatioTemporalConditionModel

from core.generator.tiny_models import tiny_unet
from robot4d_core.generator.model.configurations import make_unet, read_configuration
from robot4d_core.generator.model.unet import CrossViewAttention, TwoViewUNet


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(2, 2, 3, 16, 16, 16, generator=generator),
        torch.randn(2, 2, 24, 16, 16, generator=generator),
        torch.randn(2, generator=generator),
    )


def open_cross_view_attention(unet):
    for layer in unet.cross_view_attentions:
        torch.nn.init.normal_(layer.attention.to_out[0].weight, std=0.3)


def test_output_has_the_shape_of_the_noisy_latents(inputs):
    assert tiny_unet()(*inputs).shape == (2, 2, 3, 16, 16, 16)


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
    torch.manual_seed(0)
    layer = CrossViewAttention(32, 2)
    torch.nn.init.normal_(layer.attention.to_out[0].weight)
    m, n = torch.randn(4, 32, 3, 3), torch.randn(4, 32, 3, 3)
    reference = layer(m, n)
    n[2] += 1 + torch.randn(32, 3, 3)
    changed = (layer(m, n) - reference).abs().amax(dim=(1, 2, 3)) > 1e-4
    assert changed.tolist() == [False, False, True, False]


def test_gradients_flow_from_view_m_to_view_n_but_not_the_reverse(inputs):
    unet = tiny_unet()
    open_cross_view_attention(unet)
    for seen, other, reaches in ((1, 0, True), (0, 1, False)):
        noisy, conditioning = (x.clone().requires_grad_() for x in inputs[:2])
        unet(noisy, conditioning, inputs[2])[:, seen].square().sum().backward()
        for x in (noisy, conditioning):
            assert (x.grad[:, seen] != 0).any()
            assert (x.grad[:, other] != 0).any().item() is reaches


def test_without_cross_view_attention_no_view_sees_the_other(inputs):
    unet = tiny_unet(cross_view=False)
    altered = inputs[0].clone()
    altered[:, 0] += 1
    outputs = [unet(noisy, *inputs[1:]) for noisy in (inputs[0], altered)]
    torch.testing.assert_close(outputs[0][:, 1], outputs[1][:, 1], rtol=0, atol=1e-5)


def test_swapping_the_views_swaps_their_roles(inputs):
    unet = tiny_unet()
    unet.decoder_m.load_state_dict(unet.decoder_n.state_dict())
    swapped = inputs[0].flip(1), inputs[1].flip(1), inputs[2]
    alone = unet(*inputs)
    torch.testing.assert_close(unet(*swapped).flip(1), alone, rtol=0, atol=1e-5)
    open_cross_view_attention(unet)
    output = unet(*swapped)
    torch.testing.assert_close(output[:, 0], alone[:, 1], rtol=0, atol=1e-5)  # the old m, now the reference
    assert (output[:, 1] - alone[:, 0]).abs().max() > 1e-2  # the old n, now looking at the other


def test_a_shared_decoder_is_saved_once_and_serves_both_views(inputs, tmp_path):
    unet = tiny_unet(cross_view=False, shared_decoder=True)
    swapped = inputs[0].flip(1), inputs[1].flip(1), inputs[2]
    torch.testing.assert_close(unet(*swapped).flip(1), unet(*inputs), rtol=0, atol=1e-5)
    unet.save_pretrained(tmp_path)
    torch.testing.assert_close(TwoViewUNet.from_pretrained(tmp_path)(*inputs), unet(*inputs), rtol=0, atol=1e-5)


@pytest.mark.parametrize('size', [(16, 16), (12, 20), (6, 10)])
def test_latents_need_not_be_divisible_by_every_stride(size):
    unet = tiny_unet(patch_size=1)
    noisy, conditioning = torch.randn(1, 2, 2, 16, *size), torch.randn(1, 2, 24, *size)
    odd = [x[..., 1:, 1:] for x in (noisy, conditioning)]
    assert unet(*odd, torch.zeros(1)).shape == odd[0].shape


def test_gradient_checkpointing_changes_no_gradient(inputs):
    gradients = []
    for checkpointing in (False, True):
        unet = tiny_unet()
        open_cross_view_attention(unet)
        if checkpointing:
            unet.enable_gradient_checkpointing()
        unet.train()(*inputs).square().mean().backward()
        gradients.append({name: weight.grad for name, weight in unet.named_parameters()})
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-7)


def test_gradient_checkpointing_keeps_less_for_the_way_back(inputs):
    kept = []
    for checkpointing in (False, True):
        unet = tiny_unet().train()
        if checkpointing:
            unet.enable_gradient_checkpointing()
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda x, sizes=sizes: sizes.append(x.nbytes) or x, lambda x: x):
            unet(*inputs)
        kept.append(sum(sizes))
    assert kept[1] < 0.5 * kept[0]


@pytest.fixture(scope='module')
def svd_shape():
    with init_empty_weights():
        return make_unet(read_configuration('svd')), UNetSpatioTemporalConditionModel()


def test_every_layer_of_stable_video_diffusion_is_there(svd_shape):
    unet, source = svd_shape
    expected = {name: tuple(weight.shape) for name, weight in source.named_parameters()}
    for decoder in ('decoder_n', 'decoder_m'):
        ours = {
            name.removeprefix(f'{decoder}.'): tuple(weight.shape) for name, weight in unet.named_parameters()
            if not name.startswith(('cross_view_attentions', 'decoder_m' if decoder == 'decoder_n' else 'decoder_n'))
        }
        differing = {name for name in ours.keys() | expected.keys() if ours.get(name) != expected.get(name)}
        assert differing == {'conv_in.weight', 'conv_out.weight', 'conv_out.bias'}
        assert ours['conv_in.weight'] == (320, 16, 3, 3)
        assert ours['conv_out.weight'] == (8, 320, 3, 3)
    heads = {name: module.heads for name, module in source.named_modules() if hasattr(module, 'heads')}
    assert len(heads) == 64
    assert heads == {
        name.removeprefix('decoder_n.'): module.heads for name, module in unet.named_modules()
        if hasattr(module, 'heads') and not name.startswith(('cross_view', 'decoder_m'))
    }


def test_each_of_the_twelve_decoder_layers_ends_with_cross_view_attention(svd_shape):
    unet, _ = svd_shape
    layers = list(unet.decoder_m.layers())
    assert [layer.resnet.spatial_res_block.out_channels for layer in layers] == [1280] * 6 + [640] * 3 + [320] * 3
    assert [layer.attention is not None for layer in layers] == [False] * 3 + [True] * 9
    assert [layer.upsampler is not None for layer in layers] == [False, False, True] * 3 + [False] * 3
    cross_view = [(layer.attention.query_dim, layer.attention.heads) for layer in unet.cross_view_attentions]
    assert cross_view == [(1280, 20)] * 6 + [(640, 10)] * 3 + [(320, 5)] * 3


def test_cross_view_attention_sees_what_the_next_layer_gets(inputs):
    """Queries come after the layer's upsampler, keys from the same layer of view n."""
    unet = tiny_unet()
    seen, grids = [], []
    for layer in unet.cross_view_attentions:
        layer.register_forward_pre_hook(lambda module, args: seen.append(args))
        layer.register_forward_hook(lambda module, args, output: grids.append(tuple(output.shape[2:])))
    states = {}
    for name in ('decoder_n', 'decoder_m'):
        for layer in getattr(unet, name).layers():
            last = layer.upsampler or layer.attention or layer.resnet
            last.register_forward_hook(lambda module, args, output, name=name: states.setdefault(name, []).append(
                output[0] if isinstance(output, tuple) else output))
    unet(*inputs)
    assert grids == [(4, 4), (8, 8), (8, 8), (8, 8)]
    for k, (features_m, features_n) in enumerate(seen):
        assert torch.equal(features_m, states['decoder_m'][k])
        assert torch.equal(features_n, states['decoder_n'][k])
