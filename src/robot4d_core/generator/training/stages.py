# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The stages of a training in their order: path, autoencoders, view alignment, diffusion."""

from __future__ import annotations

from collections.abc import Generator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from torch import nn

from robot4d_core.episodes.joined_stores import JoinedStores
from robot4d_core.episodes.loader import WindowDataset, episodes_of
from robot4d_core.episodes.splits import training_cameras
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import NoWindowError, RecipeError
from robot4d_core.generator.model.autoencoder_interface import Autoencoder, PointmapImages
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.training.batch_sources import DataFromWindows, DataInMemory, TrainingData
from robot4d_core.generator.training.batches import Batches, BatchPlan
from robot4d_core.generator.training.checkpoint import save_durably
from robot4d_core.generator.training.encoded_looks import encode_looks, look_batches
from robot4d_core.generator.training.loop import DrawSamples, train_stage
from robot4d_core.generator.training.objectives import (
    AlignmentObjective,
    AutoencoderObjective,
    DiffusionObjective,
    PathObjective,
)
from robot4d_core.generator.training.path.path_batches import PathBatch, path_batches
from robot4d_core.generator.training.path.remembered_look import remember_looks
from robot4d_core.generator.training.recipe import Recipe
from robot4d_core.generator.training.sample_pictures import COLUMNS, draw_change, draw_prediction, draw_reconstruction

VIDEO_LOOKS = 2  # of so many looks in a row, which show much the same, one is encoded for the video
CALIBRATION_IMAGES = 256  # whose latents' mean and deviation are measured
CALIBRATION_WINDOWS = 64  # of whose changes the deviation is measured


