# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The benchmark of speed measures every contender the same way and reports what it measured."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import psutil
import pytest
import torch
import yaml
from rich.console import Console

from core.generator.tiny_models import tiny_pipeline
from robot4d_core.cli import main
from robot4d_core.evaluation.speed.operations import Work
from robot4d_core.evaluation.speed.pipeline_stages import STAGES
from robot4d_core.evaluation.speed.prediction_speed import CONTENDERS, benchmark_speed, imaginary_look
from robot4d_core.evaluation.speed.report import OURS, Measurement, Speed, SpeedReport
from robot4d_core.evaluation.speed.timing import REST, PeakMemory, Run, time_prediction
from robot4d_core.share import share_directory

CPU = torch.device('cpu')


@pytest.fixture
def narrow_yaml(tmp_path):
    """Return the path of a configuration that runs in no time."""
    entries = yaml.safe_load((share_directory() / 'config' / 'models' / 'tiny.yaml').read_text())
    entries |= dict(image_size=[96, 64], diffuse_change=False, view_alignment=None)
    entries['rgb_autoencoder']['width'] = entries['pointmap_autoencoder']['width'] = 8
    entries['unet']['block_out_channels'] = [32, 32, 32]
    path = tmp_path / 'narrow.yaml'
    path.write_text(yaml.safe_dump(entries))
    return path


def work_of(encode: float, denoise: float, decode: float) -> Work:
    operations = dict(encode=int(encode * 1e12), denoise=int(denoise * 1e12), decode=int(decode * 1e12))
    return Work(8_400_000, operations, dict.fromkeys(STAGES, 1), 3 * 2**30, 2**29)


def measured(total: float) -> Measurement:
    return Measurement(Run(total, dict(encode=0.5, denoise=0.25, decode=0.125, rest=total - 0.875)), [total], 2**31)


def report_of(*speeds: Speed, skipped: dict[str, str] | None = None) -> SpeedReport:
    return SpeedReport({'cpu': 'an abacus'}, 'cpu', 'float32', 2e12, skipped or {}, list(speeds))


def printed(report: SpeedReport) -> str:
    console = Console(file=io.StringIO(), width=100)
    report.print(console)
    return console.file.getvalue()


def row(text: str, name: str, number: int) -> list[str]:
    """Return the cells of the number-th table row of a contender."""
    return [line for line in text.splitlines() if line.strip().startswith(name)][number].split(name)[1].split()


def test_stages_and_the_rest_add_up_to_the_time_of_a_prediction():
    pipeline, calls = tiny_pipeline(), []
    look = imaginary_look(160, 128)
    run = time_prediction(pipeline, lambda: pipeline(look.rgb, look.pointmap, 3), CPU, calls.append)
    assert sum(run.stages.values()) == pytest.approx(run.total)
    assert set(run.stages) == {*STAGES, REST} and all(seconds > 0 for seconds in run.stages.values())
    assert calls.count('denoise') == 3 and set(calls) == set(STAGES)


def test_timing_leaves_the_pipeline_as_it_was_even_after_an_error():
    pipeline = tiny_pipeline()
    before = [dict(vars(part)) for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]

    def fail():
        raise RuntimeError('on purpose')

    with pytest.raises(RuntimeError, match='on purpose'):
        time_prediction(pipeline, fail, CPU)
    assert before == [dict(vars(part)) for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]


def test_peak_memory_sees_what_was_freed_since_but_not_what_was_freed_before():
    memory = PeakMemory(CPU)
    torch.ones(16 * 2**20)
    assert memory.growth() > 60 * 2**20
    assert PeakMemory(CPU).growth() < 30 * 2**20


def test_ratios_and_floor_by_hand():
    ours = Speed('tiny', (160, 128), 4, OURS, work_of(1, 2, 3), measured(4.0))
    svd = Speed('tiny', (160, 128), 4, 'SVD', work_of(1, 4, 3), measured(5.0))
    other_steps = Speed('tiny', (160, 128), 25, OURS, work_of(1, 20, 3), measured(9.0))
    report = report_of(other_steps, ours, svd)
    assert report.operations_ratio(svd) == pytest.approx(6 / 8) and report.operations_ratio(ours) == 1
    assert report.time_ratio(svd) == pytest.approx(4 / 5)
    assert report.floor(svd) == pytest.approx(8 / 2)
    written = json.loads(json.dumps(report.to_dict()))['speeds'][2]
    assert (written['operations_ratio'], written['time_ratio'], written['floor']) == (0.75, 0.8, 4.0)
    assert written['measurement']['run']['total'] == 5.0 and written['work']['operations']['denoise'] == 4e12


