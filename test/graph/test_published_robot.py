# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The commands that the README walks through with a Panda: they are those of the README, and do what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from graph.demo_process import Launched
from robot4d_core.cli import main
from robot_folder import REPOSITORY, home_with_robots

NODES = ('generator', 'tracker', 'executor', 'coordinator', 'playback')


def commands(beginning: str) -> list[str]:
    """Return the words of the first command in the README that begins so, after that beginning."""
    readme = (REPOSITORY / 'README.md').read_text()
    return shlex.split(re.search(rf'^ *{re.escape(beginning)} (.*panda.*)$', readme, re.MULTILINE)[1])


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Return a home with what the README's pip command brings; the working folder is that of robot4d."""
    monkeypatch.chdir(REPOSITORY)
    return home_with_robots(tmp_path)


def test_the_doctor_of_the_readme_finds_all_well(home, monkeypatch, capsys):
    monkeypatch.setenv('HOME', str(home))
    assert main([*commands('robot4d'), '--output', str(home / 'panda.png')]) == 0
    assert 'all is well' in capsys.readouterr().out


@pytest.mark.timeout(900)
def test_every_node_comes_up_for_a_robot_that_nobody_here_described(home, domain):
    arguments = dict(word.split(':=', 1) for word in commands('ros2 launch robot4d robot4d.launch.py'))
    launched = Launched('robot4d.launch.py', domain, {'HOME': str(home)}, **(arguments | {'rviz': 'false'}))
    try:
        for node in NODES:
            launched.wait_for(f'[{node}]: active', timeout=400)
        launched.interrupt()
    finally:
        printed = launched.finish(timeout=100)
    assert 'Traceback' not in printed and '[ERROR]' not in printed.partition('SIGINT')[0], printed
