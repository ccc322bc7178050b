# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Every model is measured once on every task: what a file holds is read, what changed is measured again."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from core.episodes.analytic_episodes import analytic_store
from core.generator.tiny_models import tiny_pipeline
from robot4d_core.errors import EvaluationError, ModelError
from robot4d_core.evaluation.generation.measured_models import Contender, measure_models, open_stores_by_task
from robot4d_core.evaluation.generation.protocol import Protocol
from robot4d_core.evaluation.metrics.gripper_masks import segment_by_colour
from robot4d_core.generator.model.model_folder import CHECKSUMS, write_checksums

PROTOCOL = Protocol(count=1)


def white(image, masks, video):
    """A segmenter for the one white ball of the analytic episodes."""
    return (video == 255).all(axis=-1)[None]


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp('measured') / 'tiny'
    tiny_pipeline().save_pretrained(folder)
    write_checksums(folder)
    return folder


@pytest.fixture(scope='module')
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp('measured') / 'data'
    return {'Analytic': analytic_store(folder / 'Analytic', seeds=[9], cameras=8, size=(160, 128))}


def measure(stores, contenders, folder, protocol=PROTOCOL, segmenter=white, command='now'):
    return measure_models(stores, contenders, protocol, segmenter, folder, command, 'cpu')


@pytest.fixture(scope='module')
def measured(model, stores, tmp_path_factory):
    """A folder of measurements of a model that cannot be loaded any more, so that measuring again is refused."""
    folder = tmp_path_factory.mktemp('measured') / 'measurements'
    gone = shutil.copytree(model, folder.parent / 'gone')
    contender = Contender('tiny', gone, steps=1)
    measure(stores, [contender], folder, command='then')
    (gone / 'unet' / 'config.json').unlink()
    return folder, contender


def test_what_was_measured_is_read(measured, stores):
    folder, contender = measured
    [measurement] = measure(stores, [contender], folder)
    assert (measurement.task, measurement.contender, measurement.command) == ('Analytic', 'tiny', 'then')
    assert measurement.report.protocol['steps'] == 1 and len(measurement.report.clips) == 1
    assert measurement.report.ceiling['mIoU'].clips == 1


def test_one_that_fails_leaves_those_before_it(model, stores, tmp_path):
    good, bad = Contender('good', model, steps=1), Contender('bad', tmp_path / 'bad', steps=1)
    shutil.copytree(model, bad.model)
    (bad.model / 'model_index.json').unlink()
    with pytest.raises(ModelError):
        measure(stores, [good, bad], tmp_path / 'measurements', command='then')
    assert [path.name for path in (tmp_path / 'measurements').glob('*/*')] == ['good.json']
    shutil.copy(model / 'model_index.json', bad.model)
    found = measure(stores, [good, bad], tmp_path / 'measurements')
    assert [(its.contender, its.command) for its in found] == [('good', 'then'), ('bad', 'now')]
    assert [its.report.clips[0]['clip'] for its in found] == 2 * [found[0].report.clips[0]['clip']]
    assert found[0].report.clips[0]['hold'] == found[1].report.clips[0]['hold']


def test_when_the_protocol_changes_expect_a_new_measurement(measured, stores):
    folder, contender = measured
    for changes in (dict(protocol=replace(PROTOCOL, seed=1)), dict(protocol=replace(PROTOCOL, count=2)),
                    dict(segmenter=segment_by_colour)):
        with pytest.raises(ModelError):
            measure(stores, [contender], folder, **changes)
    with pytest.raises(ModelError):
        measure(stores, [replace(contender, steps=2)], folder)


def test_when_the_model_changes_expect_a_new_measurement(measured, stores, tmp_path):
    folder, contender = measured
    other = shutil.copytree(contender.model, tmp_path / 'other')
    measure(stores, [replace(contender, model=other)], folder)
    with (other / CHECKSUMS).open('a') as sums:
        sums.write(f"{'0' * 64}  unet/more.safetensors\n")
    with pytest.raises(ModelError):
        measure(stores, [replace(contender, model=other)], folder)


def test_when_the_episodes_change_expect_a_new_measurement(measured, stores, tmp_path):
    folder, contender = measured
    moved = shutil.copytree(stores['Analytic'].folder, tmp_path / 'moved')
    assert measure(open_stores_by_task(moved), [contender], folder)[0].command == 'then', 'the same episodes elsewhere'
    shutil.rmtree(moved)
    analytic_store(moved, seeds=[19], cameras=8, size=(160, 128))
    with pytest.raises(ModelError):
        measure(open_stores_by_task(moved), [contender], folder)


def test_a_model_without_checksums_is_refused(model, stores, tmp_path):
    shutil.copytree(model, tmp_path / 'bare')
    (tmp_path / 'bare' / CHECKSUMS).unlink()
    with pytest.raises(EvaluationError, match=CHECKSUMS):
        measure(stores, [Contender('bare', tmp_path / 'bare')], tmp_path / 'measurements')


def test_data_is_one_store_or_one_per_task(stores, tmp_path):
    folder = stores['Analytic'].folder
    assert [*open_stores_by_task(folder)] == [*open_stores_by_task(folder.parent)] == ['Analytic']
    with pytest.raises(EvaluationError, match='no episode store'):
        open_stores_by_task(tmp_path)
    for name in ('ideal', 'noisy'):
        analytic_store(tmp_path / name, seeds=[])
    with pytest.raises(EvaluationError, match='ideal and .*noisy are both of the task Analytic'):
        open_stores_by_task(tmp_path)
