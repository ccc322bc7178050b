# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""From nothing to a model folder.

Stages: record demonstrations, train both autoencoders, encode the episodes, train the view alignment, train the
diffusion, write the model. Each stage continues where a killed run stopped.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import torch
from accelerate import Accelerator, InitProcessGroupKwargs
from torch import nn

from robot4d_core.episodes.joined_stores import JoinedStores, open_stores
from robot4d_core.episodes.loader import episodes_of
from robot4d_core.episodes.store import LOOKS_KIND, EpisodeStore
from robot4d_core.errors import DeviceError, RecipeError
from robot4d_core.generator.model.configurations import Configuration, make_pipeline, read_configuration
from robot4d_core.generator.model.load_pipeline import load_pipeline
from robot4d_core.generator.model.model_folder import ModelFolder, write_checksums
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.model.unet import TwoViewUNet
from robot4d_core.generator.training.recipe import STAGES, DataSettings, Recipe, read_recipe
from robot4d_core.generator.training.stages import Training
from robot4d_core.robot.names import CELL
from robot4d_core.share import share_directory
from robot4d_core.text_files import write_text

LOOK_CAMERAS = 4  # three train, one is held out
PATIENCE = timedelta(hours=12)  # of processes that wait for the main one to record or encode


@dataclass(frozen=True)
class TrainedModel:
    """A model folder, complete but for its card.

    name: with the ablation's; command: that makes it; stages: the folder that each stage trained in, by its name;
    store: the demonstrations, None when nothing learned from them; looks: what the path learned from, or None.
    """

    folder: Path
    name: str
    command: str
    recipe: Recipe
    configuration: Configuration
    stages: dict[str, Path]
    store: EpisodeStore | JoinedStores | None
    looks: EpisodeStore | JoinedStores | None


def train(args: argparse.Namespace) -> TrainedModel | None:
    """Run every stage of a recipe that is not finished yet and write the model; None in all processes but the main.

    args: what commands/train.py declares.
    """
    recipe = read_recipe(args.recipe or ('put_spatula_svd' if args.init_from_svd else 'tabletop_tiny'))
    if args.robot != CELL:
        recipe = recipe.with_robot(args.robot)
    configuration = read_configuration(recipe.model, args.ablation)
    require_stages(recipe, configuration, args.init_from_svd is not None)
    home = Path('out/train') / (recipe.name if args.robot == CELL else f'{recipe.name}_{args.robot}')
    work = args.work or home / 'work'
    accelerator = make_accelerator(args.device, recipe.precision)
    pipeline = make_initial_pipeline(configuration, recipe, args.init_from_svd)
    if accelerator.is_main_process:
        claim_work_folder(work, recipe, args.init_from_svd)
    store = looks = None
    from_looks = ('path',) if pipeline.path is None else ('path', 'diffusion')
    if any(getattr(recipe, stage) for stage in STAGES if stage not in from_looks):
        store = provide_episodes(recipe, configuration, args.data or home / 'episodes', args.workers, accelerator)
    if pipeline.path is not None:
        looks = provide_looks(recipe, configuration, args.looks or home / 'looks', args.workers, accelerator)
    stages = Training(pipeline, recipe, args.ablation, store, looks, work, accelerator, args.workers).run(
        keep_latents_scale=args.init_from_svd is not None)
    if not accelerator.is_main_process:
        return None
    suffix = '' if args.ablation == 'full' else f'_{args.ablation}'
    folder = args.out or home / f'model{suffix}'
    write_model(pipeline, folder, recipe.file_megabytes)
    return TrainedModel(
        folder, home.name + suffix, _command(args, recipe), recipe, configuration, stages, store, looks)


def _command(args: argparse.Namespace, recipe: Recipe) -> str:
    options = [f'--ablation {args.ablation}'] if args.ablation != 'full' else []
    if args.robot != CELL:
        options.append(f'--robot {args.robot}')
    if args.init_from_svd:
        options.append('--init-from-svd DIR')
    return ' '.join(['robot4d train', recipe.name, *options])


