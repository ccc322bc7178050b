# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The commands that measure models, from the command line to their files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from core.episodes.analytic_episodes import analytic_store
from core.generator.tiny_models import tiny_configuration, tiny_pipeline
from robot4d_core.cli import main
from robot4d_core.generator.model.configurations import ablated, make_pipeline
from robot4d_core.generator.model.model_folder import write_checksums

OPTIONS = ['--clips', '1', '--device', 'cpu', '--out', 'out']


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Two random models and a store."""
    folder = tmp_path_factory.mktemp('models')
    pipelines = {'full': tiny_pipeline(), 'colours': make_pipeline(ablated(tiny_configuration(), 'rgb_only'))}
    for name, pipeline in pipelines.items():
        pipeline.save_pretrained(folder / name)
        write_checksums(folder / name)
    analytic_store(folder / 'store', seeds=[9], cameras=8, size=(160, 128))
    return folder


def test_table_shows_models_and_hold(folder, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    models = [f'full={folder / "full"}', f'rgb_only={folder / "colours"}']
    command = ['evaluate', 'table', str(folder / 'store'), '--models', *models, '--steps', '1', *OPTIONS]
    assert main(command) == 0
    assert 'Analytic: generated video' in capsys.readouterr().out
    rows = json.loads((tmp_path / 'out' / 'table.json').read_text())['tasks']['Analytic']
    assert [*rows] == ['full', 'rgb_only', 'hold']
    points = {name: row['columns']['AbsRel-n']['value'] for name, row in rows.items()}
    assert points['rgb_only'] is None and points['full'] > 0 and points['hold'] > 0
    assert rows['rgb_only']['columns']['SSIM-n']['value'] > 0
    measured = tmp_path / 'out' / 'measurements' / 'Analytic' / 'rgb_only.json'
    before = measured.stat().st_mtime_ns
    assert main(command) == 0 and measured.stat().st_mtime_ns == before


def test_steps_are_measured_one_by_one(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(['evaluate', 'steps', str(folder / 'store'), '--model', str(folder / 'full'), '--steps', '1', '2',
                 *OPTIONS]) == 0
    rows = json.loads((tmp_path / 'out' / 'steps.json').read_text())['tasks']['Analytic']
    assert [row['protocol']['steps'] for name, row in rows.items() if name != 'hold'] == [1, 2]
    assert rows['steps_1']['columns']['PSNR-n'] != rows['steps_2']['columns']['PSNR-n']
    assert 's per prediction' in (tmp_path / 'out' / 'steps.md').read_text()
    assert (tmp_path / 'out' / 'steps_Analytic.png').exists()


def test_figure_has_a_row_for_each_prediction(folder, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    command = ['evaluate', 'figure', str(folder / 'store'), '--steps', '1', *OPTIONS, '--models']
    heights = []
    for models in ([f'full={folder / "full"}'], [f'full={folder / "full"}', f'rgb_only={folder / "colours"}']):
        assert main([*command, *models]) == 0
        picture = np.asarray(Image.open(tmp_path / 'out' / 'figure_Analytic.png').convert('RGB'))
        assert picture.std() > 20
        heights.append(len(picture))
    assert heights[1] - heights[0] == pytest.approx(heights[0] / 3, rel=0.2)
    assert main([*command, models[0], '--clip', '1']) == 2
    assert 'there is no clip 1 among 1' in capsys.readouterr().err


@pytest.mark.parametrize('models', ['out/model', '=out/model', 'a/b=out/model'])
def test_when_a_model_has_no_name_expect_what_it_should_be(models, capsys):
    with pytest.raises(SystemExit):
        main(['evaluate', 'table', 'store', '--models', models])
    assert 'expected NAME=FOLDER or NAME=FOLDER@STEPS, such as full=out/model' in capsys.readouterr().err
