# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`robot4d train`: from nothing to a model folder with card, curves and measured errors, by one command.

Stages: record demonstrations, train both autoencoders, encode the episodes, train the view alignment, train the
diffusion, write the model, evaluate it on episodes and cameras never trained on. Each stage continues where a killed
run stopped.
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, InitProcessGroupKwargs
from rich.console import Console
from safetensors.torch import load_file
from torch import nn

from robot4d_core.episodes.episode import Episode
from robot4d_core.episodes.loader import WindowDataset, episodes_of, read_seen_by
from robot4d_core.episodes.splits import held_out_cameras, training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import sample_windows
from robot4d_core.errors import DeviceError, NoWindowError, RecipeError
from robot4d_core.generator.autoencoder_interface import Autoencoder, PointmapImages
from robot4d_core.generator.configurations import Configuration, make_pipeline, read_configuration
from robot4d_core.generator.pipeline import TwoViewPipeline
from robot4d_core.generator.recipe import Recipe, StageSettings, read_recipe
from robot4d_core.generator.sample_grid import draw_prediction, draw_reconstruction
from robot4d_core.generator.training_batches import Batches, BatchPlan
from robot4d_core.generator.training_checkpoint import save_durably
from robot4d_core.generator.training_data import DataFromWindows, DataInMemory, TrainingData
from robot4d_core.generator.training_loop import train_stage
from robot4d_core.generator.training_objectives import AlignmentObjective, AutoencoderObjective, DiffusionObjective
from robot4d_core.robot_description import share_directory

CALIBRATION_IMAGES = 256  # whose latents' mean and deviation are measured
CALIBRATION_WINDOWS = 64  # of whose changes the deviation is measured
PATIENCE = timedelta(hours=12)  # of processes that wait for the main one to record or encode

console = Console()


def train_command(args: argparse.Namespace) -> None:
    """Run every stage of a recipe that is not finished yet, write the model folder and measure it."""
    recipe = read_recipe(args.recipe or ('put_spatula_svd' if args.init_from_svd else 'put_spatula_tiny'))
    configuration = read_configuration(recipe.model, args.ablation)
    accelerator = make_accelerator(args.device, recipe.precision)
    home = Path('out/train') / recipe.name
    work = args.work or home / 'work'
    claim_work_folder(work, recipe, args.init_from_svd)
    store = provide_episodes(recipe, configuration, args.data or home / 'episodes', args.workers, accelerator)
    pipeline = make_initial_pipeline(configuration, args.init_from_svd)
    training = Training(recipe, configuration, args.ablation, store, work, accelerator, args.workers)
    stages = training.run(pipeline, keep_latents_scale=args.init_from_svd is not None)
    if accelerator.is_main_process:
        name = recipe.name if args.ablation == 'full' else f'{recipe.name}_{args.ablation}'
        out = args.out or share_directory() / 'models' / name
        write_model(pipeline, out)
        report_model(out, name, _command(args, recipe), recipe, stages, configuration, store)


def _command(args: argparse.Namespace, recipe: Recipe) -> str:
    options = [f'--ablation {args.ablation}'] if args.ablation != 'full' else []
    if args.init_from_svd:
        options.append('--init-from-svd DIR')
    return ' '.join(['robot4d train', recipe.name, *options])


def make_accelerator(device: str, precision: str) -> Accelerator:
    """Return what places and synchronises the training; `accelerate launch` tells it of other processes.

    Raises DeviceError when CUDA is demanded but not there.
    """
    if device == 'cuda' and not torch.cuda.is_available():
        raise DeviceError("--device cuda was demanded but torch finds no CUDA GPU; choose 'auto' or 'cpu'")
    return Accelerator(
        cpu=device == 'cpu', mixed_precision=precision, kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])


def claim_work_folder(work: Path, recipe: Recipe, svd: Path | None) -> None:
    """Write into a new work folder whose it is. Raises RecipeError when it is another recipe's or configuration's."""
    configuration = asdict(read_configuration(recipe.model))
    ours = json.loads(json.dumps({
        **recipe.fixed(), 'configuration': configuration, 'init_from_svd': svd and str(svd.absolute())}))
    file = work / 'recipe.json'
    if not file.exists():
        work.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(ours, indent=1) + '\n')
        return
    theirs = json.loads(file.read_text())
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if differing:
        raise RecipeError(
            f"{work} holds a training with another {', '.join(differing)}; choose another --work, or delete it to "
            'begin again')


