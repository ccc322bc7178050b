# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Files of text in any locale, and files that are none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from robot4d_core.errors import ParameterError
from robot4d_core.text_files import read_ros_parameters, read_text, read_yaml, write_text

PARAMETERS = '# Höhe über dem Tisch\n/**:\n  ros__parameters:\n    base_frame: tisch_höhe\n'


@pytest.mark.parametrize('locale', ['C', 'de_DE.ISO-8859-1', 'C.UTF-8'])
def test_yaml_is_read_as_utf_8_whatever_the_locale(tmp_path, locale):
    file = tmp_path / 'robot.yaml'
    file.write_bytes(PARAMETERS.encode())
    code = f'from robot4d_core.robot.robot_file import read_base_frame; print(ascii(read_base_frame({str(file)!a})))'
    ended = subprocess.run(
        [sys.executable, '-X', 'utf8=0', '-c', code], capture_output=True, text=True, timeout=100, check=True,
        env={'PYTHONPATH': ':'.join(sys.path), 'LC_ALL': locale, 'PYTHONCOERCECLOCALE': '0'})
    assert ended.stdout == "'tisch_h\\xf6he'\n"


def test_a_byte_order_mark_is_no_text(tmp_path):
    file = tmp_path / 'robot.yaml'
    file.write_bytes(PARAMETERS.encode('utf-8-sig'))
    assert read_ros_parameters(file) == {'base_frame': 'tisch_höhe'}


@pytest.mark.parametrize(('content', 'message'), [
    (PARAMETERS.encode('latin-1'), 'is not in UTF-8 .at byte 3.; save it as UTF-8'),
    (PARAMETERS.encode('utf-16'), 'is not in UTF-8 .at byte 0.'),
    (b'/**: [', 'is no YAML'), (b'', 'holds no parameters'), (b'/**: {ros__parameters: 3}', 'holds no parameters'),
    (b'executor: {ros__parameters: {a: 1}}', 'holds no parameters under /..: ros__parameters'),
    (None, 'cannot be read: No such file or directory'),
])
def test_what_is_no_parameter_file_is_named(tmp_path, content, message):
    file = tmp_path / 'robot.yaml'
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ParameterError, match=f'robot.yaml {message}'):
        read_ros_parameters(file)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ParameterError, match='cannot be read: Is a directory'):
        read_yaml(tmp_path)


def test_what_was_written_is_read(tmp_path):
    write_text(tmp_path / 'new' / 'file', 'größer\n')
    assert read_text(tmp_path / 'new' / 'file') == 'größer\n'


def test_when_a_text_cannot_be_written_expect_the_old_one_whole(tmp_path):
    write_text(tmp_path / 'file', 'old')
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / 'file', 'new' * 100000 + '\ud800')
    assert read_text(tmp_path / 'file') == 'old'