class Training:
    """Trains the parts of a pipeline in place, each in a folder of its own below work.

    The ablations share all folders but that of the diffusion.
    """

    def __init__(
        self, pipeline: TwoViewPipeline, recipe: Recipe, ablation: str, store: EpisodeStore | JoinedStores,
        looks: EpisodeStore | JoinedStores | None, work: Path, accelerator: Accelerator, workers: int,
    ) -> None:
        """Take the demonstrations, and the looks where the pipeline imagines paths."""
        self._pipeline, self._recipe, self._ablation = pipeline, recipe, ablation
        self._store, self._looks = store, looks
        self._work, self._accelerator, self._workers = work, accelerator, workers
        pipeline.to(accelerator.device)
        for part in pipeline.components.values():
            if isinstance(part, nn.Module):
                part.requires_grad_(False).eval()

    def run(self, keep_latents_scale: bool) -> dict[str, Path]:
        """Run every stage that is not finished; return the folders of the recipe's stages.

        keep_latents_scale: the autoencoders' latents are scaled as a pretrained U-Net expects them.
        """
        data, stages = None if self._store is None else self._data(), {}
        if self._pipeline.path is not None:
            self._train('path', PathObjective(self._pipeline.path), self._path_batches)
            stages['path'] = self._folder('path')
        for name in ('rgb_autoencoder', 'pointmap_autoencoder'):
            if getattr(self._pipeline, name) is not None and getattr(self._recipe, name) is not None:
                self._train_autoencoder(name, data, keep_latents_scale)
                stages[name] = self._folder(name)
        if self._pipeline.view_alignment is not None and self._recipe.view_alignment is not None:
            self._train('view_alignment', AlignmentObjective(self._pipeline.view_alignment),
                        data.alignments(self._pipeline))
            stages['view_alignment'] = self._folder('view_alignment')
        if self._pipeline.unet is not None:
            self._train_diffusion(data)
            stages['diffusion'] = self._folder('diffusion')
        return stages

    def _data(self) -> TrainingData:
        if self._recipe.in_memory:
            folder = 'latents_rgb' if self._pipeline.pointmap_autoencoder is None else 'latents'
            return DataInMemory(self._store, self._work / folder, self._accelerator)
        return DataFromWindows(
            self._store, self._workers, self._pipeline.rgb_autoencoder.latent_factor, self._accelerator)

    def _path_batches(self, plan: BatchPlan) -> Generator[PathBatch, None, None]:
        network, looks = self._pipeline.path, self._looks
        cameras = training_cameras(looks.settings['cameras'])
        remembered = remember_looks(
            looks, episodes_of(looks, 'training'), cameras, np.array(network.config.workspace), network.config.stroke,
            quiet=not self._accelerator.is_main_process)
        return path_batches(remembered, network)(plan)

    def _look_batches(self) -> Batches:
        looks = self._looks
        names, cameras = episodes_of(looks, 'training')[::VIDEO_LOOKS], training_cameras(looks.settings['cameras'])
        return look_batches(encode_looks(
            looks, names, cameras, self._pipeline,
            self._work / 'encoded_looks', quiet=not self._accelerator.is_main_process))

    def _train_autoencoder(self, name: str, data: TrainingData, keep_latents_scale: bool) -> None:
        autoencoder = getattr(self._pipeline, name)
        file = self._folder(name) / 'weights.safetensors'
        if not file.exists():
            batches = data.images()
            self._train(name, AutoencoderObjective(autoencoder), batches,
                        lambda file: self._draw_reconstruction(autoencoder, batches, file))
            if not keep_latents_scale:
                self._calibrate(autoencoder, batches)
            if self._accelerator.is_main_process:
                save_durably(autoencoder.state_dict(), file)
            self._accelerator.wait_for_everyone()
        autoencoder.load_state_dict(load_file(file))

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

    def _train_diffusion(self, data: TrainingData | None) -> None:
        pipeline, unet = self._pipeline, self._pipeline.unet
        batches = data.windows(pipeline) if pipeline.path is None else self._look_batches()
        if pipeline.config.diffuse_change and self._recipe.begin_with is None:
            some = islice(batches(BatchPlan(first=0, size=2)), CALIBRATION_WINDOWS // 2)
            changes = torch.cat([batch.target for batch in some])
            unet.output_scale.copy_(changes.std(dim=(0, 2, 4, 5))[:, None, :, None, None])
        draw = self._prediction_to_draw(batches)
        self._train('diffusion', DiffusionObjective(unet, pipeline.scheduler), batches, draw)

    def _prediction_to_draw(self, batches: Batches) -> DrawSamples:
        pipeline, steps = self._pipeline, self._recipe.evaluation.steps
        if pipeline.path is None:
            window = self._shown_window()
            return lambda file: draw_prediction(pipeline, window, steps, file)
        shown = next(batches(BatchPlan(first=0, size=1)))
        return lambda file: draw_change(pipeline, shown, steps, file)

    def _train(self, name: str, objective: nn.Module, batches: Batches, draw: DrawSamples | None = None) -> None:
        settings = getattr(self._recipe, name)
        if settings.gradient_checkpointing:
            for model in objective.children():
                if not model._supports_gradient_checkpointing:
                    raise RecipeError(f"stage '{name}': {type(model).__name__} cannot do gradient_checkpointing")
                model.enable_gradient_checkpointing()
        train_stage(objective, batches, settings, self._folder(name), self._accelerator, draw)

    def _folder(self, name: str) -> Path:
        ablated = name == 'diffusion' and self._ablation != 'full'
        return self._work / (f'{name}_{self._ablation}' if ablated else name)

    def _shown_window(self) -> dict[str, np.ndarray]:
        """Return a window of an episode that no model trains on, if there is one."""
        try:
            dataset = WindowDataset(self._store, 'validation', training_cameras)
        except NoWindowError:
            dataset = WindowDataset(self._store, 'training', training_cameras)
        return dataset[len(dataset) // 2]

    def _draw_reconstruction(self, autoencoder: Autoencoder, batches: Batches, file: Path) -> None:
        batch = next(batches(BatchPlan(first=0, size=COLUMNS if self._recipe.in_memory else 1)))  # images or a video
        images = AutoencoderObjective(autoencoder).images(batch)
        decoded = autoencoder.denormalise(autoencoder.decode(autoencoder.encode(images), batch.frames))
        true = batch.pointmap if isinstance(autoencoder, PointmapImages) else batch.rgb
        draw_reconstruction(true, decoded, file)
