# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""sandbox/setup does nothing twice, and says what it misses."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def test_when_everything_is_set_up_expect_a_silent_second_run_within_seconds():
    if not (REPOSITORY / '.sandbox' / 'stamps' / 'packages').is_file():
        pytest.skip('sandbox/setup has not run in this clone')
    start = time.monotonic()
    result = subprocess.run([REPOSITORY / 'sandbox' / 'setup'], capture_output=True, text=True, check=True)
    assert time.monotonic() - start < 60.0
    assert result.stdout == ''


@pytest.fixture
def bare_clone(tmp_path):
    """A clone's sandbox/ and a PATH with nothing but the shell's everyday tools."""
    (tmp_path / 'clone').mkdir()
    shutil.copytree(REPOSITORY / 'sandbox', tmp_path / 'clone' / 'sandbox')
    (tmp_path / 'bin').mkdir()
    for name in ('bash', 'cat', 'dirname', 'env', 'flock', 'grep', 'mkdir', 'sed'):
        (tmp_path / 'bin' / name).symlink_to(shutil.which(name))
    return tmp_path


def run_setup(bare_clone: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [bare_clone / 'clone' / 'sandbox' / 'setup', *arguments]
    return subprocess.run(command, env={'PATH': str(bare_clone / 'bin')}, capture_output=True, text=True)


def test_when_no_python_fits_expect_a_sentence_that_says_so(bare_clone):
    (bare_clone / 'bin' / 'python3').symlink_to('/bin/false')
    result = run_setup(bare_clone)
    assert result.returncode == 1
    assert 'no Python 3.11 or 3.12 found' in result.stderr


def test_when_no_compiler_is_there_expect_the_command_that_installs_it(bare_clone):
    (bare_clone / 'bin' / 'python3').symlink_to('/bin/true')
    result = run_setup(bare_clone)
    assert result.returncode == 1
    assert 'apt-get install g++' in result.stderr


def test_when_called_with_an_argument_expect_the_usage_and_a_failure(bare_clone):
    result = run_setup(bare_clone, 'everything')
    assert result.returncode == 1
    assert result.stdout.startswith('usage: sandbox/setup')
