# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names of arms and grippers out of parameter files."""

from __future__ import annotations

import pytest

from robot4d_core.errors import ParameterError
from robot4d_core.robot.names import read_arm_names
from robot4d_core.share import share_directory


def test_the_file_of_one_arm_names_the_first():
    assert read_arm_names(share_directory() / 'config' / 'robot.yaml') == read_arm_names()[:1]


@pytest.mark.parametrize('change', [
    lambda text: text.replace('hand_link', 'palm_link'),
    lambda text: text.replace('[arm]', '[arm, left]'),
    lambda text: text.replace('arms: [arm]', ''),
    lambda text: text.replace('ros__parameters', 'parameters'),
    lambda text: '[' + text,
    lambda text: '',
])
def test_when_a_file_names_no_arm_expect_the_file_and_the_example_named(tmp_path, change):
    file = tmp_path / 'my_robot.yaml'
    file.write_text(change((share_directory() / 'config' / 'robot.yaml').read_text()))
    with pytest.raises(ParameterError, match=r'my_robot.yaml (does not name the arms|holds no parameters|is no YAML)'):
        read_arm_names(file)


@pytest.mark.parametrize('content', [None, b'\xff\xfe/\x00'])
def test_when_a_file_cannot_be_read_expect_it_named(tmp_path, content):
    file = tmp_path / 'my_robot.yaml'
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ParameterError, match='my_robot'):
        read_arm_names(file)
