# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A two-view pipeline that starts from the weights of Stable Video Diffusion, as its folder is published.

The pretrained function is kept: every input and output that Stable Video Diffusion lacks (pointmap latents, validity)
gets zero weights, so that colours come out as before, and the pointmaps come out as the best guess that knows nothing
of them. The decoder of view m is copied from view n's after loading.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from robot4d_core.errors import WeightsError
from robot4d_core.generator.model.configurations import (
    LATENT_CHANNELS,
    Configuration,
    make_autoencoders,
    make_pipeline,
    make_unet,
)
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.model.temporal_autoencoder import TemporalAutoencoder
from robot4d_core.generator.model.unet import TwoViewUNet

VARIANTS = ('', '.fp16')  # of a file's name, in the order of preference
NAMES_SHOWN = 10

Weights = dict[str, torch.Tensor]


def load_svd(folder: Path, configuration: Configuration) -> TwoViewPipeline:
    """Make a pipeline of a configuration with the weights of a StableVideoDiffusionPipeline folder, as float32.

    folder: unet/, vae/, image_encoder/, feature_extractor/ and scheduler/ as diffusers saves them; float16 variants and
    sharded files too. Raises WeightsError that names every missing or unexpected weight, wrong shape or setting.
    """
    if configuration.autoencoder != 'temporal':
        raise WeightsError(f"Stable Video Diffusion needs autoencoder 'temporal', not '{configuration.autoencoder}'")
    _require('scheduler', _read_json(folder / 'scheduler' / 'scheduler_config.json'), prediction_type='v_prediction')
    rgb, pointmap = make_autoencoders(configuration)
    load_autoencoder(rgb, folder / 'vae')
    if pointmap is not None:
        load_autoencoder(pointmap, folder / 'vae')
    unet = make_unet(configuration)
    load_unet(unet, folder / 'unet')
    _require('vae', dict(scaling_factor=1 / rgb.latent_std.max().item()),
             scaling_factor=1 / unet.config.conditioning_scale)
    parts = dict(rgb_autoencoder=rgb, pointmap_autoencoder=pointmap, unet=unet)
    if configuration.image_encoder is not None:
        parts['image_encoder'] = load_image_encoder(folder, configuration.image_encoder)
    return make_pipeline(configuration, **parts)


