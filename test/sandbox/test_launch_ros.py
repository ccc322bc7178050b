# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ROS nodes in launch files: command lines, parameters, namespaces, remappings, packages."""

from __future__ import annotations

import json
import os
import stat
import sys
import textwrap
from pathlib import Path
from typing import List  # noqa: UP035 - upstream's notation of the types

import pytest
import yaml
from ament_index_python.packages import PackageNotFoundError
from launch import LaunchContext
from launch.actions import (
    GroupAction,
    OpaqueFunction,
    PopLaunchConfigurations,
    PushLaunchConfigurations,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
)
from launch.conditions import IfCondition
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, SubstitutionFailure, TextSubstitution
from launch.utilities import perform_substitutions
from launch_ros.actions import (
    LifecycleNode,
    Node,
    PushROSNamespace,
    PushRosNamespace,
    SetParameter,
    SetParametersFromFile,
    SetRemap,
)
from launch_ros.descriptions import Parameter
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackagePrefix, FindPackageShare
from launch_ros.substitutions import Parameter as ParameterSubstitution
from launch_ros.utilities import (
    evaluate_parameters,
    is_namespace_absolute,
    is_root_namespace,
    make_namespace_absolute,
    normalize_parameters,
    normalize_remap_rules,
    prefix_namespace,
    to_parameters_list,
)

pytestmark = pytest.mark.usefixtures('launch_logs')