def provide_episodes(
    recipe: Recipe, configuration: Configuration, folder: Path, workers: int, accelerator: Accelerator,
) -> EpisodeStore:
    """Record the recipe's demonstrations, or open the user's, and check that a model can learn from them.

    Raises RecipeError for images of another size, NoWindowError without training episodes, the errors of EpisodeStore.
    """
    width, height = configuration.image_size
    if recipe.data is not None and accelerator.is_main_process:
        from robot4d_core.cell.recorder import record
        from robot4d_core.cell.sensor import SENSORS

        data = recipe.data
        if data.sensor not in SENSORS:
            raise RecipeError(f"data: no sensor '{data.sensor}'; choose one of {', '.join(SENSORS)}")
        record(folder, data.task, data.episodes, data.cameras, seed=data.seed, size=(width, height),
               workers=max(1, workers), sensor=SENSORS[data.sensor])
    accelerator.wait_for_everyone()
    if not folder.exists():
        raise RecipeError(
            f"the recipe '{recipe.name}' records nothing and there is no episode store {folder}; give yours by --data")
    store = EpisodeStore(folder)
    first = store.read(episodes_of(store, 'training')[0])
    if first.rgb.shape[2:4] != (height, width):
        size = 'x'.join(map(str, first.rgb.shape[3:1:-1]))
        raise RecipeError(
            f"{folder} has images of {size}, the configuration '{recipe.model}' needs {width}x{height}; record or "
            'import at that size')
    return store


def make_initial_pipeline(configuration: Configuration, svd: Path | None) -> TwoViewPipeline:
    """Return the pipeline before training: Stable Video Diffusion's weights, or random ones, always the same."""
    torch.manual_seed(0)
    if svd is None:
        return make_pipeline(configuration)
    from robot4d_core.generator.svd_import import load_svd

    return load_svd(svd, configuration)


