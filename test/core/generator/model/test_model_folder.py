# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A model's folder says what is wrong with it before anything of it is loaded."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from core.generator.tiny_models import tiny_pipeline
from robot4d_core.errors import ModelError
from robot4d_core.generator.engines.shipped_model import DEFAULT_MODEL
from robot4d_core.generator.model.model_folder import CHECKSUMS, INDEX, ModelFolder, write_checksums
from robot4d_core.share import share_directory

WEIGHTS = 'diffusion_pytorch_model.safetensors'


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models') / 'tiny'
    tiny_pipeline().save_pretrained(folder)
    write_checksums(folder)
    return folder


@pytest.fixture
def model(saved, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(saved, tmp_path / 'tiny')


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_shapes_are_those_of_the_weights(saved):
    folder = ModelFolder.open(saved)
    unet = tiny_pipeline().unet
    assert folder.shapes('unet') == {name: tuple(value.shape) for name, value in unet.state_dict().items()}


def test_the_steps_are_those_of_the_kind_of_diffusion(model):
    assert ModelFolder.open(model).steps == 4
    edit(model / INDEX, diffuse_change=False)
    assert ModelFolder.open(model).steps == 25


def test_sha256sum_agrees_with_the_list(saved):
    subprocess.run(['sha256sum', '--check', '--strict', CHECKSUMS], cwd=saved, check=True, timeout=200)
    ModelFolder.open(saved).check()


def test_the_shipped_model_is_what_was_saved():
    path = share_directory() / 'models' / DEFAULT_MODEL
    assert (path / CHECKSUMS).is_file()
    folder = ModelFolder.open(path)
    folder.check()
    assert folder.image_size == (160, 128)


@pytest.mark.parametrize(('file', 'expected'), [
    ('unet/config.json', 'unet/config.json differs'), ('scheduler/scheduler_config.json', 'scheduler_config.json dif'),
    ('model_index.json', 'model_index.json differs'),
])
def test_a_changed_configuration_is_named(model, file, expected):
    edit(model / file, note='changed')
    with pytest.raises(ModelError, match=expected):
        ModelFolder.open(model).check()


def test_what_is_missing_and_what_was_not_there_are_named(model):
    (model / 'scheduler' / 'scheduler_config.json').rename(model / 'scheduler' / 'other.json')
    with pytest.raises(ModelError, match='scheduler_config.json is missing; scheduler/other.json is not listed'):
        ModelFolder.open(model).check()


def test_a_folder_without_a_list_is_not_checked_and_says_so(model, caplog):
    (model / CHECKSUMS).unlink()
    ModelFolder.open(model).check()
    assert f'has no {CHECKSUMS}' in caplog.text


def test_a_list_that_is_none_is_refused(model):
    (model / CHECKSUMS).write_text('nonsense\n')
    with pytest.raises(ModelError, match='not a list of SHA-256 sums'):
        ModelFolder.open(model).check()


def test_missing_weights_are_named(model):
    (model / 'unet' / WEIGHTS).unlink()
    with pytest.raises(ModelError, match='unet has no weights .* is missing'):
        ModelFolder.open(model)


def test_truncated_weights_are_named(model):
    path = model / 'unet' / WEIGHTS
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ModelError, match=f'unet/{WEIGHTS} is cut off or damaged'):
        ModelFolder.open(model).shapes('unet')


@pytest.mark.parametrize(('file', 'changes', 'expected'), [
    (INDEX, {'_class_name': 'StableVideoDiffusionPipeline'}, 'holds a StableVideoDiffusionPipeline, expected a TwoV'),
    (INDEX, {'unet': [None, None]}, "names neither a 'unet' nor a 'path'"),
    (INDEX, {'unet': ['somewhere.else', 'TwoViewUNet']}, "comes from the library 'somewhere.else'"),
    ('unet/config.json', {'_class_name': 'UNet2DConditionModel'}, 'that of a UNet2DConditionModel, .* TwoViewUNet'),
])
def test_another_architecture_is_refused(model, file, changes, expected):
    edit(model / file, **changes)
    with pytest.raises(ModelError, match=expected):
        ModelFolder.open(model)


@pytest.mark.parametrize('content', ['{', '[]'])
def test_an_unreadable_configuration_is_named(model, content):
    (model / 'unet' / 'config.json').write_text(content)
    with pytest.raises(ModelError, match='unet/config.json'):
        ModelFolder.open(model)
