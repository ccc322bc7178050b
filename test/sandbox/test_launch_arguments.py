# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Launch arguments, included launch files and scopes."""

from __future__ import annotations

import os
import textwrap

import pytest
from launch import LaunchContext, LaunchDescription, LaunchDescriptionSource
from launch.actions import (
    AppendEnvironmentVariable,
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    PopLaunchConfigurations,
    PushLaunchConfigurations,
    ResetLaunchConfigurations,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    UnsetEnvironmentVariable,
    UnsetLaunchConfiguration,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.launch_description_sources import AnyLaunchDescriptionSource, PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, ThisLaunchFile, ThisLaunchFileDir
from launch.utilities import perform_substitutions

pytestmark = pytest.mark.usefixtures('launch_logs')


class Note:
    """Notes the values of launch configurations at the places where it is put into a launch description."""

    def __init__(self):
        self.values = []

    def __call__(self, *names):
        return OpaqueFunction(function=lambda context: self.values.append(
            tuple(context.launch_configurations.get(name) for name in names)))


@pytest.fixture
def note():
    return Note()


@pytest.fixture
def launch_file(tmp_path):
    """Return a function that writes a launch file whose description has the given entities."""
    def write(entities, name='included.launch.py'):
        path = tmp_path / name
        path.write_text(textwrap.dedent("""
            from launch import LaunchDescription
            from launch.actions import *
            from launch.substitutions import *

            def generate_launch_description():
                return LaunchDescription([{}])
        """).format(entities))
        return str(path)
    return write


def included(*entities):
    return LaunchDescriptionSource(LaunchDescription(entities))


def test_argument_takes_default_unless_given(note, run_launch):
    assert run_launch(
        SetLaunchConfiguration('given', 'from outside'),
        DeclareLaunchArgument('given', default_value='default'),
        DeclareLaunchArgument('not_given', default_value=['de', LaunchConfiguration('given')]),
        note('given', 'not_given')) == 0
    assert note.values == [('from outside', 'defrom outside')]


def test_required_argument_is_missing(run_launch, capsys):
    with pytest.raises(RuntimeError, match='Required launch argument "task" was not provided'):
        DeclareLaunchArgument('task').visit(LaunchContext())
    assert run_launch(DeclareLaunchArgument('task', description='what to do')) == 1
    assert 'Required launch argument "task" (description: "what to do") was not provided' in capsys.readouterr().out


def test_argument_choices():
    argument = DeclareLaunchArgument('engine', choices=['hold', 'oracle'], description='who predicts')
    context = LaunchContext()
    context.launch_configurations['engine'] = 'oracle'
    assert argument.visit(context) is None
    context.launch_configurations['engine'] = 'crystal ball'
    with pytest.raises(RuntimeError, match='"crystal ball" is not valid. Valid options are'):
        argument.visit(context)
    assert argument.description == "who predicts. Valid choices are: ['hold', 'oracle']"
    assert DeclareLaunchArgument('a', choices=['b']).description == "One of: ['b']"
    assert DeclareLaunchArgument('a').description == 'no description given'
    with pytest.raises(RuntimeError, match='is not in provided choices'):
        DeclareLaunchArgument('engine', choices=['hold'], default_value='oracle')
    with pytest.raises(RuntimeError, match='choices arg is empty'):
        DeclareLaunchArgument('engine', choices=[])


def test_arguments_are_found_without_launching(launch_file):
    path = launch_file("DeclareLaunchArgument('in_file')")
    description = LaunchDescription([
        DeclareLaunchArgument('own'),
        DeclareLaunchArgument('conditional', condition=IfCondition('true')),
        DeclareLaunchArgument('own', default_value='second declaration'),
        GroupAction([DeclareLaunchArgument('in_group')]),
        GroupAction([DeclareLaunchArgument('in_conditional_group')], condition=IfCondition('false')),
        IncludeLaunchDescription(PythonLaunchDescriptionSource(path)),
        IncludeLaunchDescription(PythonLaunchDescriptionSource([LaunchConfiguration('unknown'), '/x.launch.py'])),
        ResetLaunchConfigurations(),
        DeclareLaunchArgument('behind_reset'),
    ])
    found = {argument.name: argument for argument in description.get_launch_arguments()}
    assert list(found) == ['own', 'conditional', 'in_group', 'in_conditional_group', 'in_file']
    assert found['own'].default_value is None
    assert [name for name, argument in found.items() if argument._conditionally_included] == [
        'conditional', 'in_conditional_group']


def test_include_sets_arguments_for_good(note, run_launch):
    assert run_launch(
        SetLaunchConfiguration('name', 'gripper'),
        IncludeLaunchDescription(
            included(DeclareLaunchArgument('size', default_value='1'), note('size', 'label', 'undeclared')),
            launch_arguments={'label': [LaunchConfiguration('name'), '_2'], 'undeclared': 'x'}.items()),
        note('size', 'label')) == 0
    assert note.values == [('1', 'gripper_2', 'x'), ('1', 'gripper_2')]


def test_include_in_group_leaves_nothing_behind(note, run_launch):
    include = IncludeLaunchDescription(
        included(DeclareLaunchArgument('inner', default_value='2'), note('outer', 'inner')),
        launch_arguments=[('outer', 'changed')])
    assert run_launch(SetLaunchConfiguration('outer', '1'), GroupAction([include]), note('outer', 'inner')) == 0
    assert note.values == [('changed', '2'), ('1', None)]


def test_include_needs_required_arguments(run_launch):
    with pytest.raises(RuntimeError, match=r"missing required argument 'foo' .*given: \[bar\]"):
        IncludeLaunchDescription(
            included(DeclareLaunchArgument('foo')), launch_arguments=[('bar', '1')]).visit(LaunchContext())

    nested = IncludeLaunchDescription(
        included(DeclareLaunchArgument('foo')), launch_arguments=[('foo', '1')])
    assert run_launch(IncludeLaunchDescription(included(nested))) == 0

    not_given_by_parent = IncludeLaunchDescription(included(
        IncludeLaunchDescription(included(DeclareLaunchArgument('foo'))), DeclareLaunchArgument('bar')))
    assert run_launch(not_given_by_parent) == 1


def test_include_visits_arguments_then_description():
    description = LaunchDescription()
    context = LaunchContext()
    first, second = IncludeLaunchDescription(
        LaunchDescriptionSource(description), launch_arguments=[('foo', 'FOO')]).visit(context)[:2]
    assert (perform_substitutions(context, first.name), perform_substitutions(context, first.value)) == ('foo', 'FOO')
    assert second is description


def test_arguments_know_their_includes():
    inner = IncludeLaunchDescription(included(DeclareLaunchArgument('inner')))
    outer = IncludeLaunchDescription(included(inner))
    description = LaunchDescription([outer, DeclareLaunchArgument('own')])
    assert [
        (argument.name, includes) for argument, includes
        in description.get_launch_arguments_with_include_launch_description_actions()] == [
            ('inner', [outer, inner]), ('own', None)]


def test_include_by_path(note, run_launch, launch_file, tmp_path):
    path = launch_file("SetLaunchConfiguration('file', ThisLaunchFile()), SetLaunchConfiguration('folder', "
                       'ThisLaunchFileDir())')
    for source in (path, [str(tmp_path), '/included.launch.py'], PythonLaunchDescriptionSource(path)):
        assert run_launch(IncludeLaunchDescription(source), note('file', 'folder')) == 0
    assert note.values == [(path, str(tmp_path))] * 3


def test_launch_file_location_is_unknown_in_scripts(run_launch, capsys):
    for substitution in (ThisLaunchFile(), ThisLaunchFileDir()):
        assert run_launch(SetLaunchConfiguration('here', substitution)) == 1
    assert 'outside of a launch file' in capsys.readouterr().out


@pytest.mark.parametrize('content, message', [
    ('raise ValueError("no camera")', 'no camera'),
    ('def generate_launch_description(): return [', 'was never closed'),
    ('x = 1', 'does not contain the required function'),
])
def test_failing_launch_file_ends_the_launch(content, message, tmp_path, run_launch, capsys):
    path = tmp_path / 'failing.launch.py'
    path.write_text(content)
    assert run_launch(IncludeLaunchDescription(PythonLaunchDescriptionSource(str(path)))) == 1
    assert message in capsys.readouterr().out
    assert run_launch(IncludeLaunchDescription(AnyLaunchDescriptionSource(str(path)))) == 1
    assert message in capsys.readouterr().out


def test_missing_launch_file(run_launch):
    assert run_launch(IncludeLaunchDescription('/nowhere/x.launch.py')) == 1


def test_group_scopes_configurations(note, run_launch):
    def change(**group):
        return GroupAction([
            SetLaunchConfiguration('b', 'changed'), UnsetLaunchConfiguration('c'), note('a', 'b', 'c', 'extra'),
        ], **group)

    start = [SetLaunchConfiguration(name, name.upper()) for name in 'abc']
    assert run_launch(*start, change(launch_configurations={'extra': 'E'}), note('a', 'b', 'c', 'extra')) == 0
    assert note.values == [('A', 'changed', None, 'E'), ('A', 'B', 'C', None)]

    note.values.clear()
    assert run_launch(*start, change(scoped=False, launch_configurations={'extra': 'E'}), note('b', 'c', 'extra')) == 0
    assert note.values == [('A', 'changed', None, 'E'), ('changed', None, 'E')]

    note.values.clear()
    kept = {'a': LaunchConfiguration('a'), 'extra': [LaunchConfiguration('b'), '2']}
    assert run_launch(*start, change(forwarding=False, launch_configurations=kept), note('a', 'b', 'c', 'extra')) == 0
    assert note.values == [('A', 'changed', None, 'B2'), ('A', 'B', 'C', None)]


def test_group_scopes_environment(run_launch):
    seen = []
    look = OpaqueFunction(function=lambda context: seen.append(os.environ.get('ROBOT4D_TEST')))
    change = SetEnvironmentVariable('ROBOT4D_TEST', 'inside')
    assert run_launch(
        SetEnvironmentVariable('ROBOT4D_TEST', 'outside'),
        GroupAction([change, look]), look,
        GroupAction([look], forwarding=False), look,
        GroupAction([change], scoped=False), look) == 0
    assert seen == ['inside', 'outside', None, 'outside', 'inside']


def test_nested_groups_restore_step_by_step(note, run_launch):
    def level(value, *inner):
        return GroupAction([SetLaunchConfiguration('depth', value), *inner, note('depth')])
    assert run_launch(level('1', level('2', level('3'))), note('depth')) == 0
    assert note.values == [('3',), ('2',), ('1',), (None,)]


def test_group_condition(note, run_launch):
    assert run_launch(
        GroupAction([SetLaunchConfiguration('x', '1')], scoped=False, condition=IfCondition('false')), note('x'),
        GroupAction([SetLaunchConfiguration('x', '2')], scoped=False, condition=UnlessCondition('0')), note('x')) == 0
    assert note.values == [(None,), ('2',)]


def test_push_and_pop_configurations():
    context = LaunchContext()
    SetLaunchConfiguration('x', '1').visit(context)
    PushLaunchConfigurations().visit(context)
    SetLaunchConfiguration('x', '2').visit(context)
    PopLaunchConfigurations().visit(context)
    assert context.launch_configurations == {'x': '1'}
    with pytest.raises(RuntimeError, match='stack unexpectedly empty'):
        PopLaunchConfigurations().visit(context)


def test_environment_variables():
    context = LaunchContext()
    AppendEnvironmentVariable('ROBOT4D_TEST', 'b').visit(context)
    AppendEnvironmentVariable('ROBOT4D_TEST', 'c').visit(context)
    AppendEnvironmentVariable('ROBOT4D_TEST', 'a', prepend=True, separator=';').visit(context)
    assert os.environ['ROBOT4D_TEST'] == f'a;b{os.pathsep}c'
    UnsetEnvironmentVariable('ROBOT4D_TEST').visit(context)
    UnsetEnvironmentVariable('ROBOT4D_TEST').visit(context)
    assert 'ROBOT4D_TEST' not in os.environ


def test_deprecated_description_says_why(run_launch, capsys):
    assert run_launch(LaunchDescription(deprecated_reason='use demo.launch.py')) == 0
    assert 'deprecated launch description: use demo.launch.py' in capsys.readouterr().out
