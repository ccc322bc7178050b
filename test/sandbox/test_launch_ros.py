# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ROS nodes in launch files: command lines, parameters and their types, packages."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import List  # noqa: UP035 - upstream's notation of the types

import pytest
import yaml
from ament_index_python.packages import PackageNotFoundError
from launch import LaunchContext
from launch.actions import DeclareLaunchArgument, ExecuteProcess, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, SubstitutionFailure, TextSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare

pytestmark = pytest.mark.usefixtures('launch_logs')


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    """Install a package `toys` with an executable `echo_arguments`; return its prefix."""
    prefix = tmp_path / 'prefix'
    (prefix / 'share/ament_index/resource_index/packages').mkdir(parents=True)
    (prefix / 'share/ament_index/resource_index/packages/toys').touch()
    (prefix / 'share/toys').mkdir()
    (prefix / 'lib/toys').mkdir(parents=True)
    executable = prefix / 'lib/toys/echo_arguments'
    executable.write_text('#!/bin/sh\nfor word in "$@"; do echo "argument:$word"; done\n')
    executable.chmod(executable.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{prefix}{os.pathsep}{os.environ.get("AMENT_PREFIX_PATH", "")}')
    return prefix


@pytest.fixture
def arguments_of(run_launch, capsys):
    """Return a function that runs a node behind other actions and returns the arguments that it got."""
    def run(*actions, **node):
        assert run_launch(*actions, Node(
            package='toys', executable='echo_arguments', output='screen', output_format='{line}', **node)) == 0
        return [line.removeprefix('argument:') for line in capsys.readouterr().out.splitlines()
                if line.startswith('argument:')]
    return run


@pytest.fixture
def parameters_of(arguments_of):
    """Return a function that gives what a node reads of a dictionary of parameters."""
    def read(parameters, *actions):
        option, path = arguments_of(*actions, parameters=[parameters])[1:]
        assert option == '--params-file'
        return yaml.safe_load(Path(path).read_text())
    return read


def text(value):
    return TextSubstitution(text=value)


def test_command_line_of_a_bare_node(arguments_of):
    assert arguments_of() == ['--ros-args']


def test_order_of_the_command_line(arguments_of, tmp_path):
    file = tmp_path / 'parameters with spaces.yaml'
    file.write_text('/**: {ros__parameters: {a: 1}}')
    arguments = arguments_of(
        DeclareLaunchArgument('side', default_value='left'), name=['arm_', LaunchConfiguration('side')],
        arguments=['--seed', LaunchConfiguration('side')], parameters=[{'own': 3}, file, [str(tmp_path), text('/x')]])
    own = arguments[6]
    assert arguments == ['--seed', 'left', '--ros-args', '-r', '__node:=arm_left', '--params-file', own,
                         '--params-file', str(file)]
    assert yaml.safe_load(Path(own).read_text()) == {'/**': {'ros__parameters': {'own': 3}}}


def test_process_is_named_after_the_executable(run_launch, capsys):
    assert run_launch(Node(package='toys', executable='echo_arguments', output='screen', arguments=['hello'])) == 0
    assert '[echo_arguments-' in capsys.readouterr().out


@pytest.mark.parametrize('where', [
    {'package': 'no_such_package', 'executable': 'x'}, {'package': 'toys', 'executable': 'no_such_executable'}])
def test_node_that_is_not_installed_ends_the_launch(where, run_launch, capsys):
    assert run_launch(Node(**where)) == 1
    assert 'no_such_' in capsys.readouterr().out


def test_condition_and_on_exit(run_launch):
    skipped = Node(package='toys', executable='echo_arguments', condition=IfCondition('false'))
    long = ExecuteProcess(cmd=['sleep', '60'])
    required = Node(package='toys', executable='echo_arguments', on_exit=Shutdown())
    assert run_launch(long, skipped, required) == 0
    assert skipped.return_code is None and required.return_code == 0 and long.return_code != 0


def test_invalid_names(run_launch, capsys):
    assert run_launch(Node(package='toys', executable='echo_arguments', name='not valid')) == 1
    assert 'not valid' in capsys.readouterr().out


def test_missing_parameter_file_is_skipped_with_a_warning(run_launch, capsys):
    node = Node(package='toys', executable='echo_arguments', output='screen', parameters=['/nowhere/parameters.yaml'])
    assert run_launch(node) == 0
    out = capsys.readouterr().out
    assert '[WARNING] [launch_ros.actions.node]: Parameter file path is not a file: /nowhere/parameters.yaml' in out
    assert 'argument:--params-file' not in out


@pytest.mark.parametrize('written, expected', [
    ({'a': 1, 'b': 2.0, 'c': True, 'd': 'x'}, {'a': 1, 'b': 2.0, 'c': True, 'd': 'x'}),
    ({'a': '1', 'b': 'True', 'c': '1.5', 'd': ''}, {'a': '1', 'b': 'True', 'c': '1.5', 'd': ''}),
    ({'a': text('1'), 'b': text('off'), 'c': text('[1, 2]')}, {'a': 1, 'b': False, 'c': [1, 2]}),
    ({'a': text("'1'"), 'b': text('')}, {'a': '1', 'b': ''}),
    ({'a': [1, 2], 'c': [True, False], 'd': ['1', 'x']}, {'a': [1, 2], 'c': [True, False], 'd': ['1', 'x']}),
    ({'a': ParameterValue(text('1'), value_type=str)}, {'a': '1'}),
    ({'a': ParameterValue(text('a: b: c'), value_type=str)}, {'a': 'a: b: c'}),
    ({'a': ParameterValue([text('1'), '0'], value_type=int)}, {'a': 10}),
    ({'a': ParameterValue(text('1'), value_type=float)}, {'a': 1.0}),
    ({'a': ParameterValue(text('[on, off]'), value_type=List[bool])}, {'a': [True, False]}),  # noqa: UP006
])
def test_types_of_parameters(written, expected, parameters_of):
    evaluated = parameters_of(written)['/**']['ros__parameters']
    assert evaluated == expected
    assert {name: type(value) for name, value in evaluated.items()} == {
        name: type(value) for name, value in expected.items()}


@pytest.mark.parametrize('written', ['[0.0, 0.1, 0.0, -90.0]', '[-1.0e-3, 2.0]'])
def test_lists_of_numbers_come_from_arguments(written, parameters_of):
    offset = ParameterValue(LaunchConfiguration('offset'), value_type=List[float])  # noqa: UP006
    evaluated = parameters_of({'offset': offset}, DeclareLaunchArgument('offset', default_value=written))
    assert evaluated == {'/**': {'ros__parameters': {'offset': yaml.safe_load(written)}}}


@pytest.mark.parametrize('value, value_type, expected', [
    ('', None, ''), ('asd', None, 'asd'), ("'1'", None, '1'), ('1', None, 1), ('1.', None, 1.0), ('on', None, True),
    ('[2, 1]', None, [2, 1]), ('[on, no]', None, [True, False]), ('[a, b]', None, ['a', 'b']),
    ("'1'", str, "'1'"), ('{1}', str, '{1}'), ('1', int, 1), ('1', float, 1.0), ('off', bool, False),
    ('1', bool, True), ('0', bool, False), ('[.2, .1]', List[float], [0.2, 0.1]), ('[on]', List[bool], [True]),  # noqa: UP006
])
def test_coercion(value, value_type, expected):
    coerced = ParameterValue(text(value), value_type=value_type).evaluate(LaunchContext())
    assert coerced == expected and type(coerced) is type(expected)


@pytest.mark.parametrize('value, value_type', [
    ("''1''", None), ('{1}', None), ('[1, 2.0]', None), ('', int), ('1000.5', int), ('B', float), ('B', bool),
    ('2', bool), ('', bool), ('[1, 2.0]', List[float]), ('1', List[int])])  # noqa: UP006
def test_failing_coercion(value, value_type):
    with pytest.raises(ValueError):
        ParameterValue(text(value), value_type=value_type).evaluate(LaunchContext())


@pytest.mark.parametrize('wrong', [text('{a: 3}'), text('a: b: c'), [1, 2.5], [1, [2]], {1, 2}, object()])
def test_parameters_of_wrong_types_end_the_launch(wrong, run_launch, capsys):
    assert run_launch(Node(package='toys', executable='echo_arguments', parameters=[{'p': wrong}])) == 1
    assert 'parameter p' in capsys.readouterr().out


@pytest.mark.parametrize('wrong', [[5.0], {'a': 5}, 'file.yaml'])
def test_parameters_must_be_a_list_of_files_and_dictionaries(wrong):
    with pytest.raises(TypeError):
        Node(package='toys', executable='x', parameters=wrong)


@pytest.mark.parametrize('option', ['namespace', 'remappings', 'ros_arguments', 'respawn', 'additional_env'])
def test_options_that_only_upstream_has_are_named(option):
    with pytest.raises(NotImplementedError, match=fr'Node\({option}=...\) exists in ROS 2'):
        Node(package='toys', executable='x', **{option: ['x']})
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        Node(package='toys', executable='x', nonsense=1)


def test_packages_are_found(package):
    context = LaunchContext()
    assert FindPackageShare(['to', text('ys')]).perform(context) == str(package / 'share/toys')
    path = ExecutableInPackage('echo_arguments', 'toys').perform(context)
    assert path == str(package / 'lib/toys/echo_arguments')
    with pytest.raises(PackageNotFoundError):
        FindPackageShare('no_such_package').perform(context)
    with pytest.raises(SubstitutionFailure, match="executable 'x' not found on the libexec directory"):
        ExecutableInPackage('x', 'toys').perform(context)