def load_unet(unet: TwoViewUNet, folder: Path) -> None:
    """Load UNetSpatioTemporalConditionModel's weights into both decoders and what they share.

    Weights of inputs and outputs that the source lacks are zero; cross-view attention keeps its initial weights.
    """
    settings = unet.config
    _require(
        'unet', _read_json(folder / 'config.json'),
        **{name: settings[name] for name in (
            'block_out_channels', 'down_block_types', 'up_block_types', 'layers_per_block', 'cross_attention_dim',
            'addition_time_embed_dim',
        )},
        num_attention_heads=[width // settings.attention_head_dim for width in settings.block_out_channels],
        in_channels=2 * LATENT_CHANNELS, out_channels=LATENT_CHANNELS, transformer_layers_per_block=1,
    )
    ours = unet.state_dict()
    new = ('decoder_m.', 'cross_view_attentions.', 'output_scale')
    ours_by_name = {name.removeprefix('decoder_n.'): name for name in ours if not name.startswith(new)}
    shapes = {name: tuple(ours[own].shape) for name, own in ours_by_name.items()}
    for name, dimension, channels in (
        ('conv_in.weight', 1, 2 * LATENT_CHANNELS), ('conv_out.weight', 0, LATENT_CHANNELS),
        ('conv_out.bias', 0, LATENT_CHANNELS),
    ):
        shapes[name] = _with_size(shapes[name], dimension, channels)
    source = _read_weights(folder, 'diffusion_pytorch_model')
    _compare('unet', source, shapes)

    observed = settings.out_channels  # the first channel of conv_in that sees what was observed
    conv_in = torch.zeros_like(ours['conv_in.weight'])
    conv_in[:, :LATENT_CHANNELS] = source['conv_in.weight'][:, :LATENT_CHANNELS]
    conv_in[:, observed:observed + LATENT_CHANNELS] = source['conv_in.weight'][:, LATENT_CHANNELS:]
    source['conv_in.weight'] = conv_in
    for name in ('conv_out.weight', 'conv_out.bias'):
        source[name] = _padded(source[name], ours[ours_by_name[name]].shape)
    unet.load_state_dict({ours_by_name[name]: weight for name, weight in source.items()}, strict=False)
    if not settings.shared_decoder:
        unet.decoder_m.load_state_dict(unet.decoder_n.state_dict())


def load_autoencoder(model: TemporalAutoencoder, folder: Path) -> None:
    """Load AutoencoderKLTemporalDecoder's weights; channels that images do not have (validity) get zero weights.

    The last convolution, over time, passes the channels that are new on, so that they can learn.
    """
    config = _read_json(folder / 'config.json')
    settings = model.config
    _require('vae', config, **{name: settings[name] for name in (
        'block_out_channels', 'layers_per_block', 'latent_channels')}, in_channels=3, out_channels=3)
    ours = model.state_dict()
    shapes = {name: tuple(weight.shape) for name, weight in ours.items() if not name.startswith('latent_')}
    inflated = {
        'encoder.conv_in.weight': (1,), 'decoder.conv_out.weight': (0,), 'decoder.conv_out.bias': (0,),
        'decoder.time_conv_out.weight': (0, 1), 'decoder.time_conv_out.bias': (0,),
    }
    for name, dimensions in inflated.items():
        for dimension in dimensions:
            shapes[name] = _with_size(shapes[name], dimension, 3)
    source = _read_weights(folder, 'diffusion_pytorch_model')
    _compare('vae', source, shapes)
    for name in inflated:
        source[name] = _padded(source[name], ours[name].shape)
    for channel in range(3, settings.channels):
        source['decoder.time_conv_out.weight'][channel, channel, 1] = 1
    model.load_state_dict(source, strict=False)
    model.latent_std.fill_(1 / config['scaling_factor'])


def load_image_encoder(folder: Path, settings: dict):
    """Return transformers' CLIPVisionModelWithProjection of an SVD folder; settings: of its CLIPVisionConfig."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection
    from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

    _require('feature_extractor', _read_json(folder / 'feature_extractor' / 'preprocessor_config.json'),
             image_mean=OPENAI_CLIP_MEAN, image_std=OPENAI_CLIP_STD)
    folder = folder / 'image_encoder'
    _read_json(folder / 'config.json')
    _require('image_encoder', CLIPVisionConfig.from_pretrained(folder, local_files_only=True).to_dict(), **settings)
    files, variant = _find_files(folder, 'model')
    _require_readable(files)
    model, report = CLIPVisionModelWithProjection.from_pretrained(
        folder, variant=variant.removeprefix('.') or None, use_safetensors=True, local_files_only=True,
        ignore_mismatched_sizes=True, output_loading_info=True,
    )
    mismatched = [entry[0] for entry in report['mismatched_keys']]
    _refuse_differences('image_encoder', report['missing_keys'], report['unexpected_keys'], mismatched)
    return model.float().eval()


def _read_json(path: Path) -> dict:
    if not path.is_file():
        raise WeightsError(f'{path} is missing; give the folder of a diffusers StableVideoDiffusionPipeline')
    return json.loads(path.read_text('utf-8'))


def _require(part: str, found: dict, **expected) -> None:
    for name, value in expected.items():
        if name in found and not _same(found[name], value):
            raise WeightsError(
                f'{part}: {name} is {found[name]} in the folder but {value} in the configuration; they must be the same'
            )


def _same(found, expected) -> bool:
    if isinstance(expected, list | tuple):
        return list(found) == list(expected)
    if isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-5)
    return found == expected


def _find_files(folder: Path, stem: str) -> tuple[list[Path], str]:
    """Return the files that hold a part's weights, and their variant."""
    for variant in VARIANTS:
        index = folder / f'{stem}.safetensors.index{variant}.json'
        if index.is_file():
            return [folder / name for name in sorted(set(_read_json(index)['weight_map'].values()))], variant
        if (single := folder / f'{stem}{variant}.safetensors').is_file():
            return [single], variant
    raise WeightsError(f'{folder} has no {stem}.safetensors, whole, sharded or as variant fp16; download it again')


def _require_readable(files: list[Path]) -> None:
    for file in files:
        try:
            with safe_open(file, framework='pt'):
                pass
        except (OSError, SafetensorError) as error:
            raise WeightsError(f'{file} cannot be read ({error}); download it again') from error


def _read_weights(folder: Path, stem: str) -> Weights:
    files, _ = _find_files(folder, stem)
    _require_readable(files)
    weights = {}
    for file in files:
        with safe_open(file, framework='pt') as stored:
            weights |= {name: stored.get_tensor(name) for name in stored.keys()}  # mapped, not yet read
    return weights


def _compare(part: str, source: Weights, shapes: dict[str, tuple[int, ...]]) -> None:
    mismatched = [
        f'{name} {tuple(source[name].shape)} instead of {shapes[name]}' for name in shapes
        if name in source and tuple(source[name].shape) != shapes[name]
    ]
    _refuse_differences(part, set(shapes) - set(source), set(source) - set(shapes), mismatched)


def _refuse_differences(part: str, missing, unexpected, mismatched) -> None:
    problems = []
    for kind, names in (('missing', missing), ('unexpected', unexpected), ('of another shape', mismatched)):
        names = sorted(names)
        if names:
            more = f' and {len(names) - NAMES_SHOWN} more' if len(names) > NAMES_SHOWN else ''
            problems.append(f'{kind}: {", ".join(names[:NAMES_SHOWN])}{more}')
    if problems:
        raise WeightsError(f'{part}: the weights do not fit the configuration; {"; ".join(problems)}')


def _with_size(shape: tuple[int, ...], dimension: int, size: int) -> tuple[int, ...]:
    return *shape[:dimension], size, *shape[dimension + 1:]


def _padded(weight: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Return weight in the low corner of zeros of a shape."""
    result = torch.zeros(shape, dtype=weight.dtype)
    result[tuple(slice(size) for size in weight.shape)] = weight
    return result
