# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Named shapes of the generator, from config/models/*.yaml, and the ablations of each."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from accelerate import init_empty_weights
from torch import nn

from robot4d_core.errors import ConfigurationError
from robot4d_core.generator.model.autoencoder import PointmapAutoencoder, RgbAutoencoder
from robot4d_core.generator.model.autoencoder_interface import Autoencoder
from robot4d_core.generator.model.diffusion import TwoViewDiffusion
from robot4d_core.generator.model.path.network import PathNetwork
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.model.temporal_autoencoder import TemporalPointmapAutoencoder, TemporalRgbAutoencoder
from robot4d_core.generator.model.unet import TwoViewUNet
from robot4d_core.generator.model.view_alignment import ViewAlignment
from robot4d_core.share import share_directory
from robot4d_core.text_files import read_yaml

AUTOENCODERS = {
    'patch': (RgbAutoencoder, PointmapAutoencoder),
    'temporal': (TemporalRgbAutoencoder, TemporalPointmapAutoencoder),
}
LATENT_CHANNELS = 4  # of either autoencoder, unless its entry latent_channels says otherwise


@dataclass(frozen=True)
class Ablation:
    """What of the method is kept.

    cross_view: view m is told of view n, by attention and by the view alignment; pointmaps; shared_decoder: one decoder
    for both views.
    """

    cross_view: bool = True
    pointmaps: bool = True
    shared_decoder: bool = False


ABLATIONS = {
    'full': Ablation(),
    'no_multi_view_attention': Ablation(cross_view=False),
    'rgb_only': Ablation(cross_view=False, pointmaps=False, shared_decoder=True),  # Stable Video Diffusion itself
    'rgb_only_multi_view_attention': Ablation(pointmaps=False),
    'shared_decoder': Ablation(shared_decoder=True),
}


@dataclass(frozen=True)
class Configuration:
    """The arguments of every part of a pipeline; the parts that an ablation lacks are None.

    image_size: width, height; autoencoder: a key of AUTOENCODERS; image_encoder: the arguments of transformers'
    CLIPVisionConfig; diffuse_change: see TwoViewPipeline; path: the arguments of PathNetwork, for a model that imagines
    the robot first.
    """

    image_size: list[int]
    diffuse_change: bool
    autoencoder: str
    rgb_autoencoder: dict
    pointmap_autoencoder: dict | None
    view_alignment: dict | None
    image_encoder: dict | None
    unet: dict | None
    scheduler: dict | None
    path: dict | None = None


def read_configuration(name: str | Path, ablation: str = 'full') -> Configuration:
    """Read a configuration by its name under config/models, or by the path of a YAML file, and ablate it.

    Raises ConfigurationError.
    """
    folder = share_directory() / 'config' / 'models'
    path = Path(name) if Path(name).suffix == '.yaml' else folder / f'{name}.yaml'
    if not path.is_file():
        known = ', '.join(sorted(known.stem for known in folder.glob('*.yaml')))
        raise ConfigurationError(f"no configuration '{name}'; give one of {known}, or the path of a YAML file")
    entries = read_yaml(path)
    expected = {field.name for field in fields(Configuration)}
    if not isinstance(entries, dict) or set(entries) | {'path'} != expected:
        differing = ', '.join(sorted(expected ^ {*entries, 'path'})) if isinstance(entries, dict) else 'all'
        raise ConfigurationError(f'{path} must have exactly the entries {sorted(expected)}; differing: {differing}')
    if entries['autoencoder'] not in AUTOENCODERS:
        raise ConfigurationError(f"{path}: autoencoder is one of {list(AUTOENCODERS)}, got '{entries['autoencoder']}'")
    return ablated(Configuration(**entries), ablation)