class Training:
    """The stages of a recipe, each in a folder of its own below work.

    The ablations share all folders but that of the diffusion.
    """

    def __init__(
        self, recipe: Recipe, configuration: Configuration, ablation: str, store: EpisodeStore, work: Path,
        accelerator: Accelerator, workers: int,
    ) -> None:
        self._recipe, self._configuration, self._store = recipe, configuration, store
        self._work, self._accelerator, self._workers = work, accelerator, workers
        self._diffusion = 'diffusion' if ablation == 'full' else f'diffusion_{ablation}'

    def run(self, pipeline: TwoViewPipeline, keep_latents_scale: bool = False) -> dict[str, Path]:
        """Train every part in place; return the folders of the stages that trained.

        keep_latents_scale: the autoencoders' latents are what a pretrained U-Net expects.
        """
        pipeline.to(self._accelerator.device)
        for part in pipeline.components.values():
            if isinstance(part, nn.Module):
                part.requires_grad_(False).eval()
        data, recipe, stages = self._data(pipeline), self._recipe, {}
        for name in ('rgb_autoencoder', 'pointmap_autoencoder'):
            if getattr(pipeline, name) is not None and getattr(recipe, name) is not None:
                self._train_autoencoder(name, getattr(pipeline, name), data, keep_latents_scale)
                stages[name] = self._work / name
        if pipeline.view_alignment is not None:
            self._train('view_alignment', AlignmentObjective(pipeline.view_alignment), recipe.view_alignment,
                        lambda: data.alignments(pipeline))
            stages['view_alignment'] = self._work / 'view_alignment'
        self._train_diffusion(pipeline, data)
        return stages | {'diffusion': self._work / self._diffusion}

    def _data(self, pipeline: TwoViewPipeline) -> TrainingData:
        if self._recipe.in_memory:
            folder = 'latents_rgb' if pipeline.pointmap_autoencoder is None else 'latents'
            return DataInMemory(self._store, self._work / folder, self._accelerator)
        return DataFromWindows(
            self._store, self._workers, pipeline.rgb_autoencoder.latent_factor, self._accelerator)

    def _train_autoencoder(
        self, name: str, autoencoder: Autoencoder, data: TrainingData, keep_latents_scale: bool,
    ) -> None:
        file = self._work / name / 'weights.safetensors'
        if file.exists():
            autoencoder.load_state_dict(load_file(file))
            return
        batches = data.images()
        self._train(name, AutoencoderObjective(autoencoder), getattr(self._recipe, name), lambda: batches,
                    lambda file: self._draw_reconstruction(autoencoder, batches, file))
        if not keep_latents_scale:
            self._calibrate(autoencoder, batches)
        if self._accelerator.is_main_process:
            save_durably(autoencoder.state_dict(), file)
        self._accelerator.wait_for_everyone()

    @torch.no_grad()
    def _calibrate(self, autoencoder: Autoencoder, batches: Batches) -> None:
        """Set the latents' mean and deviation so that they have unit variance."""
        objective, latents, images = AutoencoderObjective(autoencoder), [], 0
        stream = batches(BatchPlan(first=0, size=2))
        while images < CALIBRATION_IMAGES:
            with self._accelerator.autocast():
                latents.append(autoencoder.encode(objective.images(next(stream))).float())
            images += len(latents[-1])
        by_channel = torch.cat(latents).transpose(0, 1).flatten(1)
        autoencoder.latent_mean += autoencoder.latent_std * by_channel.mean(1)[:, None, None]
        autoencoder.latent_std *= by_channel.std(1)[:, None, None]

    def _train_diffusion(self, pipeline: TwoViewPipeline, data: TrainingData) -> None:
        unet, settings = pipeline.unet, self._recipe.diffusion
        if settings.gradient_checkpointing:
            unet.enable_gradient_checkpointing()
        batches = data.windows(pipeline)
        if pipeline.config.diffuse_change:
            some = islice(batches(BatchPlan(first=0, size=2)), CALIBRATION_WINDOWS // 2)
            targets = torch.cat([batch.target for batch in some])
            unet.output_scale.copy_(targets.std(dim=(0, 2, 4, 5))[:, None, :, None, None])
        window = self._shown_window()
        self._train(self._diffusion, DiffusionObjective(unet, pipeline.scheduler), settings, lambda: batches,
                    lambda file: draw_prediction(pipeline, window, self._recipe.evaluation.steps, file))

    def _train(self, name: str, objective: nn.Module, settings: StageSettings | None, batches, draw=None) -> None:
        if settings is None:
            raise RecipeError(f"the recipe '{self._recipe.name}' has no stage '{name}', which its model needs; add it")
        train_stage(objective, batches(), settings, self._work / name, self._accelerator, draw)

    def _shown_window(self) -> dict[str, np.ndarray]:
        """Return a window of an episode that no model trains on, if there is one."""
        try:
            dataset = WindowDataset(self._store, 'validation', training_cameras)
        except NoWindowError:
            dataset = WindowDataset(self._store, 'training', training_cameras)
        return dataset[len(dataset) // 2]

    def _draw_reconstruction(self, autoencoder: Autoencoder, batches: Batches, file: Path) -> None:
        batch = next(batches(BatchPlan(first=0, size=8)))
        images = AutoencoderObjective(autoencoder).images(batch)
        decoded = autoencoder.denormalise(autoencoder.decode(autoencoder.encode(images), batch.frames))
        of_points = isinstance(autoencoder, PointmapImages)
        draw_reconstruction(batch, None if of_points else decoded, decoded if of_points else None, file)


def write_model(pipeline: TwoViewPipeline, folder: Path) -> None:
    """Save the pipeline as a diffusers folder, weights as bfloat16 (loaded as float32), with checksums."""
    from robot4d_core.generator.model_folder import write_checksums

    pipeline.to('cpu', torch.bfloat16).save_pretrained(folder)
    write_checksums(folder)


def read_validation(store: EpisodeStore) -> list[Episode]:
    """Read the validation episodes as those cameras saw them that no model trains on."""
    return [read_seen_by(store, name, held_out_cameras) for name in episodes_of(store, 'validation')]


def report_model(
    folder: Path, name: str, command: str, recipe: Recipe, stages: dict[str, Path], configuration: Configuration,
    store: EpisodeStore,
) -> None:
    """Measure the written model on validation windows; write errors, curves and the model card into its folder.

    The error is that of points, so models of colours alone get a card without it.
    """
    from robot4d_core.evaluation.horizon_error import (
        measure_horizon_error,
        plot_horizon_error,
        print_horizon_error,
    )
    from robot4d_core.generator.diffusion_engine import DiffusionEngine
    from robot4d_core.generator.model_card import plot_curves, write_model_card

    report = None
    if configuration.pointmap_autoencoder is not None:
        settings = recipe.evaluation
        engine = DiffusionEngine(folder, device='auto', steps=settings.steps)
        engine.start()
        windows = sample_windows(read_validation(store), settings.windows, np.random.default_rng(settings.seed))
        report = measure_horizon_error(engine, windows)
        print_horizon_error(report, console)
        (folder / 'horizon_error.json').write_text(json.dumps(report.to_dict(), indent=1) + '\n')
        plot_horizon_error(report, folder / 'horizon_error.png')
    plot_curves(stages, folder / 'curves.png')
    machine = torch.cuda.get_device_name() if torch.cuda.is_available() else (
        f'{platform.machine()}, {torch.get_num_threads()} threads')
    write_model_card(folder, name, command, recipe, store, stages, report, machine)
    console.print(f'the model is in {folder}')
