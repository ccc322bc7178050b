# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole measurement: what is reported, what is refused, and what the command writes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from rich.console import Console

from core.episodes.analytic_episodes import analytic_store
from robot4d_core.cli import main
from robot4d_core.episodes.store import EpisodeStore
from robot4d_core.errors import EngineError, EvaluationError
from robot4d_core.evaluation.generation.clip_scores import true_future
from robot4d_core.evaluation.generation.clips import draw_clips, read_clip
from robot4d_core.evaluation.generation.protocol import Protocol, evaluate_generation, write_report
from robot4d_core.evaluation.generation.protocol_report import GenerationReport, print_report
from robot4d_core.generator.engines.engine import Engine
from robot4d_core.generator.engines.oracle import OracleEngine
from robot4d_core.prediction import Prediction
from robot4d_core.share import share_directory

PROTOCOL = Protocol('validation', 'held_out', count=3, seed=0)


def white(image, masks, video):
    """A segmenter for the one white ball of the analytic episodes."""
    return (video == 255).all(axis=-1)[None]


class KnowingEngine(Engine):
    """Knows what follows each observation of the protocol's clips, and fails on the first of them."""

    name = 'knowing'

    def __init__(self, store: EpisodeStore, failing: int = 0) -> None:
        clips = [
            read_clip(store, *place)
            for place in draw_clips(store, PROTOCOL.split, PROTOCOL.cameras, PROTOCOL.count, PROTOCOL.seed)
        ]
        self._futures = {clip.window.rgb[:, 0].tobytes(): true_future(clip) for clip in clips[failing:]}

    def start(self) -> None:
        """Do nothing."""

    def predict(self, observation, **options) -> Prediction:
        """Return the truth."""
        seen = np.stack([view.rgb for view in observation.views]).tobytes()
        if seen not in self._futures:
            raise EngineError('never seen before')
        return self._futures[seen]


class ColourMeans(torch.nn.Module):
    """Called as I3D is; its features are the means of the colour channels."""

    def forward(self, x: torch.Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False):
        return x.mean(dim=(2, 3, 4))


@pytest.fixture(scope='module')
def store(tmp_path_factory) -> EpisodeStore:
    folder = tmp_path_factory.mktemp('generation') / 'store'
    return analytic_store(folder, seeds=[8, 9, 18], cameras=8, size=(120, 96))


@pytest.fixture(scope='module')
def report(store) -> GenerationReport:
    """What a perfect engine gets."""
    return evaluate_generation(store, KnowingEngine(store), PROTOCOL, white)


def test_truth_scores_best_and_hold_stands_beside_it(report):
    assert report.protocol['clips'] == 3 and report.protocol['episodes'] == 2
    model, hold = report.values['model'], report.values['hold']
    assert model['AbsRel-n'].mean == 0 < hold['AbsRel-n'].low
    assert model['delta1-m'].mean > hold['delta1-m'].mean
    assert model['mIoU'] == report.ceiling['mIoU']
    errors = report.steps['model']['moving-m, mm'][-1], report.steps['hold']['moving-m, mm'][-1]
    assert errors[0].mean < 1e-3 < 100 < errors[1].mean
    assert report.steps['hold']['path, mm'][-1].mean == pytest.approx(500)
    assert report.fvd is None and not report.failures


def test_without_i3d_fvd_is_not_measured(report):
    console = Console(width=100, record=True)
    print_report(report, console)
    rows = [line for line in console.export_text().splitlines() if 'FVD' in line]
    assert len(rows) == 2 and all(row.count('not measured') == 2 for row in rows)


def test_with_a_network_both_fvds_are_those_of_its_features(store, tmp_path):
    torch.jit.script(ColourMeans()).save(tmp_path / 'network.pt')
    protocol = replace(PROTOCOL, i3d=tmp_path / 'network.pt')
    report = evaluate_generation(store, KnowingEngine(store), protocol, white)
    assert report.fvd['model'] == pytest.approx(dict.fromkeys(
        ['FVD-n', 'FVD-m', 'FVD of single clips-n', 'FVD of single clips-m'], 0.0), abs=1e-6)
    assert report.fvd['hold']['FVD of single clips-n'] > 0


def test_clips_that_the_engine_refuses_are_named_and_left_out(store):
    report = evaluate_generation(store, KnowingEngine(store, failing=1), PROTOCOL, white)
    assert report.protocol['clips'] == report.values['hold']['PSNR-n'].clips == len(report.clips) == 2
    assert list(report.failures.values()) == ['never seen before']
    with pytest.raises(EvaluationError, match='none of 3 clips: never seen before'):
        evaluate_generation(store, KnowingEngine(store, failing=3), PROTOCOL, white)


def test_oracle_has_no_place_in_the_table(store, capsys):
    with pytest.raises(EvaluationError, match='renders the truth'):
        evaluate_generation(store, OracleEngine(), PROTOCOL)
    with pytest.raises(SystemExit):
        main(['evaluate', 'generation', str(store.folder), '--engine', 'oracle'])
    assert 'invalid choice' in capsys.readouterr().err


def test_predictions_of_another_size_are_refused(store, tmp_path):
    larger = analytic_store(tmp_path / 'store', seeds=[8, 18], cameras=8, size=(160, 128))

    class LargerEngine(KnowingEngine):
        def predict(self, observation, **options):
            return next(iter(self._futures.values()))

    with pytest.raises(EvaluationError, match='record with --size 160x128'):
        evaluate_generation(store, LargerEngine(larger), PROTOCOL, white)


def test_report_survives_json_and_is_drawn(report, tmp_path):
    write_report(report, 'robot4d evaluate', tmp_path / 'plots', tmp_path / 'numbers' / 'report.json')
    numbers = json.loads((tmp_path / 'numbers' / 'report.json').read_text())
    assert numbers['command'] == 'robot4d evaluate'
    assert numbers['values']['hold']['PSNR-n']['mean'] == report.values['hold']['PSNR-n'].mean
    assert len(numbers['steps']['model']['gripper-n, mm']) == 10
    assert [clip['clip'] for clip in numbers['clips']] == [clip['clip'] for clip in report.clips]
    errors = [clip['hold']['moving-n, mm'][3] for clip in numbers['clips']]
    assert np.mean(errors) == pytest.approx(numbers['steps']['hold']['moving-n, mm'][3]['mean'])
    assert numbers['machine']['cores'] > 0 and numbers['protocol']['segmenter'] == 'white'
    assert [path.name for path in (tmp_path / 'plots').iterdir()] == ['generation_knowing_validation_held_out.png']


def test_command_measures_a_shipped_model(tmp_path, monkeypatch, capsys):
    analytic_store(tmp_path / 'store', seeds=[9], cameras=8, size=(160, 128))
    monkeypatch.chdir(tmp_path)
    model = str(share_directory() / 'models' / 'tabletop_tiny')
    options = ['--model', model, '--clips', '1', '--steps', '1', '--device', 'cpu', '--json', 'report.json']
    assert main(['evaluate', 'generation', 'store', *options]) == 0
    numbers = json.loads((tmp_path / 'report.json').read_text())
    assert numbers['model'] == 'diffusion:tabletop_tiny' and numbers['protocol']['steps'] == 1
    assert numbers['values']['model']['PSNR-n']['low'] is None  # one clip has no interval
    assert 'FVD' in capsys.readouterr().out
    assert list((tmp_path / 'out' / 'evaluation').glob('*.png'))