def test_tables_show_what_was_counted_and_measured():
    ours = Speed('tiny', (160, 128), 4, OURS, work_of(0.0042, 2, 30), measured(20.0))
    svd = Speed('tiny', (160, 128), 4, 'SVD', work_of(1, 4, 3), measured(5.0))
    text = printed(report_of(ours, svd))
    assert 'tiny, 160x128, 4 steps' in text and 'an abacus' in text and 'peak 2 TFLOP/s' in text
    assert row(text, OURS, 0) == ['8.4', '0.004', '2', '30', '32', '3.50', '1.00']
    assert row(text, 'SVD', 0) == ['8.4', '1', '4', '3', '8', '3.50', '4.00']
    assert row(text, 'SVD', 1) == ['0.500', '0.250', '0.125', '4.12', '5', '4', '80%', '2.00', '4.00']


def test_a_skipped_configuration_is_counted_and_says_why():
    speed = Speed('svd', (320, 256), 4, OURS, work_of(1, 2, 3), None)
    text = printed(report_of(speed, skipped={'svd': 'it needs 23.7 GiB'}))
    assert 'not measured: it needs 23.7 GiB' in text and 'floor  peak' not in text
    assert row(text, OURS, 0)[-3:] == ['6', '3.50', '1.00']


def test_every_contender_is_measured(narrow_yaml, tmp_path):
    report = benchmark_speed([str(narrow_yaml)], [2], 'cpu', repeats=3, json_path=tmp_path / 'speed.json')
    assert [speed.contender for speed in report.speeds] == [contender.name for contender in CONTENDERS]
    assert report.peak > 0 and report.skipped == {}
    for speed in report.speeds:
        assert len(speed.measurement.totals) == 3
        assert speed.measurement.run.total == sorted(speed.measurement.totals)[1]
        assert speed.measurement.memory > speed.work.weights
        assert speed.work.calls['denoise'] == speed.steps * (
            1 if speed.contender in (OURS, 'SVD, a batch') else 2)
    written = json.loads((tmp_path / 'speed.json').read_text())
    assert written['machine']['cores'] >= 1 and written['dtype'] == 'float32'
    assert [entry['measurement']['run']['total'] for entry in written['speeds']] == [
        speed.measurement.run.total for speed in report.speeds]


def test_when_memory_lacks_expect_counts_and_the_reason(narrow_yaml, monkeypatch, capsys):
    monkeypatch.setattr(psutil, 'virtual_memory', lambda: SimpleNamespace(available=2**20))
    report = benchmark_speed([str(narrow_yaml)], [1], 'cpu', repeats=1)
    assert list(report.skipped) == [str(narrow_yaml)]
    assert all(speed.measurement is None and speed.work.total > 0 for speed in report.speeds)
    assert 'not measured: it and Stable Video Diffusion together need 0.' in capsys.readouterr().out


def test_when_memory_runs_out_on_the_way_expect_counts_and_the_reason(narrow_yaml, monkeypatch, capsys):
    def run_out(*arguments):
        raise torch.cuda.OutOfMemoryError('tried to allocate 2 GiB')

    monkeypatch.setattr('robot4d_core.evaluation.speed.prediction_speed.time_prediction', run_out)
    report = benchmark_speed([str(narrow_yaml)], [1], 'cpu', repeats=1)
    assert all(speed.measurement is None and speed.work.total > 0 for speed in report.speeds)
    assert 'not measured: the memory of the GPU ran out (tried to allocate 2 GiB)' in capsys.readouterr().out


def test_counting_only_runs_nothing(narrow_yaml, tmp_path):
    file = tmp_path / 'counts.json'
    assert main(['benchmark', 'speed', '--count-only', '--configurations', str(narrow_yaml), '--json', str(file)]) == 0
    written = json.loads(file.read_text())
    assert written['peak'] is None and {entry['measurement'] for entry in written['speeds']} == {None}
    assert {entry['steps'] for entry in written['speeds']} == {4}


@pytest.mark.parametrize(('arguments', 'expected'), [
    (['--configurations', 'huge'],
     "no configuration 'huge'; give one of path_first, path_first_video, small, svd, tiny"),
    (['--device', 'tpu'], "device must be 'cpu', 'cuda', 'cuda:N' or 'auto', got 'tpu'"),
    (['--json', 'nowhere/speed.json'], 'nowhere is no folder; make it'),
])
def test_when_an_argument_cannot_be_expect_what_to_do(arguments, expected, capsys):
    assert main(['benchmark', 'speed', '--count-only', *arguments]) == 2
    assert expected in capsys.readouterr().err


def test_when_there_are_no_steps_expect_what_they_should_be(capsys):
    with pytest.raises(SystemExit) as end:
        main(['benchmark', 'speed', '--steps', '0'])
    assert end.value.code == 2 and 'expected a whole number, at least 1' in capsys.readouterr().err
