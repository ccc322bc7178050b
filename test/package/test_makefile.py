# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The Makefile uses a sourced ROS 2 where there is one, and the sandbox elsewhere; recording tools stand for both."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def write_tool(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{script}\n')
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path):
    """A clone whose tools write their names and arguments to `calls`."""
    repository = tmp_path / 'clone'
    repository.mkdir()
    shutil.copy(REPOSITORY / 'Makefile', repository)
    tools = tmp_path / 'tools'
    for name in ('ros2', 'robot4d', 'python3'):
        write_tool(tools / name, f'echo {name} "$@" >> "{tmp_path}/calls"')
    (repository / 'sandbox').mkdir()
    write_tool(repository / 'sandbox' / 'setup', f'echo sandbox/setup >> "{tmp_path}/calls"')
    (repository / 'sandbox' / 'env.sh').write_text(f'echo sandbox/env.sh >> "{tmp_path}/calls"\n')
    return repository


def make(clone: Path, *arguments: str, status: int = 0, **environment: str) -> list[str]:
    """Run make in the clone and return the recorded calls."""
    inherited = {name: value for name, value in os.environ.items() if name in ('HOME', 'LD_LIBRARY_PATH')}
    path = f'{clone.parent / "tools"}:/usr/local/bin:/usr/bin:/bin'
    result = subprocess.run(
        ['make', *arguments], cwd=clone, env={**inherited, 'PATH': path, **environment}, capture_output=True, text=True,
    )
    assert result.returncode == status, result.stdout + result.stderr
    return (clone.parent / 'calls').read_text().splitlines()


def use_ros(clone: Path) -> None:
    setup = 'mkdir -p .ros/install && echo "echo .ros/install/setup.bash >> ../calls" > .ros/install/setup.bash'
    write_tool(clone.parent / 'tools' / 'colcon', f'echo colcon "$@" >> ../calls; {setup}')


def test_when_ros_is_sourced_expect_colcon_and_the_real_ros2_and_no_sandbox(clone):
    use_ros(clone)
    calls = make(clone, 'demo', 'engine=oracle', 'args=seed:=3', ROS_DISTRO='jazzy', DISPLAY=':0')
    assert [call.split()[0] for call in calls] == ['python3', 'colcon', '.ros/install/setup.bash', 'ros2', 'robot4d']
    assert ' build ' in calls[1]
    assert calls[3] == 'ros2 launch robot4d demo.launch.py engine:=oracle headless:=false seed:=3'
    assert calls[4] == 'robot4d report out/demo'
    assert not (clone / '.sandbox').exists()


def test_when_ros_is_sourced_expect_make_test_to_use_it(clone):
    use_ros(clone)
    calls = make(clone, 'test', 'args=test/core', ROS_DISTRO='jazzy')
    assert [call.split()[0] for call in calls] == ['python3', 'colcon', '.ros/install/setup.bash', 'python3']
    assert calls[3] == 'python3 -m pytest test/core'


def test_when_a_sourced_ros_has_no_display_expect_no_rviz(clone):
    use_ros(clone)
    assert 'headless:=true' in make(clone, 'demo', ROS_DISTRO='jazzy')[3]


def test_when_a_sourced_ros_lacks_python_packages_expect_the_command_that_installs_them_and_no_build(clone):
    use_ros(clone)
    write_tool(clone.parent / 'tools' / 'python3', f'echo python3 >> "{clone.parent}/calls"; exit 1')
    assert make(clone, 'demo', status=2, ROS_DISTRO='jazzy') == ['python3']


def test_when_no_ros_is_sourced_expect_the_sandbox(clone):
    calls = make(clone, 'demo')
    assert calls == [
        'sandbox/setup', 'sandbox/env.sh',
        'ros2 launch robot4d demo.launch.py headless:=true', 'robot4d report out/demo',
    ]


def test_when_ros_distro_is_left_over_without_ros2_expect_the_sandbox(clone):
    (clone.parent / 'tools' / 'ros2').unlink()
    write_tool(clone.parent / 'sandbox_bin' / 'ros2', 'exit 0')
    with (clone / 'sandbox' / 'env.sh').open('a') as environment:
        environment.write(f'export PATH=$PATH:{clone.parent / "sandbox_bin"}\n')
    assert make(clone, 'demo', ROS_DISTRO='jazzy')[0] == 'sandbox/setup'


def test_when_the_report_fails_expect_the_demo_to_fail(clone):
    write_tool(clone.parent / 'tools' / 'robot4d', 'exit 1')
    make(clone, 'demo', status=2)


def test_when_an_earlier_demo_left_results_expect_them_gone_before_the_report(clone):
    (clone / 'out' / 'demo').mkdir(parents=True)
    (clone / 'out' / 'demo' / 'summary.json').write_text('{}')
    make(clone, 'demo')
    assert not (clone / 'out' / 'demo').exists()


@pytest.mark.parametrize('failing', ['--ignore=test/graph', 'test/graph'])
def test_when_one_half_of_the_tests_fails_expect_the_other_to_run_and_make_to_fail(clone, failing):
    use_ros(clone)
    log = clone.parent / 'calls'
    write_tool(clone.parent / 'tools' / 'python3',
               f'echo python3 "$@" >> "{log}"; case " $* " in *" {failing} "*) exit 1;; esac')
    calls = [call for call in make(clone, 'test', status=2, ROS_DISTRO='jazzy') if 'pytest' in call]
    assert calls == ['python3 -m pytest --ignore=test/graph --ignore=test/replay',
                     'python3 -m pytest test/graph test/replay']
