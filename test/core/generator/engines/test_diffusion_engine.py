# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The diffusion engine: what it refuses, and what a prediction of it is."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.generator.tiny_models import tiny_configuration, tiny_pipeline
from robot4d_core.errors import DeviceError, EngineError, MemoryShortage, ModelError, PredictionCancelled
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine
from robot4d_core.generator.model.configurations import make_pipeline
from robot4d_core.generator.model.model_folder import write_checksums
from robot4d_core.geometry.camera_view import CameraView
from robot4d_core.geometry.cameras import PinholeCamera
from robot4d_core.observation import Observation

WEIGHTS = 'diffusion_pytorch_model.safetensors'


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models') / 'tiny'
    tiny_pipeline().save_pretrained(folder)
    return folder


@pytest.fixture
def model(saved, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(saved, tmp_path / 'tiny')


def make_observation(width=160, height=128, views=2, depth=1.0) -> Observation:
    rng = np.random.default_rng(0)
    camera = PinholeCamera.from_field_of_view(1.0, width, height)
    return Observation(3.5, 'reference_color_optical_frame', tuple(
        CameraView(name, camera, rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
                   np.full((height, width), depth, np.float32))
        for name in ('reference', 'second', 'third')[:views]
    ))


def started(model) -> DiffusionEngine:
    engine = DiffusionEngine(model, device='cpu', steps=2)
    engine.start()
    return engine


def test_prediction_of_larger_cameras_has_the_models_size(saved):
    prediction = started(saved).predict(make_observation(640, 480), seed=0)
    assert prediction.model == 'diffusion:tiny'
    assert (prediction.stamp, prediction.frame_id) == (3.5, 'reference_color_optical_frame')
    np.testing.assert_allclose(prediction.time_from_start, np.arange(1, 11) / 2)
    assert [view.name for view in prediction.views] == ['reference', 'second']
    for view in prediction.views:
        assert view.rgb.shape == view.pointmap.shape == (10, 128, 160, 3)
        assert (view.rgb.dtype, view.pointmap.dtype) == (np.uint8, np.float32)
        expected = make_observation(640, 480).views[0].camera.resized(160, 128)
        assert view.camera == expected


def test_a_seed_fixes_the_prediction(saved):
    engine, observation = started(saved), make_observation()
    first, same, other = (engine.predict(observation, seed=seed).views[1].pointmap for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other, equal_nan=True)


def test_progress_per_step_and_cancel(saved):
    engine, seen = started(saved), []
    engine.predict(make_observation(), steps=3, progress=lambda *step: seen.append(step))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    seen.clear()
    with pytest.raises(PredictionCancelled):
        engine.predict(make_observation(), steps=3, progress=lambda *step: seen.append(step),
                       cancelled=lambda: len(seen) == 1)
    assert seen == [(1, 3)]


def test_predict_before_start_is_refused(saved):
    with pytest.raises(EngineError, match='start'):
        DiffusionEngine(saved).predict(make_observation())


@pytest.mark.parametrize('views', [1, 3])
def test_two_views_are_demanded(saved, views):
    with pytest.raises(EngineError, match=f'has {views}'):
        started(saved).predict(make_observation(views=views))


def test_a_camera_without_depth_is_refused(saved):
    with pytest.raises(EngineError, match="'reference' has no valid depth"):
        started(saved).predict(make_observation(depth=np.nan))


def test_zero_steps_are_refused(saved):
    with pytest.raises(EngineError, match='at least 1'):
        started(saved).predict(make_observation(), steps=0)


def test_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match='robot4d train'):
        DiffusionEngine(tmp_path / 'nothing').start()


@pytest.mark.parametrize('key, value', [('width', 16), ('decoder_blocks', 2)], ids=['other shapes', 'other layers'])
def test_a_config_that_does_not_fit_the_weights_is_refused(model, key, value):
    path = model / 'rgb_autoencoder' / 'config.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelError, match='rgb_autoencoder|cannot be loaded'):
        DiffusionEngine(model).start()


def test_one_changed_byte_is_refused_by_the_name_of_its_file(model):
    write_checksums(model)
    started(model)
    path = model / 'unet' / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f'unet/{WEIGHTS} differs from SHA256SUMS; restore'):
        DiffusionEngine(model).start()


def test_a_model_larger_than_the_memory_is_refused_before_it_is_read(model):
    enormous = 10**12
    description = json.dumps({'weight': {'dtype': 'U8', 'shape': [enormous], 'data_offsets': [0, enormous]}}).encode()
    with (model / 'unet' / 'enormous.safetensors').open('wb') as file:  # a hole: it takes no room on the disk
        file.write(len(description).to_bytes(8, 'little') + description)
        file.truncate(8 + len(description) + enormous)
    with pytest.raises(MemoryShortage, match=r'tiny needs 4000\d{3} MB on cpu .* at 160x128\), \d+ MB are av'):
        DiffusionEngine(model, device='cpu').start()


def test_the_images_have_the_size_that_the_model_says(tmp_path):
    configuration = tiny_configuration()
    unaligned = configuration.unet | dict(in_channels=2 * configuration.unet['out_channels'])
    make_pipeline(replace(  # a ViewAlignment has a size of its own
        configuration, image_size=[80, 64], view_alignment=None, unet=unaligned)).save_pretrained(tmp_path / 'small')
    prediction = started(tmp_path / 'small').predict(make_observation(), seed=0, steps=1)
    assert prediction.views[0].rgb.shape == (10, 64, 80, 3)
    assert prediction.views[0].camera == make_observation().views[0].camera.resized(80, 64)


@pytest.mark.skipif(torch.cuda.is_available(), reason='this machine has CUDA')
@pytest.mark.parametrize('device', ['cuda', 'cuda:0'])
def test_cuda_demanded_but_absent_is_refused(saved, device):
    with pytest.raises(DeviceError, match="finds 0 CUDA GPUs; choose 'auto' or 'cpu'"):
        DiffusionEngine(saved, device=device).start()


@pytest.mark.parametrize('device', ['tpu', 'cuda:', 'cuda:first', 'cpu:0'])
def test_unknown_device_is_refused(saved, device):
    with pytest.raises(DeviceError, match=f"'cuda:N' or 'auto', got '{device}'"):
        DiffusionEngine(saved, device=device).start()
