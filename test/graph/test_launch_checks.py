# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A launch with a file that is not there, or is none, starts nothing and says why."""

from __future__ import annotations

import subprocess

import pytest


@pytest.mark.parametrize(('launch_file', 'argument', 'content', 'message'), [
    ('robot4d', 'limits', None, 'cannot be read: No such file or directory; nothing was started'),
    ('robot4d', 'robot', 'name: höhe'.encode('latin-1'), 'is not in UTF-8 (at byte 7)'),
    ('robot4d', 'controllers', b'/**: [', 'is no YAML'),
    ('robot4d', 'urdf', None, 'does not exist; nothing was started'),
    ('replay', 'bag', None, 'does not exist; nothing was started'),
])
def test_nothing_is_started(tmp_path, launch_file, argument, content, message):
    file = tmp_path / 'my file.yaml'
    if content is not None:
        file.write_bytes(content)
    given = [f'{argument}:={file}']
    ended = subprocess.run(
        ['ros2', 'launch', 'robot4d', f'{launch_file}.launch.py', 'rviz:=false', *given],
        capture_output=True, text=True, timeout=100, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 1 and f'{argument}:={file}' in ended.stdout + ended.stderr
    assert message in ended.stdout + ended.stderr and 'process started' not in ended.stdout
