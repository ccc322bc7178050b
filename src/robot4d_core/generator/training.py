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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from rich.console import Console
from rich.progress import track

from robot4d_core.episodes.loader import episodes_of, read_seen_by
from robot4d_core.episodes.splits import held_out_cameras, training_cameras
from robot4d_core.episodes.store import Episode, EpisodeStore
from robot4d_core.episodes.windows import gripper_mask, pointmaps_of, relative_pose, sample_windows
from robot4d_core.errors import EngineError
from robot4d_core.generator.autoencoder import PatchAutoencoder, PointmapAutoencoder, RgbAutoencoder
from robot4d_core.generator.diffusion import TwoViewDiffusion
from robot4d_core.generator.latent_episodes import (
    LatentEpisode,
    alignment_batch,
    diffusion_batch,
    encode_episode,
)
from robot4d_core.generator.model_folder import write_checksums
from robot4d_core.generator.pipeline import TwoViewPipeline
from robot4d_core.generator.training_loop import StageSettings, train_stage
from robot4d_core.generator.unet import TwoViewUNet
from robot4d_core.generator.view_alignment import ViewAlignment
from robot4d_core.geometry.pointmaps import transform_points
from robot4d_core.robot_description import share_directory

LATENT_NOISE = 0.02  # standard deviation, keeps the decoder smooth around the latents
LATENT_SIZE_PENALTY = 1e-3  # weight of the mean square latent
GRIPPER_WEIGHT = 4.0  # added to 1 inside the gripper's mask when the autoencoders train
HOLE_SHARE = 0.05  # of 8x8 cells made invalid in every eighth training pointmap, as real depth has holes

console = Console()


def train_command(args: argparse.Namespace) -> None:
    """Run every stage of a recipe that is not finished yet, and write the model folder."""
    from robot4d_core.cell.recorder import record

    path = Path(args.recipe)
    path = path if path.suffix == '.yaml' else share_directory() / 'config' / 'recipes' / f'{args.recipe}.yaml'
    if not path.is_file():
        raise EngineError(f'no recipe {path}; give the name of a file under config/recipes, or a path')
    recipe = yaml.safe_load(path.read_text())
    out = args.out or share_directory() / 'models' / path.stem
    store = record(args.data, **recipe['data'], workers=args.workers)
    images = read_training(store)
    rgb = train_autoencoder(RgbAutoencoder().to(args.device), images, _settings(recipe, 'rgb_autoencoder'), args.work)
    pointmap = train_autoencoder(
        PointmapAutoencoder().to(args.device), images, _settings(recipe, 'pointmap_autoencoder'), args.work,
    )
    del images
    latents = encode_episodes(store, rgb, pointmap, args.work / 'latents')
    alignment = train_alignment(latents, _settings(recipe, 'view_alignment'), args.work, args.device)
    unet, scheduler = train_diffusion(latents, _settings(recipe, 'diffusion'), recipe['unet'], args.work, args.device)
    write_model(TwoViewPipeline(rgb, pointmap, alignment, unet, scheduler), out)
    report_model(out, path.stem, recipe, args.work, read_validation(store))


def _settings(recipe: dict, stage: str) -> StageSettings:
    return StageSettings(**recipe[stage])


def read_training(store: EpisodeStore) -> list[Episode]:
    """Read all that models may train on: the training episodes as their training cameras saw them."""
    names = episodes_of(store, 'training')
    return [read_seen_by(store, name, training_cameras) for name in track(names, description='reading episodes')]


def read_validation(store: EpisodeStore) -> list[Episode]:
    """Read the validation episodes as those cameras saw them that no model trains on."""
    return [read_seen_by(store, name, held_out_cameras) for name in episodes_of(store, 'validation')]


@dataclass(frozen=True)
class ImageBatch:
    """rgb: (B, H, W, 3) uint8; pointmap: (B, H, W, 3) metres; gripper: (B, H, W) bool."""

    rgb: np.ndarray
    pointmap: np.ndarray
    gripper: np.ndarray


