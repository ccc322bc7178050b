# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Launch arguments, conditions, texts that are known only when launching, and what the stand-in refuses."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import launch
import launch.actions
import pytest
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition, InvalidConditionExpressionError, UnlessCondition
from launch.substitutions import (
    Command,
    LaunchConfiguration,
    PathJoinSubstitution,
    PythonExpression,
    Substitution,
    SubstitutionFailure,
    TextSubstitution,
)

pytestmark = pytest.mark.usefixtures('launch_logs')


@pytest.fixture
def context(launch_logs):
    return LaunchContext()


def text(value):
    return TextSubstitution(text=value)


def say(*words, **kwargs):
    return ExecuteProcess(cmd=['echo', *words], name='echo', output='screen', output_format='{line}', **kwargs)


def test_argument_takes_default_unless_given(run_launch, capsys):
    assert run_launch(
        DeclareLaunchArgument('given', default_value='from outside'),
        DeclareLaunchArgument('given', default_value='default'),
        DeclareLaunchArgument('not_given', default_value=['de', LaunchConfiguration('given')]),
        say(LaunchConfiguration('given'), LaunchConfiguration('not_given'))) == 0
    assert 'from outside defrom outside' in capsys.readouterr().out.splitlines()


def test_required_argument_is_missing(run_launch, capsys):
    with pytest.raises(RuntimeError, match='Required launch argument "task" was not provided'):
        DeclareLaunchArgument('task').visit(LaunchContext())
    assert run_launch(DeclareLaunchArgument('task', description='what to do'), say('not reached')) == 1
    out = capsys.readouterr().out
    assert 'Required launch argument "task" (description: "what to do") was not provided' in out
    assert 'not reached' not in out


def test_arguments_are_found_without_launching():
    own = DeclareLaunchArgument('own')
    conditional = DeclareLaunchArgument('conditional', default_value='x', condition=IfCondition('true'))
    description = LaunchDescription([own, say('x'), conditional])
    assert description.get_launch_arguments() == [own, conditional]
    assert own.default_value is None and own.description == 'no description given'


def test_conditions_decide_about_actions(run_launch, capsys):
    assert run_launch(
        DeclareLaunchArgument('flag', default_value='true'),
        say('if', condition=IfCondition(LaunchConfiguration('flag'))),
        say('unless', condition=UnlessCondition(LaunchConfiguration('flag')))) == 0
    assert {'if', 'unless'} & set(capsys.readouterr().out.splitlines()) == {'if'}


@pytest.mark.parametrize('expression, expected', [
    ('true', True), ('1', True), ('TRUE', True), (' true ', True), ('false', False), ('0', False), ('False', False),
    ([TextSubstitution(text='tr'), 'ue'], True)])
def test_boolean_expressions(expression, expected, context):
    assert IfCondition(expression).evaluate(context) is expected
    assert UnlessCondition(expression).evaluate(context) is not expected


@pytest.mark.parametrize('expression', ['', 'yes', '2', 'on'])
def test_what_is_no_boolean_ends_the_launch(expression, context, run_launch, capsys):
    for condition in (IfCondition(expression), UnlessCondition(expression)):
        with pytest.raises(InvalidConditionExpressionError, match=r'expected one of \[true, 1, false, 0\]'):
            condition.evaluate(context)
    assert run_launch(say('x', condition=IfCondition(expression))) == 1
    assert 'Caught exception in launch (see debug for traceback): invalid condition' in capsys.readouterr().out


def test_launch_configuration(context):
    context.launch_configurations['name'] = 'value'
    assert LaunchConfiguration('name').perform(context) == 'value'
    assert LaunchConfiguration(['na', text('me')]).perform(context) == 'value'
    with pytest.raises(SubstitutionFailure, match="launch configuration 'other' does not exist"):
        LaunchConfiguration('other').perform(context)


def test_paths_are_joined(context):
    context.launch_configurations['x'] = 'b'
    path = PathJoinSubstitution([text('/a'), [LaunchConfiguration('x'), '.yaml'], Path('c')])
    assert path.perform(context) == '/a/b.yaml/c'
    assert PathJoinSubstitution(['a', '/b']).perform(context) == '/b'


def test_texts_and_substitutions_are_told_from_other_things():
    with pytest.raises(TypeError, match='Failed to normalize'):
        PathJoinSubstitution([[1]])
    with pytest.raises(TypeError):
        TextSubstitution(text=1)
    assert issubclass(LaunchConfiguration, Substitution)


