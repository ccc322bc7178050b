# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The repository is one package of any colcon workspace: `ws/src/robot4d`, `colcon build`, `colcon test`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def run(command: str, **settings) -> str:
    result = subprocess.run(['bash', '-c', command], capture_output=True, text=True, **settings)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result.stdout


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    """A workspace with the repository's files in src/robot4d, built by plain `colcon build`."""
    if shutil.which('colcon') is None:
        pytest.skip('colcon is not installed')
    workspace = tmp_path_factory.mktemp('ws')
    package = workspace / 'src' / 'robot4d'
    package.mkdir(parents=True)
    files = 'git ls-files -z --cached --others --exclude-standard'
    run(f'{files} | xargs -0 cp --parents --target-directory {package}', cwd=REPOSITORY)
    run('colcon build', cwd=workspace, env={**os.environ, 'CMAKE_PREFIX_PATH': os.environ['AMENT_PREFIX_PATH']})
    return workspace


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_when_built_by_plain_colcon_expect_one_package_with_all_its_parts(workspace):
    assert run('colcon list --names-only', cwd=workspace).split() == ['robot4d']
    install = workspace / 'install' / 'robot4d'
    nodes = {'cell', 'coordinator', 'demo', 'executor', 'generator', 'playback', 'tracker'}
    executables = {path.name for path in (install / 'lib' / 'robot4d').iterdir() if os.access(path, os.X_OK)}
    assert executables == nodes
    for part in ('config/cell.yaml', 'launch/demo.launch.py', 'urdf/cell.urdf.xacro', 'package.xml'):
        assert (install / 'share' / 'robot4d' / part).is_file()
    script = 'import robot4d_core, robot4d.msg as m; print(robot4d_core.__file__, m.Prediction.__name__)'
    imported = run(f". install/setup.bash && cd / && python3 -c '{script}'", cwd=workspace).split()
    assert imported[0].startswith(str(install))
    assert imported[1] == 'Prediction'
    assert run('. install/setup.bash && robot4d --version', cwd=workspace).startswith('robot4d ')


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_when_colcon_test_runs_expect_it_to_run_pytest(workspace):
    environment = {**os.environ, 'PYTEST_ADDOPTS': '-k test_package_xml'}
    run('colcon test --return-code-on-test-failure', cwd=workspace, env=environment)
    summary = run('colcon test-result', cwd=workspace)
    assert 'Summary: ' in summary
    assert int(summary.split('Summary: ')[1].split()[0]) > 5
    assert ' 0 errors, 0 failures' in summary