def require_stages(recipe: Recipe, configuration: Configuration, from_svd: bool) -> None:
    """Raise RecipeError when the recipe lacks what the model needs."""
    for name in STAGES:
        part = 'unet' if name == 'diffusion' else name
        pretrained = from_svd and name.endswith('autoencoder')
        pretrained |= recipe.begin_with is not None and name != 'diffusion'
        if getattr(configuration, part) is not None and getattr(recipe, name) is None and not pretrained:
            raise RecipeError(
                f"the recipe '{recipe.name}' has no stage '{name}', which the configuration '{recipe.model}' needs"
                f"{' unless it begins with --init-from-svd' if name.endswith('autoencoder') else ''}; add it")
    if recipe.in_memory and configuration.image_encoder is not None:
        raise RecipeError(
            f"the configuration '{recipe.model}' has an image encoder, which looks at windows as they are read; write "
            f"'in_memory: false' into the recipe '{recipe.name}'")


def make_accelerator(device: str, precision: str) -> Accelerator:
    """Return what places and synchronises the training; `accelerate launch` tells it of other processes.

    Raises DeviceError when CUDA is demanded but not there, or cannot compute with the precision.
    """
    if device == 'cuda' and not torch.cuda.is_available():
        raise DeviceError("--device cuda was demanded but torch finds no CUDA GPU; choose 'auto' or 'cpu'")
    try:
        return Accelerator(
            cpu=device == 'cpu', mixed_precision=precision, kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])
    except ValueError as error:
        raise DeviceError(f"precision '{precision}': {error}; write 'precision: no' into the recipe") from error


def claim_work_folder(work: Path, recipe: Recipe, svd: Path | None) -> None:
    """Write into a new work folder whose it is. Raises RecipeError when it is another recipe's or configuration's."""
    configuration = asdict(read_configuration(recipe.model))
    ours = json.loads(json.dumps({
        **recipe.fixed(), 'configuration': configuration, 'init_from_svd': svd and str(svd.absolute())}))
    file = work / 'recipe.json'
    if not file.exists():
        work.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(ours, indent=1) + '\n')
        return
    try:
        theirs = json.loads(file.read_text('utf-8'))
    except ValueError as error:
        raise RecipeError(f'{file} cannot be read ({error}); choose another --work, or delete it') from error
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if differing:
        raise RecipeError(
            f"{work} holds a training with another {', '.join(differing)}; choose another --work, or delete it to "
            'begin again')


def provide_episodes(
    recipe: Recipe, configuration: Configuration, folder: Path, workers: int, accelerator: Accelerator,
) -> EpisodeStore | JoinedStores:
    """Record the recipe's demonstrations, or open the user's, and check that a model can learn from them.

    Raises RecipeError for images of another size, NoWindowError without training episodes, the errors of EpisodeStore.
    """
    width, height = configuration.image_size
    if recipe.data is not None and accelerator.is_main_process:
        _record(recipe.data, folder, recipe.data.episodes, recipe.data.cameras, configuration, workers)
    accelerator.wait_for_everyone()
    if not folder.exists():
        raise RecipeError(
            f"the recipe '{recipe.name}' records nothing and there is no episode store {folder}; give yours by --data")
    store = open_stores(folder)
    if store.settings.get('kind') == LOOKS_KIND:
        raise RecipeError(f'{folder} holds looks, from which no video is learned; give demonstrations by --data')
    first = store.read(episodes_of(store, 'training')[0])
    if first.rgb.shape[2:4] != (height, width):
        size = 'x'.join(map(str, first.rgb.shape[3:1:-1]))
        raise RecipeError(
            f"{folder} has images of {size}, the configuration '{recipe.model}' needs {width}x{height}; record or "
            'import at that size')
    return store