@pytest.fixture
def context(launch_logs):
    return LaunchContext()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package `toys` with an executable `echo_arguments`; return its prefix."""
    prefix = tmp_path / 'prefix'
    (prefix / 'share/ament_index/resource_index/packages').mkdir(parents=True)
    (prefix / 'share/ament_index/resource_index/packages/toys').touch()
    (prefix / 'share/toys').mkdir()
    (prefix / 'lib/toys').mkdir(parents=True)
    executable = prefix / 'lib/toys/echo_arguments'
    executable.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    executable.chmod(executable.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{prefix}{os.pathsep}{os.environ.get("AMENT_PREFIX_PATH", "")}')
    return prefix


def text(value):
    return TextSubstitution(text=value)


def arguments_of(run_launch, *entities, **node):
    """Run a node behind other entities and return the arguments that it got."""
    action = Node(package='toys', executable='echo_arguments', cached_output=True, **node)
    assert run_launch(*entities, action) == 0
    return action.get_stdout().split('\0')[:-1]


def test_command_line_of_a_bare_node(package, run_launch):
    assert arguments_of(run_launch) == ['--ros-args']


def test_order_of_the_command_line(package, run_launch, tmp_path):
    file = tmp_path / 'parameters.yaml'
    file.write_text('/**: {ros__parameters: {a: 1}}')
    arguments = arguments_of(
        run_launch, SetParameter('global', 2), SetParametersFromFile([str(tmp_path), '/parameters.yaml']),
        SetRemap('first', 'one'), SetLaunchConfiguration('side', 'left'), PushROSNamespace('cell'),
        name=['arm_', LaunchConfiguration('side')], namespace='robot', exec_name='label',
        arguments=['--seed', LaunchConfiguration('side')], ros_arguments=['--log-level', 'debug'],
        parameters=[{'own': 3}, file, Parameter('described', 'x'), str(file)],
        remappings=[('second', 'two'), ([LaunchConfiguration('side'), '/in'], '/out')])
    own = arguments[arguments.index('global:=2') + 4]
    assert arguments == [
        '--seed', 'left', '--ros-args', '--log-level', 'debug', '--ros-args', '-r', '__node:=arm_left',
        '-r', '__ns:=/cell/robot', '-p', 'global:=2', '--params-file', str(file), '--params-file', own,
        '--params-file', str(file), '-p', 'described:=x\n...\n', '--params-file', str(file),
        '-r', 'first:=one', '-r', 'second:=two', '-r', 'left/in:=/out']
    assert yaml.safe_load(Path(own).read_text()) == {'/cell/robot/arm_left': {'ros__parameters': {'own': 3}}}


def test_process_is_named_after_executable_or_exec_name(package, run_launch, capsys):
    arguments_of(run_launch, output='screen')
    arguments_of(run_launch, exec_name='label', output='screen')
    out = capsys.readouterr().out
    assert '[echo_arguments-' in out and '[label-' in out


def test_node_without_package(run_launch):
    node = Node(executable='/bin/echo', arguments=['x'], cached_output=True)
    assert run_launch(node) == 0
    assert node.get_stdout() == 'x --ros-args\n'
    assert node.node_package is None and node.node_executable == '/bin/echo'


@pytest.mark.parametrize('where', [
    {'package': 'no_such_package', 'executable': 'x'}, {'package': 'toys', 'executable': 'no_such_executable'}])
def test_node_that_is_not_installed_ends_the_launch(where, package, run_launch, capsys):
    assert run_launch(Node(**where)) == 1
    assert 'no_such_' in capsys.readouterr().out


def test_condition_and_on_exit(package, run_launch):
    skipped = Node(package='toys', executable='echo_arguments', condition=IfCondition('false'))
    long = Node(executable='/bin/sh', arguments=['-c', 'exec sleep 60'])
    required = Node(package='toys', executable='echo_arguments', on_exit=Shutdown())
    assert run_launch(long, skipped, required) == 0
    assert skipped.process_details is None and required.return_code == 0 and long.return_code != 0


@pytest.mark.parametrize('pushed, namespace, expected', [
    ((), None, None), ((), '', '/'), ((), 'a', '/a'), ((), '/a', '/a'),
    (('r',), None, '/r'), (('r',), 'a', '/r/a'), (('r',), '/a', '/a'), (('r',), '/', '/'), (('r',), '', '/r'),
    (('r', 's'), 'a', '/r/s/a'), (('r', '/s'), 'a', '/s/a'), (('/r/',), 'a/', '/r/a'), (('',), None, '/'),
])
def test_namespaces(pushed, namespace, expected, context):
    for push in pushed:
        PushRosNamespace(push).execute(context)
    for name in (None, 'n'):
        node = Node(package='x', executable='y', namespace=namespace, name=name)
        node._perform_substitutions(context)
        expected_namespace = expected or Node.UNSPECIFIED_NODE_NAMESPACE
        assert node.expanded_node_namespace == expected_namespace
        assert node.node_name == expected_namespace.rstrip('/') + '/' + (name or Node.UNSPECIFIED_NODE_NAME)
        assert node.is_node_name_fully_specified() is (expected is not None and name is not None)


def test_namespace_is_scoped_by_groups(package, run_launch):
    nodes = [Node(package='toys', executable='echo_arguments', cached_output=True) for _ in range(3)]
    assert run_launch(
        GroupAction([PushROSNamespace('a'), GroupAction([PushROSNamespace('b'), nodes[0]]), nodes[1]]), nodes[2]) == 0
    assert [node.get_stdout().split('\0')[:-1] for node in nodes] == [
        ['--ros-args', '-r', '__ns:=/a/b'], ['--ros-args', '-r', '__ns:=/a'], ['--ros-args']]


def test_invalid_names(run_launch, capsys):
    assert run_launch(Node(executable='/bin/true', name='not valid')) == 1
    assert run_launch(Node(executable='/bin/true', namespace='no-dash')) == 1
    assert 'Error while expanding or validating node name or namespace' in capsys.readouterr().out
    with pytest.raises(SubstitutionFailure, match="pushed_namespace='no-dash'"):
        PushROSNamespace('no-dash').execute(LaunchContext())
    with pytest.raises(RuntimeError, match="cannot access 'node_name' before executing action"):
        _ = Node(executable='x').node_name


def test_namespace_helpers():
    assert is_namespace_absolute('/a') and not is_namespace_absolute('a') and not is_namespace_absolute('')
    assert is_root_namespace('/') and not is_root_namespace('/a')
    assert [make_namespace_absolute(namespace) for namespace in ('a', '/a', '', None)] == ['/a', '/a', '/', None]
    assert prefix_namespace(None, None) is None
    assert prefix_namespace('a', None) == 'a' and prefix_namespace(None, 'a') == 'a'
    assert prefix_namespace('/', 'a') == '/a' and prefix_namespace('a', 'b/') == 'a/b'


def test_two_nodes_with_the_same_name(run_launch, capsys):
    assert run_launch(*(Node(executable='/bin/true', name='n', namespace='/a') for _ in range(2))) == 0
    assert 'there are now at least 2 nodes with the name /a/n' in capsys.readouterr().out


def test_remappings(package, run_launch, context):
    node = Node(executable='x', remappings=[('own', 'target')])
    SetRemap('from', 'to').execute(context)
    node._perform_substitutions(context)
    assert node.expanded_remapping_rules == [('from', 'to'), ('own', 'target')]
    for wrong in ({'a': 'b'}, [{'a': 'b'}], [('a', 'b', 'c')], [['a', 'b']]):
        with pytest.raises(TypeError):
            Node(executable='x', remappings=wrong)
    rules = list(normalize_remap_rules([('a', [text('b'), 'c'])]))
    assert [[perform_substitutions(context, side) for side in rule] for rule in rules] == [['a', 'bc']]


@pytest.mark.parametrize('written, expected', [
    ({'a': 1, 'b': 2.0, 'c': True, 'd': 'x', 'e': b'\xff'}, {'a': 1, 'b': 2.0, 'c': True, 'd': 'x', 'e': b'\xff'}),
    ({'a': '1', 'b': 'True', 'c': '1.5', 'd': ''}, {'a': '1', 'b': 'True', 'c': '1.5', 'd': ''}),
    ({'a': TextSubstitution(text='1'), 'b': TextSubstitution(text='off'), 'c': TextSubstitution(text='[1, 2]')},
     {'a': 1, 'b': False, 'c': (1, 2)}),
    ({'a': TextSubstitution(text="'1'"), 'b': TextSubstitution(text='')}, {'a': '1', 'b': ''}),
    ({'a': [1, 2], 'b': [1, 2.5], 'c': [True, False], 'd': ['1', 'x']},
     {'a': (1, 2), 'b': (1.0, 2.5), 'c': (True, False), 'd': ('1', 'x')}),
    ({'a': [TextSubstitution(text='1'), '2'], 'b': ['x', TextSubstitution(text='y')]}, {'a': 12, 'b': 'xy'}),
    ({'a': [[TextSubstitution(text='1')], [TextSubstitution(text='2')]], 'b': ['x', [TextSubstitution(text='y')]]},
     {'a': (1, 2), 'b': ('x', 'y')}),
    ({'a': {'b': {'c': 1}}, ('x', TextSubstitution(text='y')): {TextSubstitution(text='z'): 2}},
     {'a.b.c': 1, 'xy.z': 2}),
    ({'a': ParameterValue(TextSubstitution(text='1'), value_type=str)}, {'a': '1'}),
    ({'a': ParameterValue(TextSubstitution(text='a: b: c'), value_type=str)}, {'a': 'a: b: c'}),
    ({'a': ParameterValue([TextSubstitution(text='1'), '0'], value_type=int)}, {'a': 10}),
    ({'a': ParameterValue(TextSubstitution(text='1'), value_type=float)}, {'a': 1.0}),
    ({'a': ParameterValue(TextSubstitution(text='[on, off]'), value_type=List[bool])}, {'a': [True, False]}),  # noqa: UP006
])
def test_types_of_parameters(written, expected, context):
    evaluated, = evaluate_parameters(context, normalize_parameters([written]))
    assert evaluated == expected
    assert {name: type(value) for name, value in evaluated.items()} == {
        name: type(value) for name, value in expected.items()}


@pytest.mark.parametrize('wrong', [
    [5.0], {'a': 5}, 'file.yaml', [{5: 'x'}], [{'a': {'b': {5: 'x'}}}], [{'a': [1, 2, [3]]}], [{'a': {1, 2}}],
    [{'a': object()}]])
def test_parameters_of_wrong_types(wrong):
    with pytest.raises(TypeError):
        Node(executable='x', parameters=wrong)


@pytest.mark.parametrize('wrong, message', [
    ([True, 2.0], 'Expected a non-empty sequence'),
    ([1, [TextSubstitution(text='x')]], 'Expected a non-empty sequence'),
    (TextSubstitution(text='[]'), 'Expected a non-empty sequence'),
    (TextSubstitution(text='[1, 2.0]'), 'Expected a non-empty sequence'),
    (TextSubstitution(text='{a: 3}'), "Allowed value types are .* Got <class 'dict'> for \"p\""),
    (TextSubstitution(text='a: b: c'), 'Unable to parse the value of parameter p as yaml'),
])
def test_parameters_that_evaluate_wrongly(wrong, message, context):
    with pytest.raises(TypeError, match=message):
        evaluate_parameters(context, normalize_parameters([{'p': wrong}]))


def test_parameter_paths(context):
    written = ['/a/b', Path('/c'), [text('/d'), '/e'], {'x': 1}, ParameterFile('/f')]
    assert evaluate_parameters(context, normalize_parameters(written)) == (
        Path('/a/b'), Path('/c'), Path('/d/e'), {'x': 1}, Path('/f'))


@pytest.mark.parametrize('namespace, key', [('/a', '/a/n'), (None, '/**')])
def test_parameters_in_a_dictionary_are_for_the_node(namespace, key, context):
    context.launch_configurations['v'] = '7'
    node = Node(executable='x', name='n', namespace=namespace, parameters=[{'b': {'c': LaunchConfiguration('v')}}])
    node._perform_substitutions(context)
    (path, is_file), = node._Node__expanded_parameter_arguments
    assert is_file and yaml.safe_load(Path(path).read_text()) == {key: {'ros__parameters': {'b.c': 7}}}


def test_missing_parameter_file_is_skipped_with_a_warning(package, run_launch, capsys):
    assert arguments_of(run_launch, parameters=['/nowhere/parameters.yaml']) == ['--ros-args']
    assert 'Parameter file path is not a file: /nowhere/parameters.yaml' in capsys.readouterr().out


def test_parameter_file_with_substitutions(context, tmp_path):
    file = tmp_path / 'parameters.yaml'
    file.write_text("/**:\n  ros__parameters:\n    a: $(var a)\n    b: '$(env ROBOT4D_NO x)'  # it's\n")
    context.launch_configurations['a'] = '1'
    untouched = ParameterFile(file)
    assert untouched.evaluate(context) == file and untouched.param_file == file
    allowed = ParameterFile([str(tmp_path), '/parameters.yaml'], allow_substs=True)
    path = allowed.evaluate(context)
    assert yaml.safe_load(path.read_text()) == {'/**': {'ros__parameters': {'a': 1, 'b': 'x'}}}
    allowed.cleanup()
    assert not path.exists() and file.exists()
    file.write_text('a: [$(var a)')
    with pytest.raises(SubstitutionFailure, match='not a valid yaml file'):
        ParameterFile(file, allow_substs=LaunchConfiguration('yes', default='true')).evaluate(context)


def test_parameter_description(context):
    parameter = Parameter(['na', text('me')], text('1'))
    assert parameter.evaluate(context) == ('name', 1)
    assert (parameter.name, parameter.value, parameter.value_type) == ('name', 1, None)
    assert 'value=1' in str(parameter)
    assert Parameter('n', [[text('a')], 'b'], value_type=List[str]).evaluate(context) == ('n', ['a', 'b'])  # noqa: UP006
    with pytest.raises(TypeError):
        Parameter('n', '1', value_type=int)
    with pytest.raises(ValueError):
        Parameter('n', text('[1, a]')).evaluate(context)


def test_set_parameter_is_scoped(context):
    PushLaunchConfigurations().execute(context)
    SetParameter([text('a')], [text('1')]).execute(context)
    SetParameter('b', ParameterValue('x')).execute(context)
    assert context.launch_configurations['global_params'] == [('a', 1), ('b', 'x')]
    assert ParameterSubstitution('b').perform(context) == 'x'
    PopLaunchConfigurations().execute(context)
    assert context.launch_configurations == {}
    SetParameter('a', 1).execute(context)
    with pytest.raises(SubstitutionFailure, match="parameter 'c' not found"):
        ParameterSubstitution('c').perform(context)


def test_packages_are_found(package, context):
    name = EnvironmentVariable('ROBOT4D_NO', default_value='toys')
    assert FindPackagePrefix(name).perform(context) == str(package)
    assert FindPackageShare([name]).perform(context) == str(package / 'share/toys')
    config = FindPackageShare('toys') / 'config' / 'x.yaml'
    assert config.perform(context) == str(package / 'share/toys/config/x.yaml')
    assert ExecutableInPackage('echo_arguments', name).perform(context) == str(package / 'lib/toys/echo_arguments')
    with pytest.raises(PackageNotFoundError):
        FindPackageShare('no_such_package').perform(context)
    with pytest.raises(SubstitutionFailure, match="executable 'x' not found on the libexec directory"):
        ExecutableInPackage('x', 'toys').perform(context)


def test_parameters_as_rclpy_objects(context, tmp_path):
    file = tmp_path / 'parameters.yaml'
    file.write_text(yaml.dump({
        '/**': {'ros__parameters': {'a': 1, 'b': [1.5]}}, '/ns': {'n': {'ros__parameters': {'a': 2}}},
        '/other': {'ros__parameters': {'c': 3}}}))
    parameters = to_parameters_list(context, '/n', '/ns', [file, {'d': 'x'}])
    assert [(parameter.name, parameter.value) for parameter in parameters] == [('a', 2), ('b', (1.5,)), ('d', 'x')]
    with pytest.raises(RuntimeError, match='invalid parameter value'):
        to_parameters_list(context, 'n', '', [{'x': object()}])


def test_lifecycle_node_needs_its_name(package, run_launch):
    with pytest.raises(TypeError):
        LifecycleNode(package='toys', executable='echo_arguments')


NODE = textwrap.dedent("""
    import json, sys
    import rclpy
    rclpy.init()
    node = rclpy.create_node('default', automatically_declare_parameters_from_overrides=True)
    values = {name: parameter.value for name, parameter in node._parameters.items()
              if not name.startswith(('use_sim', 'qos', 'start_type'))}
    print('RESULT', json.dumps([node.get_fully_qualified_name(), node.resolve_topic_name('in'), {
        name: list(value) if hasattr(value, 'tolist') or hasattr(value, 'typecode') else value
        for name, value in values.items()}]))
