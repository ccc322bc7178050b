# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The command `robot4d train`: a model out of episodes, continued where it was, and what it refuses."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from diffusers import StableVideoDiffusionPipeline
from safetensors.torch import load_file

from core.episodes.analytic_episodes import analytic_store
from core.generator.small_svd import small_svd, small_svd_configuration
from core.generator.tiny_models import tiny_configuration, tiny_pipeline
from robot4d_core.cli import main
from robot4d_core.generator.model.load_pipeline import load_pipeline
from robot4d_core.generator.model.model_folder import ModelFolder
from robot4d_core.generator.model.pipeline import TwoViewPipeline
from robot4d_core.generator.training import stages as training_stages
from robot4d_core.generator.training.checkpoint import CHECKPOINT
from robot4d_core.generator.training.latent_episodes import LatentEpisode
from robot4d_core.generator.training.loss_curve import read_curve
from robot4d_core.generator.training.train import write_model

STAGE = {'steps': 2, 'batch': 2, 'learning_rate': 0.001, 'samples': 1}
STAGES = ('rgb_autoencoder', 'pointmap_autoencoder', 'view_alignment', 'diffusion')


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    monkeypatch.setattr(training_stages, 'CALIBRATION_IMAGES', 16)
    monkeypatch.setattr(training_stages, 'CALIBRATION_WINDOWS', 2)


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    """Episodes of a ball over a table: one trains, one validates."""
    folder = tmp_path_factory.mktemp('data') / 'store'
    analytic_store(folder, seeds=(7, 8), cameras=8, steps=12, size=(160, 128))
    return folder


def write_recipe(folder, configuration=None, **changes):
    entries = dataclasses.asdict(configuration or tiny_configuration())
    (folder / 'tiniest.yaml').write_text(yaml.safe_dump(json.loads(json.dumps(entries))))
    recipe = {
        'model': str(folder / 'tiniest.yaml'), 'precision': 'no', 'evaluation': {'windows': 0, 'steps': 1},
        **dict.fromkeys(STAGES, STAGE), **changes,
    }
    (folder / 'ball.yaml').write_text(yaml.safe_dump(recipe))
    return folder / 'ball.yaml'


def train(folder, store, *options, out='model'):
    return main([
        'train', str(folder / 'ball.yaml'), '--data', str(store), '--work', str(folder / 'work'),
        '--out', str(folder / out), '--device', 'cpu', '--workers', '0', *options])


def test_the_command_leaves_a_measured_model_and_does_not_repeat_itself(tmp_path, store):
    write_recipe(tmp_path, evaluation={'windows': 1, 'steps': 1})
    assert train(tmp_path, store) == 0
    measured = json.loads((tmp_path / 'model' / 'horizon_error.json').read_text())
    assert measured['windows'] == 1
    card = (tmp_path / 'model' / 'README.md').read_text()
    assert 'robot4d train ball' in card and '| diffusion | 2 | 2 |' in card
    for stage in set(STAGES) - {'view_alignment'}:
        assert (tmp_path / 'work' / stage / 'samples' / 'step_0000002.png').read_bytes().startswith(b'\x89PNG')
    [file] = (tmp_path / 'work' / 'latents').iterdir()
    latents = LatentEpisode.load(file, file.stem).rgb.float()
    np.testing.assert_allclose(latents.transpose(1, 2).flatten(2).std(dim=(0, 2)), 1, atol=0.2)

    checkpoints = {file: file.stat().st_mtime_ns for file in tmp_path.glob(f'work/*/{CHECKPOINT}')}
    assert len(checkpoints) == 4
    write_recipe(tmp_path)
    assert train(tmp_path, store, out='again') == 0
    assert {file: file.stat().st_mtime_ns for file in checkpoints} == checkpoints
    for part in (*STAGES[:3], 'unet'):
        first, second = (
            load_file(tmp_path / out / part / 'diffusion_pytorch_model.safetensors') for out in ('model', 'again'))
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_model_is_written_anew_into_files_no_larger_than_the_recipe_says(tmp_path):
    pipeline = tiny_pipeline()
    weights = {name: value.bfloat16() for name, value in pipeline.unet.state_dict().items()}
    write_model(pipeline, tmp_path)
    [whole] = (tmp_path / 'unet').glob('*.safetensors')
    assert whole.stat().st_size > 1e6
    write_model(pipeline, tmp_path, file_megabytes=1)
    files = [*(tmp_path / 'unet').glob('*.safetensors')]
    assert len(files) > 1 and max(file.stat().st_size for file in files) < 1.1e6
    folder = ModelFolder.open(tmp_path)
    folder.check()
    read = load_pipeline(folder).unet.state_dict()
    assert all(torch.equal(read[name], value.float()) for name, value in weights.items())