def provide_looks(
    recipe: Recipe, configuration: Configuration, folder: Path, workers: int, accelerator: Accelerator,
) -> EpisodeStore | JoinedStores:
    """Record the recipe's looks, or open the user's. Raises RecipeError when there are none, EpisodeStore's errors."""
    if recipe.data is not None and accelerator.is_main_process:
        _record(recipe.data, folder, recipe.data.looks, LOOK_CAMERAS, configuration, workers, looks=True)
    accelerator.wait_for_everyone()
    if not folder.exists():
        raise RecipeError(
            f"the recipe '{recipe.name}' takes no looks and there is no store {folder}; take some with `robot4d record "
            '--looks` or `robot4d dataset import --looks`, and give them by --looks')
    store = open_stores(folder)
    if store.settings.get('kind') != LOOKS_KIND:
        raise RecipeError(f'{folder} holds demonstrations, from which no path is learned; give looks by --looks')
    return store


def _record(
    data: DataSettings, folder: Path, count: int, cameras: int, configuration: Configuration, workers: int,
    looks: bool = False,
) -> None:
    """Record so many demonstrations of each task, or scenes of looks, into folder/TASK. Raises RecipeError."""
    from robot4d_core.cell.recorder import record
    from robot4d_core.cell.sensor import SENSORS

    if data.sensor not in SENSORS:
        raise RecipeError(f"data: no sensor '{data.sensor}'; choose one of {', '.join(SENSORS)}")
    for task in data.tasks:
        record(folder / task, task, count, cameras, seed=data.seed, size=tuple(configuration.image_size),
               workers=max(1, workers), sensor=SENSORS[data.sensor], looks=looks,
               robot=data.robot)


def make_initial_pipeline(configuration: Configuration, recipe: Recipe, svd: Path | None) -> TwoViewPipeline:
    """Return the pipeline before training: Stable Video Diffusion's weights, or random ones, always the same.

    Parts without a stage are those of the model that the recipe begins with, and its U-Net is where ours begins.
    Raises ModelError, ConfigurationError, RecipeError.
    """
    torch.manual_seed(0)
    if svd is not None:
        from robot4d_core.generator.model.svd_import import load_svd

        return load_svd(svd, configuration)
    if recipe.begin_with is None:
        return make_pipeline(configuration)
    known = load_pipeline(ModelFolder.open(share_directory() / 'models' / recipe.begin_with))
    pipeline = make_pipeline(configuration, **_parts_taken_over(known, configuration, recipe))
    if pipeline.unet is not None:
        _begin_unet(pipeline.unet, known.unet, recipe)
    return pipeline


def _parts_taken_over(known: TwoViewPipeline, configuration: Configuration, recipe: Recipe) -> dict[str, nn.Module]:
    names = ('rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment')
    taken = {name: getattr(known, name) for name in names
             if getattr(configuration, name) is not None and getattr(recipe, name) is None}
    differing = [name for name, part in taken.items()
                 if any(part.config.get(key) != value for key, value in getattr(configuration, name).items())]
    if differing:
        raise RecipeError(
            f"the {' and '.join(differing)} of {recipe.begin_with}, which the recipe '{recipe.name}' begins with, has "
            f"another shape than in the configuration '{recipe.model}'")
    return taken


def _begin_unet(unet: TwoViewUNet, known: TwoViewUNet | None, recipe: Recipe) -> None:
    if known is None:
        raise RecipeError(f"{recipe.begin_with}, which the recipe '{recipe.name}' begins with, has no U-Net")
    try:
        unet.begin_with(known)
    except RuntimeError as error:
        raise RecipeError(
            f"the U-Net of {recipe.begin_with}, which the recipe '{recipe.name}' begins with, has another shape than "
            f"in the configuration '{recipe.model}': {error}") from error


def write_model(pipeline: TwoViewPipeline, folder: Path, file_megabytes: int | None = None) -> None:
    """Save the pipeline as a diffusers folder, weights as bfloat16 (loaded as float32), with checksums.

    Those of the path stay float32, for it tells millimetres. file_megabytes: see Recipe. Weights that lie in the
    folder are replaced.
    """
    for name, part in pipeline.to('cpu').components.items():
        if isinstance(part, nn.Module):
            part.float() if name == 'path' else part.bfloat16()
            for file in (folder / name).glob('*.safetensors*'):
                file.unlink()
    pipeline.save_pretrained(folder, max_shard_size=file_megabytes and f'{file_megabytes}MB')
    write_checksums(folder)
