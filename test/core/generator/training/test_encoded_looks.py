# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Looks with the base of their video, and a training that begins with a model without a base."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import yaml

from robot4d_core.cell.recorder import record
from robot4d_core.cli import main
from robot4d_core.episodes.loader import episodes_of
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.episodes.windows import camera_of
from robot4d_core.errors import NoWindowError
from robot4d_core.generator.engines.diffusion_engine import DiffusionEngine, shipped_model
from robot4d_core.generator.model.configurations import read_configuration
from robot4d_core.generator.model.load_pipeline import load_pipeline
from robot4d_core.generator.model.model_folder import ModelFolder
from robot4d_core.generator.training.batches import BatchPlan
from robot4d_core.generator.training.encoded_looks import EncodedLook, encode_looks, look_batches
from robot4d_core.geometry.pointmaps import depth_in_metres, pointmap_from_depth


@pytest.fixture(scope='module')
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp('looks') / 'PutSpatulaOnTable'
    record(folder, 'PutSpatulaOnTable', 2, 4, seed=7, size=(160, 128), workers=1, sensor=None, looks=True)
    return EpisodeStore(folder)


@pytest.fixture(scope='module')
def pipeline():
    return load_pipeline(ModelFolder.open(shipped_model()))


@pytest.fixture(scope='module')
def looks(store, pipeline, tmp_path_factory) -> list[EncodedLook]:
    return encode_looks(store, episodes_of(store, 'training')[:4], [0, 1], pipeline,
                        tmp_path_factory.mktemp('encoded'), quiet=True)


def test_the_future_is_what_the_look_shows_and_the_base_has_the_robot_in_it(store, pipeline, looks):
    for look in looks:
        episode = store.read(look.name)
        points = [pointmap_from_depth(depth_in_metres(episode.depth[camera, 1:], '16UC1'), camera_of(episode, camera))
                  for camera in (0, 1)]
        images = [pipeline.encode(np.asarray(episode.rgb[camera, 1:]), points[camera]) for camera in (0, 1)]
        fits = [torch.allclose(look.future[0].float(), image, atol=0.02) for image in images]
        assert sum(fits) == 1  # either camera may be the reference
        assert look.gripper.any()
        error_of_base, error_of_frozen = (
            (look.future - base).float().square()[look.gripper[:, :, None].expand_as(look.future)].mean()
            for base in (look.base, look.frozen[:, None]))
        assert error_of_base < 0.5 * error_of_frozen


def test_what_is_encoded_is_not_encoded_again(store, pipeline, looks, tmp_path):
    looks[0].save(tmp_path / f'{looks[0].name}.safetensors')
    [again] = encode_looks(store, [looks[0].name], [2, 3], pipeline, tmp_path, quiet=True)
    torch.testing.assert_close(again.base, looks[0].base)


def test_a_batch_is_the_change_against_the_base_or_now_and_then_a_frozen_scene(looks):
    batch = next(look_batches(looks)(BatchPlan(first=0, size=200)))
    by_name = {look.name: look for look in looks}
    frozen = 0
    for name, base, target, valid in zip(batch.episodes, batch.base, batch.target, batch.valid, strict=True):
        look = by_name[name]
        torch.testing.assert_close(base + target, look.future.float(), atol=1e-5, rtol=0)
        still = torch.equal(base, look.frozen[:, None].expand_as(look.base).float())
        assert still or torch.equal(base, look.base.float())
        assert torch.equal(valid, look.frozen_known if still else look.known)
        frozen += still
    assert 5 < frozen < 45


def test_without_looks_there_is_nothing_to_learn():
    with pytest.raises(NoWindowError, match='record some with `robot4d record'):
        look_batches([])


def test_a_training_begins_with_a_model_that_is_shown_no_base(store, tmp_path):
    entries = dataclasses.asdict(read_configuration('path_first_video'))
    unet = {name: value for name, value in entries['unet'].items()
            if name not in ('in_channels', 'out_channels', 'cross_view', 'shared_decoder', 'base')}
    (tmp_path / 'shape.yaml').write_text(yaml.safe_dump(entries | {'unet': unet}))
    stage = {'steps': 1, 'batch': 1, 'learning_rate': 1.0e-9, 'samples': 1}
    (tmp_path / 'brief.yaml').write_text(yaml.safe_dump({
        'model': str(tmp_path / 'shape.yaml'), 'begin_with': 'tabletop_tiny', 'precision': 'no',
        'evaluation': {'windows': 0, 'steps': 1}, 'path': stage, 'diffusion': stage}))
    assert main(['train', str(tmp_path / 'brief.yaml'), '--looks', str(store.folder), '--work', str(tmp_path / 'work'),
                 '--out', str(tmp_path / 'model'), '--device', 'cpu']) == 0
    trained = load_pipeline(ModelFolder.open(tmp_path / 'model')).unet
    known = load_pipeline(ModelFolder.open(shipped_model().parent / 'tabletop_tiny')).unet
    inputs = torch.randn(1, 2, 3, 16, 16, 20), torch.randn(1, 2, 24, 16, 20), torch.zeros(1)
    with torch.no_grad():
        expected = known(*inputs)
        for base in (torch.zeros(1, 2, 3, 16, 16, 20), torch.randn(1, 2, 3, 16, 16, 20)):
            torch.testing.assert_close(trained(*inputs, base=base), expected, atol=0.02, rtol=0.02)
    assert (tmp_path / 'work' / 'diffusion' / 'samples' / 'step_0000001.png').read_bytes().startswith(b'\x89PNG')
    engine = DiffusionEngine(tmp_path / 'model', device='cpu')
    engine.start()
    assert engine.needs_robot