def test_a_training_begins_with_the_weights_of_stable_video_diffusion(tmp_path):
    small_svd().save_pretrained(tmp_path / 'svd')
    analytic_store(tmp_path / 'store', seeds=(7, 8), cameras=8, steps=12, size=(80, 64))
    stage = STAGE | {'steps': 1, 'batch': 1, 'gradient_checkpointing': True}
    write_recipe(tmp_path, small_svd_configuration(), in_memory=False, rgb_autoencoder=None, view_alignment=None,
                 pointmap_autoencoder=stage, diffusion=stage | {'samples': 0})
    assert train(tmp_path, tmp_path / 'store', '--init-from-svd', str(tmp_path / 'svd')) == 0
    source = StableVideoDiffusionPipeline.from_pretrained(tmp_path / 'svd')
    trained = TwoViewPipeline.from_pretrained(tmp_path / 'model')
    for ours, theirs in ((trained.rgb_autoencoder, source.vae), (trained.image_encoder, source.image_encoder)):
        state = ours.state_dict()
        for name, weight in theirs.state_dict().items():
            torch.testing.assert_close(state[name].bfloat16(), weight.bfloat16(), rtol=0, atol=0)
    assert not torch.equal(trained.pointmap_autoencoder.decoder.conv_in.weight, source.vae.decoder.conv_in.weight)
    assert trained.pointmap_autoencoder.latent_std.flatten().tolist() == pytest.approx([1 / 0.18215] * 4, rel=0.01)
    assert not (tmp_path / 'work' / 'latents').exists()  # windows are read
    near = trained.unet.mid_block.resnets[0].spatial_res_block.conv1.weight
    torch.testing.assert_close(near, source.unet.mid_block.resnets[0].spatial_res_block.conv1.weight, atol=0.02, rtol=0)


@pytest.mark.parametrize(('change', 'options', 'expected'), [
    ({}, ['--data', 'nowhere'], 'records nothing and there is no episode store nowhere; give yours by --data'),
    ({}, ['--ablation', 'no_table'], "no ablation 'no_table'; choose one of full, "),
    ({'model': 'small', 'in_memory': False}, [], "images of 160x128, the configuration 'small' needs 320x256"),
    ({'view_alignment': None}, [], "has no stage 'view_alignment', which the configuration"),
    ({'rgb_autoencoder': None}, [], "has no stage 'rgb_autoencoder', which the configuration"),
    ({'rgb_autoencoder': STAGE | {'gradient_checkpointing': True}}, [], 'cannot do gradient_checkpointing'),
    ({'model': 'svd'}, [], "write 'in_memory: false' into the recipe 'ball'"),
    ({}, ['--device', 'cuda'], '--device cuda was demanded but torch finds no CUDA GPU'),
])
def test_when_input_is_wrong_expect_a_sentence(tmp_path, store, capsys, change, options, expected):
    if '--device' in options and torch.cuda.is_available():
        pytest.skip('there is a GPU')
    write_recipe(tmp_path, **change)
    assert train(tmp_path, store, *options) == 2
    assert expected in capsys.readouterr().err


def test_when_there_are_no_svd_weights_expect_their_names_before_anything_is_done(tmp_path, store, capsys):
    write_recipe(tmp_path, small_svd_configuration(), in_memory=False)
    assert train(tmp_path, store, '--init-from-svd', str(tmp_path / 'nowhere')) == 2
    assert 'scheduler_config.json is missing; give the folder of a diffusers' in capsys.readouterr().err
    assert not (tmp_path / 'work').exists()


def test_when_no_episode_trains_expect_a_sentence(tmp_path, capsys):
    analytic_store(tmp_path / 'store', seeds=(8,), cameras=8, steps=12)
    write_recipe(tmp_path)
    assert train(tmp_path, tmp_path / 'store') == 2
    assert "has no episode of the split 'training'" in capsys.readouterr().err


def test_an_ablation_shares_the_work_folder_of_its_recipe_and_of_no_other(tmp_path, store, capsys):
    write_recipe(tmp_path)
    assert train(tmp_path, store, '--ablation', 'rgb_only') == 0
    assert {folder.name for folder in (tmp_path / 'work').iterdir() if folder.is_dir()} == {
        'rgb_autoencoder', 'latents_rgb', 'diffusion_rgb_only'}
    pipeline = TwoViewPipeline.from_pretrained(tmp_path / 'model')
    assert pipeline.pointmap_autoencoder is None and pipeline.unet.config.out_channels == 8

    write_recipe(tmp_path, rgb_autoencoder=STAGE | {'steps': 3})
    assert train(tmp_path, store) == 2
    assert 'holds a training with another rgb_autoencoder; choose another --work' in capsys.readouterr().err
    write_recipe(tmp_path, diffusion=STAGE | {'steps': 3}, evaluation={'windows': 0, 'steps': 2})
    assert train(tmp_path, store, '--ablation', 'rgb_only') == 0
    assert read_curve(tmp_path / 'work' / 'diffusion_rgb_only')['step'] == [2, 3]


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_two_processes_train_one_model_together(tmp_path, store):
    """The launcher of accelerate, on two CPU processes with a reader each."""
    write_recipe(tmp_path, in_memory=False, diffusion=STAGE | {'micro_batch': 1})
    subprocess.run(
        ['accelerate', 'launch', '--cpu', '--num_processes', '2', '--num_machines', '1', '--mixed_precision', 'no',
         '--dynamo_backend', 'no', '-m', 'robot4d_core.cli', 'train', tmp_path / 'ball.yaml', '--data', store,
         '--work', tmp_path / 'work', '--out', tmp_path / 'model', '--device', 'cpu', '--workers', '1'],
        check=True, timeout=900, env={**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': os.pathsep.join(sys.path)})
    ModelFolder.open(tmp_path / 'model').check()
    assert read_curve(tmp_path / 'work' / 'diffusion')['step'] == [2]
