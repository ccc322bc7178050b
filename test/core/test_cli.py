# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The command line explains itself, starts quickly and answers wrong use with a sentence."""

import subprocess
import sys

import pytest

from robot4d_core.cli import main


@pytest.mark.parametrize('arguments', [
    [], ['record'], ['train'], ['evaluate', 'policy'], ['evaluate', 'tracking'], ['evaluate', 'expert'], ['report'],
])
def test_every_command_has_help(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main([*arguments, '--help'])
    assert end.value.code == 0
    assert 'usage: robot4d' in capsys.readouterr().out


def test_when_folder_is_no_store_of_these_settings_expect_a_sentence(tmp_path, capsys):
    assert main(['record', str(tmp_path / 'store'), '--episodes', '0']) == 0
    assert main(['record', str(tmp_path / 'store'), '--episodes', '0', '--cameras', '3']) == 2
    assert 'was recorded with' in capsys.readouterr().err


def test_starting_does_not_load_torch_or_mujoco():
    script = 'import sys\nfrom robot4d_core.cli import main\nmain(["report", "/nowhere"])\n' \
             'assert not {"torch", "mujoco", "diffusers"} & set(sys.modules)'
    subprocess.run([sys.executable, '-c', script], check=True, timeout=30)
