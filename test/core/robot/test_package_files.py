# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Names in a description lead to the files that they mean, or to a sentence that says what is missing."""

from __future__ import annotations

import pytest

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.package_files import find_file, find_package


@pytest.fixture(autouse=True)
def no_ros(monkeypatch):
    for variable in ('AMENT_PREFIX_PATH', 'ROS_PACKAGE_PATH'):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def mesh(tmp_path):
    mesh = tmp_path / 'my workspace' / 'src' / 'arms' / 'my_arm' / 'meshes' / 'link 0.stl'
    mesh.parent.mkdir(parents=True)
    (mesh.parents[1] / 'package.xml').write_text('<package><name>my_arm</name></package>')
    mesh.write_text('')
    return mesh


URL = 'package://my_arm/meshes/link 0.stl'


@pytest.mark.parametrize('up', [1, 2, 3, 4])
def test_a_package_is_found_by_its_own_folder_the_one_that_holds_it_and_a_workspace(mesh, up, monkeypatch):
    folder = mesh.parents[up]
    assert find_file(URL, None, [folder]) == mesh
    monkeypatch.setenv('ROS_PACKAGE_PATH', f'/nowhere:{folder}')
    assert find_file(URL, None) == mesh


def test_a_package_is_found_where_ament_installs_it_unless_a_path_is_given(mesh, tmp_path, monkeypatch):
    installed = tmp_path / 'install' / 'share' / 'my_arm'
    installed.mkdir(parents=True)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'install'))
    assert find_package('my_arm') == installed
    assert find_package('my_arm', [mesh.parents[2]]) == mesh.parents[1]


def test_paths_and_file_urls_lead_to_the_file(mesh):
    for name in (str(mesh), f'file://{mesh}', f'file://{mesh}'.replace(' ', '%20')):
        assert find_file(name, None) == mesh
    for name in ('link 0.stl', '../meshes/link 0.stl', './link 0.stl'):
        assert find_file(name, mesh.parent).samefile(mesh)


@pytest.mark.parametrize(('name', 'message'), [
    ('package://no_arm/a.stl', r"'package://no_arm/a.stl', but package 'no_arm' is not in package_paths \(/.*\), A"),
    ('package://my_arm/a.stl', r"names 'package://my_arm/a.stl', but .*my_arm/a.stl is no file; is its package compl"),
    ('http://arms.org/a.stl', 'only package:// and file:// URLs and paths are read'),
    ('meshes/a.stl', 'relative to its own folder, which is not known of a text; give its file'),
])
def test_what_cannot_be_found_is_named(mesh, name, message):
    with pytest.raises(RobotDescriptionError, match=message):
        find_file(name, None, [mesh.parents[2]])


def test_a_package_is_found_where_pip_installs_robots(tmp_path, monkeypatch):
    installed = tmp_path / 'cmeel.prefix' / 'share' / 'my_arm'
    installed.mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    assert find_package('my_arm') == installed
