# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The command line explains itself, starts quickly and answers wrong use with a sentence."""

import subprocess
import sys

import pytest

from core.episodes.synthetic_episodes import make_store
from robot4d_core.cli import main


@pytest.mark.parametrize('arguments', [
    [], ['record'], ['dataset'], ['dataset', 'info'], ['dataset', 'check'], ['dataset', 'import'], ['train'],
    ['evaluate', 'policy'], ['evaluate', 'tracking'], ['evaluate', 'expert'], ['evaluate', 'table'],
    ['evaluate', 'steps'], ['evaluate', 'figure'], ['evaluate', 'outside'], ['report'], ['predict'], ['view'],
    ['doctor', 'robot'],
])
def test_every_command_has_help(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main([*arguments, '--help'])
    assert end.value.code == 0
    assert 'usage: robot4d' in capsys.readouterr().out


def test_when_folder_is_no_store_of_these_settings_expect_a_sentence(tmp_path, capsys):
    assert main(['record', str(tmp_path / 'store'), '--episodes', '0']) == 0
    assert main(['record', str(tmp_path / 'store'), '--episodes', '0', '--cameras', '3', '--sensor', 'noisy']) == 2
    error = capsys.readouterr().err
    assert 'was recorded with other settings (cameras: expected 3, got 16; sensor: expected {' in error


@pytest.mark.parametrize(('arguments', 'expected'), [
    (['--size', '160'], "expected WIDTHxHEIGHT in pixels, such as 160x128, got '160'"),
    (['--size', '0x128'], "expected WIDTHxHEIGHT in pixels, such as 160x128, got '0x128'"),
    (['--workers', '0'], "expected a whole number, at least 1, got '0'"),
    (['--cameras', '1'], "expected a whole number, at least 2, got '1'"),
    (['--episodes', '1.5'], "expected a whole number, at least 0, got '1.5'"),
    (['--seed', '-1'], 'expected a whole number, at least 0'),
])
def test_when_an_argument_of_record_cannot_be_expect_what_it_should_be(tmp_path, capsys, arguments, expected):
    with pytest.raises(SystemExit) as end:
        main(['record', str(tmp_path / 'store'), *arguments])
    assert end.value.code == 2 and expected in capsys.readouterr().err
    assert not (tmp_path / 'store').exists()


@pytest.mark.parametrize('arguments', [
    ['predict', 'STORE/episode', '--output'], ['evaluate', 'policy', '--json'], ['record'], ['view', 'x', '--png'],
    ['evaluate', 'tracking', '--json']])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(tmp_path, capsys, arguments):
    (tmp_path / 'file').write_text('mine')
    with pytest.raises(SystemExit) as end:
        main([*arguments, str(tmp_path / 'file' / 'output')])
    assert end.value.code == 2 and f'cannot be written: {tmp_path}/file is a file' in capsys.readouterr().err


def test_an_error_of_the_system_is_a_sentence(capsys):
    assert main(['view', 'long' * 100]) == 2
    error = capsys.readouterr().err
    assert error.startswith('robot4d view: File name too long: longlong') and error.count('\n') == 1


def test_when_the_task_is_unknown_expect_the_tasks_and_no_store(tmp_path, capsys):
    assert main(['record', str(tmp_path / 'store'), '--task', 'JuggleApples']) == 2
    assert 'PutSpatulaOnTable' in capsys.readouterr().err
    assert not (tmp_path / 'store').exists()


def test_dataset_info_prints_and_draws(tmp_path, capsys):
    make_store(tmp_path / 'store', [0, 8])
    assert main(['dataset', 'info', str(tmp_path / 'store')]) == 0
    assert '1 x validation' in capsys.readouterr().out
    assert (tmp_path / 'store' / 'contact_sheet.png').read_bytes().startswith(b'\x89PNG')
    assert main(['dataset', 'info', str(tmp_path / 'store'), '--sheet', str(tmp_path / 'sheet.png')]) == 0
    assert (tmp_path / 'sheet.png').exists()


def test_dataset_check_says_what_is_wrong_by_its_status_and_by_name(tmp_path, capsys):
    store = make_store(tmp_path / 'store', [0, 1])
    (store.folder / 'episode_000005.12.unfinished').mkdir()
    assert main(['dataset', 'check', str(store.folder)]) == 0
    out = capsys.readouterr().out
    assert 'note: episode_000005.12.unfinished' in out and '0 of 2 episodes are wrong' in out
    (store.folder / 'episode_000001' / 'times' / 'c' / '0').write_bytes(b'')
    assert main(['dataset', 'check', str(store.folder)]) == 1
    assert 'episode_000001: times: 1 of 1 files of chunks are missing or empty\n' in capsys.readouterr().out


@pytest.mark.parametrize('what', ['info', 'check'])
def test_when_there_is_no_store_expect_how_to_record_one(tmp_path, capsys, what):
    assert main(['dataset', what, str(tmp_path / 'nothing')]) == 2
    assert 'record one with `robot4d record' in capsys.readouterr().err


def test_starting_does_not_load_torch_or_mujoco():
    script = 'import sys\nfrom robot4d_core.cli import main\nmain(["report", "/nowhere"])\n' \
             'assert not {"torch", "mujoco", "diffusers", "zarr", "matplotlib"} & set(sys.modules)'
    subprocess.run([sys.executable, '-c', script], check=True, timeout=200)
