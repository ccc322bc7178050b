# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where launch's messages and the processes' output are logged."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import launch.logging
import pytest

pytestmark = pytest.mark.usefixtures('launch_logs')


@pytest.fixture
def config(launch_logs):
    launch.logging.reset()
    return launch.logging.launch_config


def test_messages_go_to_screen_and_log_file(config, capsys):
    logger = launch.logging.get_logger('some')
    logger.debug('hidden')
    logger.warning('100% {shown}')
    assert capsys.readouterr().out == '[WARNING] [some]: 100% {shown}\n'
    config.get_log_file_handler().flush()
    line = Path(config.get_log_file_path()).read_text()
    assert re.fullmatch(r'\d+\.\d+ \[WARNING\] \[some\]: 100% {shown}\n', line)


def test_logging_twice_does_not_double_messages(config, capsys):
    launch.logging.get_logger('some')
    launch.logging.get_logger('some').info('once')
    assert capsys.readouterr().out.count('once') == 1


def test_level(config, capsys):
    config.level = logging.DEBUG
    launch.logging.get_logger('some').debug('shown')
    assert 'shown' in capsys.readouterr().out
    launch.logging.reset()
    assert launch.logging.launch_config.level == logging.INFO


def test_screen_formats(config, capsys, monkeypatch):
    config.set_screen_format('default_with_timestamp')
    launch.logging.get_logger('some').info('x')
    assert re.fullmatch(r'\d+\.\d+ \[INFO\] \[some\]: x\n', capsys.readouterr().out)
    config.set_screen_format('%(name)s: %(message)s', screen_style='%')
    launch.logging.get_logger('some').info('x')
    assert capsys.readouterr().out == 'some: x\n'
    for wrong in (lambda: config.set_screen_format('default', screen_style='%'),
                  lambda: config.set_log_format('default', log_style='%')):
        with pytest.raises(ValueError):
            wrong()
    monkeypatch.setenv('OVERRIDE_LAUNCH_SCREEN_FORMAT', r'{name}\t{message}')
    launch.logging.reset()
    launch.logging.get_logger('some').info('x')
    assert capsys.readouterr().out == 'some\tx\n'


def test_log_dir(config, monkeypatch, tmp_path):
    log_dir = Path(config.log_dir)
    assert log_dir.parent == tmp_path / 'log' and (tmp_path / 'log' / 'latest').resolve() == log_dir
    monkeypatch.delenv('ROS_LOG_DIR')
    monkeypatch.setenv('ROS_HOME', str(tmp_path / 'home'))
    config.log_dir = None
    assert Path(config.log_dir).parent == tmp_path / 'home' / 'log'
    with pytest.raises(ValueError, match='is not a directory'):
        config.log_dir = '/nowhere'


@pytest.mark.parametrize('wrong', ['nonsense', {'nonsense': 'log'}, {'stdout': {'nonsense'}}, 1])
def test_wrong_output_configuration(wrong, config):
    with pytest.raises(ValueError):
        launch.logging.get_output_loggers('some', wrong)


def test_full_output(config, capsys):
    stdout, stderr = launch.logging.get_output_loggers('some', 'full')
    stdout.info('out')
    stderr.info('err')
    assert capsys.readouterr().out == 'out\nerr\n'
    content = {path.name: path.read_text() for path in Path(config.log_dir).iterdir()}
    assert content['some.log'] == 'out\nerr\n'
    assert content['some-stdout.log'] == 'out\n' and content['some-stderr.log'] == 'err\n'
    assert re.fullmatch(r'\d+\.\d+ out\n\d+\.\d+ err\n', content['launch.log'])


def test_custom_log_handler(config):
    records = []

    class Collect(launch.logging.handlers.Handler):
        def emit(self, record):
            records.append(self.format(record))
    config.log_handler_factory = lambda path, encoding=None: Collect()
    launch.logging.get_logger('some').error('x')
    assert len(records) == 1 and records[0].endswith('[ERROR] [some]: x')