def test_command(context):
    assert Command(['echo ', text('"a  b"')]).perform(context) == 'a  b\n'
    for command, message in (
            ('sh -c "echo out; echo err >&2"', 'Captured stderr output:\nerr'),
            ('sh -c "echo no >&2; exit 3"', 'executed command failed(.|\n)*no'),
            ('/nowhere/program', 'file not found')):
        with pytest.raises(SubstitutionFailure, match=message):
            Command(command).perform(context)


def test_environment_variables_are_for_what_starts_later(run_launch, capsys):
    show = ExecuteProcess(cmd=['sh', '-c', 'echo "<$A>"'], output='screen', output_format='{line}')
    late = ExecuteProcess(cmd=['sh', '-c', 'echo "<$A>"'], output='screen', output_format='{line}')
    os.environ.pop('A', None)
    assert run_launch(show, SetEnvironmentVariable('A', ['a', text('b')]), late) == 0
    assert {'<>', '<ab>'} <= set(capsys.readouterr().out.splitlines())
    assert os.environ['A'] == 'ab'


def test_a_function_sees_the_context_and_returns_actions(run_launch, capsys):
    def greet(context, greeting, *, name):
        return [say(f'{greeting} {name} {LaunchConfiguration("place").perform(context)}')]

    place = DeclareLaunchArgument('place', default_value='here')
    assert run_launch(place, OpaqueFunction(function=greet, args=['hello'], kwargs={'name': 'you'})) == 0
    assert 'hello you here' in capsys.readouterr().out


def test_a_function_that_raises_ends_the_launch_before_what_follows(run_launch, capsys):
    def refuse(context):
        raise ValueError('no such file')

    assert run_launch(OpaqueFunction(function=refuse), say('too late')) == 1
    printed = capsys.readouterr()
    assert 'Caught exception in launch (see debug for traceback): no such file' in printed.out + printed.err
    assert 'too late' not in printed.out


@pytest.mark.parametrize('module, name', [
    ('launch.actions', 'TimerAction'), ('launch.actions', 'GroupAction'), ('launch.actions', 'OpaqueCoroutine'),
    ('launch.actions', 'IncludeLaunchDescription'), ('launch.actions', 'RegisterEventHandler'),
    ('launch.substitutions', 'FindExecutable'), ('launch.substitutions', 'EnvironmentVariable'),
    ('launch.conditions', 'LaunchConfigurationEquals'), ('launch', 'LaunchDescriptionSource'),
    ('launch_ros.actions', 'LifecycleNode'), ('launch_ros.actions', 'ComposableNodeContainer'),
    ('launch_ros.parameter_descriptions', 'ParameterFile'), ('launch_ros.substitutions', 'FindPackagePrefix')])
def test_what_only_upstream_has_is_named(module, name):
    with pytest.raises(NotImplementedError, match=f"{module}.{name} exists in ROS 2 but not in the sandbox's stand-in"):
        exec(f'from {module} import {name}')


@pytest.mark.parametrize('module', [
    'launch.event_handlers', 'launch.launch_description_sources', 'launch_ros.descriptions'])
def test_modules_that_only_upstream_has_are_named(module):
    with pytest.raises(NotImplementedError, match=f'{module} exists in ROS 2'):
        importlib.import_module(module)


@pytest.mark.parametrize('make, option', [
    (lambda **options: DeclareLaunchArgument('a', **options), 'choices'),
    (lambda **options: say('a', **options), 'respawn'), (lambda **options: say('a', **options), 'cwd'),
    (lambda **options: LaunchConfiguration('a', **options), 'default'),
    (lambda **options: Command('true', **options), 'on_stderr'), (LaunchDescription, 'deprecated_reason')])
def test_options_that_only_upstream_has_are_named(make, option):
    with pytest.raises(NotImplementedError, match=f'{option}=...'):
        make(**{option: 'x'})
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        make(nonsense=1)


def test_names_that_nobody_has_are_attribute_errors():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = launch.actions.nonsense
    with pytest.raises(ImportError):
        exec('from launch.actions import Nonsense')


@pytest.mark.parametrize(('task', 'file'), [('apple', 'two_arms'), ('spatula', 'robot')])
def test_an_expression_is_evaluated_with_what_is_known_when_launching(context, task, file):
    context.launch_configurations['task'] = task
    expression = PythonExpression(["'two_arms' if '", LaunchConfiguration('task'), "' == 'apple' else 'robot'"])
    assert expression.perform(context) == file
    assert PythonExpression('math.floor(2.5) + 1').perform(context) == '3'
    with pytest.raises(NameError, match='nowhere'):
        PythonExpression('nowhere').perform(context)