def ablated(configuration: Configuration, name: str) -> Configuration:
    """Return the configuration of an ablation of the full method; raises ConfigurationError for an unknown name."""
    if name not in ABLATIONS:
        raise ConfigurationError(f"no ablation '{name}'; choose one of {', '.join(ABLATIONS)}")
    if name != 'full' and configuration.path is not None:
        raise ConfigurationError(f"a configuration with a path has no ablation, got '{name}'")
    if configuration.unet is None:
        return configuration
    ablation = ABLATIONS[name]
    rgb, points = (
        autoencoder.get('latent_channels', LATENT_CHANNELS)
        for autoencoder in (configuration.rgb_autoencoder, configuration.pointmap_autoencoder)
    )
    points = points if ablation.pointmaps else 0
    alignment = configuration.view_alignment if ablation.pointmaps and ablation.cross_view else None
    diffused, conditioning = rgb + points, rgb + (points if alignment is None else 2 * points)
    return replace(
        configuration,
        pointmap_autoencoder=configuration.pointmap_autoencoder if ablation.pointmaps else None,
        view_alignment=None if alignment is None else alignment | dict(latent_channels=rgb + points),
        unet=configuration.unet | dict(
            in_channels=diffused * (1 if configuration.path is None else 2) + conditioning, out_channels=diffused,
            cross_view=ablation.cross_view, shared_decoder=ablation.shared_decoder, base=configuration.path is not None,
        ),
        scheduler=configuration.scheduler | dict(rgb_channels=rgb),
    )


def make_autoencoders(configuration: Configuration) -> tuple[Autoencoder, Autoencoder | None]:
    """Make the RGB and the pointmap autoencoder, the latter None where there are no pointmaps, with random weights."""
    rgb, pointmap = AUTOENCODERS[configuration.autoencoder]
    return (
        _make('rgb_autoencoder', rgb, configuration.rgb_autoencoder),
        _make('pointmap_autoencoder', pointmap, configuration.pointmap_autoencoder),
    )


def make_unet(configuration: Configuration) -> TwoViewUNet | None:
    """Make the U-Net, if there is one, with random weights."""
    return _make('unet', TwoViewUNet, configuration.unet)


def make_view_alignment(configuration: Configuration) -> ViewAlignment | None:
    """Make the view alignment, if there is one, with random weights."""
    return _make('view_alignment', ViewAlignment, configuration.view_alignment)


def make_image_encoder(configuration: Configuration):
    """Make transformers' CLIPVisionModelWithProjection, if there is one, with random weights."""
    if configuration.image_encoder is None:
        return None
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    return CLIPVisionModelWithProjection(CLIPVisionConfig(**configuration.image_encoder)).eval()


def make_scheduler(configuration: Configuration) -> TwoViewDiffusion | None:
    """Make the noise levels, loss and sampler, if something is diffused."""
    return _make('scheduler', TwoViewDiffusion, configuration.scheduler)


def make_path_network(configuration: Configuration) -> PathNetwork | None:
    """Make the network that imagines paths, if there is one, with random weights."""
    return _make('path', PathNetwork, configuration.path)


def make_pipeline(configuration: Configuration, **parts) -> TwoViewPipeline:
    """Make a pipeline of the parts given and, for the others, new ones with random weights."""
    if not {'rgb_autoencoder', 'pointmap_autoencoder'} <= set(parts):
        rgb, pointmap = make_autoencoders(configuration)
        parts = dict(rgb_autoencoder=rgb, pointmap_autoencoder=pointmap) | parts
    makers = dict(
        unet=make_unet, view_alignment=make_view_alignment, image_encoder=make_image_encoder, scheduler=make_scheduler,
        path=make_path_network,
    )
    parts |= {name: make(configuration) for name, make in makers.items() if name not in parts}
    return TwoViewPipeline(
        **parts, image_size=configuration.image_size, diffuse_change=configuration.diffuse_change,
    )


def count_parameters(configuration: Configuration) -> dict[str, int]:
    """Count the parameters of every part of a configuration, without making them; the U-Net by its parts."""
    with init_empty_weights():
        pipeline = make_pipeline(configuration)
    parts = {name: part for name, part in pipeline.components.items() if isinstance(part, nn.Module)}
    if unet := parts.pop('unet', None):
        parts |= {f'unet.{name}': part for name, part in unet.named_children()}
    return {name: sum(weight.numel() for weight in part.parameters()) for name, part in parts.items()}


def _make(part: str, kind, arguments: dict | None):
    if arguments is None:
        return None
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f'{part}: {error}') from error