""")


def test_real_node_gets_what_the_launch_file_says(run_launch, tmp_path):
    program = tmp_path / 'node.py'
    program.write_text(NODE)
    file = tmp_path / 'parameters.yaml'
    file.write_text('/**:\n  ros__parameters: {everywhere: $(var number), overridden: 1}\n'
                    '/cell/arm:\n  ros__parameters: {mine: [1.0, 2.0]}\n/cell/other:\n  ros__parameters: {theirs: 1}\n')
    node = Node(
        executable=sys.executable, arguments=[str(program)], name='arm', cached_output=True, output='screen',
        parameters=[ParameterFile(file, allow_substs=True), {
            'overridden': LaunchConfiguration('number'), 'digits': '007',
            'nested': {'flag': True, 'names': ['1', 'b']}}],
        remappings=[('in', '/camera/image')])
    assert run_launch(
        SetLaunchConfiguration('number', '42'), SetEnvironmentVariable('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST'),
        PushROSNamespace('cell'), SetParameter('from_scope', 0.5), node) == 0
    result = next(line for line in node.get_stdout().splitlines() if line.startswith('RESULT'))
    assert json.loads(result.removeprefix('RESULT ')) == ['/cell/arm', '/camera/image', {
        'everywhere': 42, 'overridden': 42, 'mine': [1.0, 2.0], 'digits': '007', 'nested.flag': True,
        'nested.names': ['1', 'b'], 'from_scope': 0.5}]


def test_opaque_function_makes_nodes(package, run_launch):
    nodes = []

    def make(context):
        count = int(LaunchConfiguration('count').perform(context))
        nodes.extend(Node(package='toys', executable='echo_arguments', name=f'n{i}') for i in range(count))
        return nodes
    assert run_launch(SetLaunchConfiguration('count', '2'), OpaqueFunction(function=make)) == 0
    assert [node.return_code for node in nodes] == [0, 0]