def image_batch(episodes: list[Episode], batch: int, rng: np.random.Generator) -> ImageBatch:
    """Draw random images; half of the pointmaps are in the frame of another camera, an eighth gets holes."""
    rgb, pointmaps, grippers = [], [], []
    for k in range(batch):
        episode = episodes[rng.integers(len(episodes))]
        camera, other = rng.choice(len(episode.rgb), 2, replace=False)
        step = rng.integers(len(episode.times))
        points = pointmaps_of(episode, camera, step)
        if k % 2:
            points = transform_points(relative_pose(episode, other, camera), points)
        if k % 8 == 0:
            holes = rng.random((points.shape[0] // 8, points.shape[1] // 8)) < HOLE_SHARE
            points = np.where(np.kron(holes, np.ones((8, 8), bool))[..., None], np.float32(np.nan), points)
        rgb.append(episode.rgb[camera, step])
        pointmaps.append(points)
        grippers.append(gripper_mask(episode.segmentation[camera, step]))
    return ImageBatch(np.stack(rgb), np.stack(pointmaps), np.stack(grippers))


def train_autoencoder(
    model: PatchAutoencoder, episodes: list[Episode], settings: StageSettings, work: Path,
) -> PatchAutoencoder:
    """Train on single images; then set the model's latent mean and deviation so that latents have unit variance."""
    of_points = isinstance(model, PointmapAutoencoder)

    def images_of(batch: ImageBatch) -> torch.Tensor:
        return model.normalise(batch.pointmap if of_points else batch.rgb)

    def batch_loss(size: int, rng: np.random.Generator, generator: torch.Generator) -> dict[str, torch.Tensor]:
        batch = image_batch(episodes, size, rng)
        images = images_of(batch)
        weight = 1 + GRIPPER_WEIGHT * torch.from_numpy(batch.gripper).to(model.device)[:, None].float()
        latents = model.encode(images)
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        output = model.decode(latents + LATENT_NOISE * noise)
        reconstruction = model.reconstruction_loss(output.float(), images, weight)
        loss = reconstruction + LATENT_SIZE_PENALTY * latents.square().mean()
        return {'loss': loss, 'reconstruction': reconstruction}

    train_stage(model, batch_loss, settings, work / ('pointmap_autoencoder' if of_points else 'rgb_autoencoder'))
    with torch.no_grad():
        images = images_of(image_batch(episodes, 256, np.random.default_rng(0)))
        latents = model.encode(images).transpose(0, 1).flatten(1)
        model.latent_mean.copy_(latents.mean(1)[:, None, None])
        model.latent_std.copy_(latents.std(1)[:, None, None])
    return model


def encode_episodes(
    store: EpisodeStore, rgb: RgbAutoencoder, pointmap: PointmapAutoencoder, folder: Path,
) -> list[LatentEpisode]:
    """Encode every training episode into folder, or read those already there."""
    folder.mkdir(parents=True, exist_ok=True)
    latents = []
    for k, name in enumerate(track(episodes_of(store, 'training'), description='encoding episodes')):
        path = folder / f'{name}.safetensors'
        if not path.exists():
            episode = read_seen_by(store, name, training_cameras)
            encode_episode(episode, rgb, pointmap, np.random.default_rng(k)).save(path)
        latents.append(LatentEpisode.load(path))
    return latents


def train_alignment(episodes: list[LatentEpisode], settings: StageSettings, work: Path, device: str) -> ViewAlignment:
    """Train the regression of view m's points in frame n (mean distance of known points, metres)."""
    model = ViewAlignment().to(device)

    def batch_loss(size: int, rng: np.random.Generator, generator: torch.Generator) -> dict[str, torch.Tensor]:
        conditioning, target = (x.to(device) for x in alignment_batch(episodes, size, rng))
        distance = torch.linalg.vector_norm(model(conditioning).float() - target.nan_to_num(), dim=-1)
        return {'loss': distance[target.isfinite().all(-1)].mean()}

    train_stage(model, batch_loss, settings, work / 'view_alignment')
    return model


def train_diffusion(
    episodes: list[LatentEpisode], settings: StageSettings, unet: dict, work: Path, device: str,
) -> tuple[TwoViewUNet, TwoViewDiffusion]:
    """Train the two-view U-Net on windows of latents."""
    torch.manual_seed(0)
    model, scheduler = TwoViewUNet(**unet).to(device), TwoViewDiffusion()
    change = diffusion_batch(episodes, 256, np.random.default_rng(0)).change
    model.output_scale.copy_(change.std(dim=(0, 2, 4, 5))[:, None, :, None, None])

    def batch_loss(size: int, rng: np.random.Generator, generator: torch.Generator) -> dict[str, torch.Tensor]:
        batch = diffusion_batch(episodes, size, rng)
        terms = scheduler.loss(
            lambda noisy, c_noise: model(noisy, batch.conditioning.to(device), c_noise),
            batch.change.to(device) / model.output_scale, batch.gripper.to(device), batch.valid.to(device),
            scheduler.sample_sigma(size, generator).to(device),
            torch.randn(batch.change.shape, generator=generator).to(device),
        )
        return {'loss' if name == 'total' else name: value for name, value in vars(terms).items()}

    train_stage(model, batch_loss, settings, work / 'diffusion')
    return model, scheduler


def write_model(pipeline: TwoViewPipeline, folder: Path) -> None:
    """Save the pipeline as a diffusers folder, weights as bfloat16 (loaded as float32), with their checksums."""
    pipeline.to(torch.bfloat16).save_pretrained(folder)
    write_checksums(folder)


def report_model(folder: Path, name: str, recipe: dict, work: Path, validation: list[Episode]) -> None:
    """Measure the written model on validation windows; write errors, curves and the model card into its folder."""
    from robot4d_core.evaluation.horizon_error import (
        measure_horizon_error,
        plot_horizon_error,
        print_horizon_error,
    )
    from robot4d_core.generator.diffusion_engine import DiffusionEngine
    from robot4d_core.generator.model_card import plot_curves, write_model_card

    settings = recipe['evaluation']
    engine = DiffusionEngine(folder, device='cpu', steps=settings['steps'])
    engine.start()
    windows = sample_windows(validation, settings['windows'], np.random.default_rng(settings['seed']))
    report = measure_horizon_error(engine, windows)
    print_horizon_error(report, console)
    (folder / 'horizon_error.json').write_text(json.dumps(report.to_dict(), indent=1) + '\n')
    plot_horizon_error(report, folder / 'horizon_error.png')
    curves = {stage: work / stage / 'curve.csv' for stage in
              ('rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment', 'diffusion')}
    plot_curves(curves, folder / 'curves.png')
    write_model_card(folder, name, recipe, curves, report, f'{platform.machine()}, {torch.get_num_threads()} threads')
