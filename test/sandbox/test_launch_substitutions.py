# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Substitutions, conditions, typed values, and substitutions written as text."""

from __future__ import annotations

import os
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import List, Union  # noqa: UP035 - upstream's notation of the types

import launch.actions
import pytest
from launch import Condition, LaunchContext, Substitution
from launch.actions import SetLaunchConfiguration
from launch.conditions import (
    IfCondition,
    InvalidConditionExpressionError,
    LaunchConfigurationEquals,
    LaunchConfigurationNotEquals,
    UnlessCondition,
    evaluate_condition_expression,
)
from launch.frontend.expose import expose_substitution
from launch.frontend.parse_substitution import parse_substitution
from launch.substitutions import (
    AllSubstitution,
    AndSubstitution,
    AnonName,
    AnySubstitution,
    Command,
    EnvironmentVariable,
    EqualsSubstitution,
    FindExecutable,
    IfElseSubstitution,
    LaunchConfiguration,
    LocalSubstitution,
    NotEqualsSubstitution,
    NotSubstitution,
    OrSubstitution,
    PathJoinSubstitution,
    PathSubstitution,
    PythonExpression,
    SubstitutionFailure,
    TextSubstitution,
    ThisLaunchFile,
    ThisLaunchFileDir,
)
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from launch.utilities.type_utils import (
    coerce_list,
    coerce_to_type,
    extract_type,
    get_typed_value,
    is_instance_of,
    is_instance_of_valid_type,
    is_normalized_substitution,
    is_substitution,
    is_typing_list,
    normalize_typed_substitution,
    perform_typed_substitution,
)

pytestmark = pytest.mark.usefixtures('launch_logs')


@pytest.fixture
def context(launch_logs):
    return LaunchContext()


def text(value):
    return TextSubstitution(text=value)


@pytest.mark.parametrize('value, expected', [
    ('true', True), ('True', True), ('TRUE', True), ('1', True), (' 1 ', True),
    ('false', False), ('False', False), ('0', False)])
def test_condition_expressions(value, expected, context):
    assert evaluate_condition_expression(context, [text(value)]) is expected
    assert IfCondition(value).evaluate(context) is expected
    assert UnlessCondition([value]).evaluate(context) is not expected


@pytest.mark.parametrize('value', ['', 'typo', 'yes', 'on', '2'])
def test_invalid_condition_expressions(value, context):
    for condition in (IfCondition(value), UnlessCondition(value)):
        with pytest.raises(InvalidConditionExpressionError, match=r'expected one of \[true, 1, false, 0\] but got'):
            condition.evaluate(context)
    assert issubclass(InvalidConditionExpressionError, ValueError)


def test_condition_remembers_its_result(context):
    condition = Condition(predicate=lambda context: 'x' in context.launch_configurations)
    assert condition.evaluate(context) is False
    SetLaunchConfiguration('x', '').visit(context)
    assert condition.evaluate(context) is True


def test_launch_configuration_conditions(context):
    context.launch_configurations.update(foo='', bar='2')
    cases = [('foo', '', True), ('bar', ['', text('2')], True), ('bar', '3', False), ('bar', None, False),
             ('unset', None, True), ('unset', '', False)]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        for name, value, expected in cases:
            assert LaunchConfigurationEquals(name, value).evaluate(context) is expected
            assert LaunchConfigurationNotEquals(name, value).evaluate(context) is not expected
    with pytest.warns(UserWarning, match='deprecated'):
        LaunchConfigurationEquals('foo', '')


def test_launch_configuration(context):
    context.launch_configurations['a'] = '1'
    assert LaunchConfiguration('a').perform(context) == '1'
    assert LaunchConfiguration([text('a')], default='2').perform(context) == '1'
    assert LaunchConfiguration('b', default=5).perform(context) == '5'
    assert LaunchConfiguration('b', default=['x', LaunchConfiguration('a'), 2]).perform(context) == 'x12'
    with pytest.raises(SubstitutionFailure, match="launch configuration 'b' does not exist"):
        LaunchConfiguration('b').perform(context)


def test_environment_variable(context, monkeypatch):
    monkeypatch.setenv('ROBOT4D_A', 'a')
    assert EnvironmentVariable('ROBOT4D_A').perform(context) == 'a'
    assert EnvironmentVariable(['ROBOT4D_', 'B'], default_value=['b', text('c')]).perform(context) == 'bc'
    with pytest.raises(SubstitutionFailure, match="environment variable 'ROBOT4D_B' does not exist"):
        EnvironmentVariable('ROBOT4D_B').perform(context)


def test_paths(context):
    assert PathJoinSubstitution(['a', text('b'), 'c.yaml']).perform(context) == os.path.join('a', 'b', 'c.yaml')
    nested = PathJoinSubstitution(['a', ['my_', text('file'), '.yaml']])
    assert nested.perform(context) == os.path.join('a', 'my_file.yaml')
    path = PathSubstitution(LaunchConfiguration('root', default='/r')) / 'b' / (text('c'), '.xacro')
    assert path.perform(context) == '/r/b/c.xacro'
    assert (PathJoinSubstitution(['a']) / '/abs').perform(context) == '/abs'
    context.extend_locals({'current_launch_file_directory': '/d', 'current_launch_file_path': '/d/f.launch.py'})
    assert (ThisLaunchFileDir() / 'x').perform(context) == '/d/x'
    assert ThisLaunchFile().perform(context) == '/d/f.launch.py'


def test_python_expression(context):
    assert PythonExpression(['1 + ', LaunchConfiguration('x', default='2')]).perform(context) == '3'
    assert PythonExpression('ceil(1.6)').perform(context) == '2'
    assert PythonExpression('math.ceil(1.6)').perform(context) == '2'
    assert PythonExpression(["'", text('a'), "' == 'a'"]).perform(context) == 'True'
    assert PythonExpression('sys.maxsize', ['sys']).perform(context) == str(sys.maxsize)
    for modules in (['sys'], []):
        with pytest.raises(NameError):
            PythonExpression('ceil(1.6)', modules).perform(context)
    with pytest.raises(NameError):
        PythonExpression('maxsize', ['sys']).perform(context)
    assert PythonExpression(['ceil(1.6)']).describe() == "PythonExpr('ceil(1.6)', ['math'])"


def test_command(capsys):
    context = LaunchContext()
    assert Command(['echo ', text('"a  b"')]).perform(context) == 'a  b\n'
    noisy = 'sh -c "echo out; echo err >&2"'
    for on_stderr, expected in (('ignore', 'out\n'), ('warn', 'out\n'), ('capture', 'out\nerr\n')):
        assert Command(noisy, on_stderr=on_stderr).perform(context) == expected
    assert 'executed command showed stderr output' in capsys.readouterr().out
    for command, kwargs, message in (
            (noisy, {}, 'Captured stderr output:\nerr'), ('sh -c "echo no >&2; exit 3"', {}, 'executed command failed'),
            ('/nowhere/program', {}, 'file not found'), ('true', {'on_stderr': 'x'}, "expected 'on_stderr'")):
        with pytest.raises(SubstitutionFailure, match=message):
            Command(command, **kwargs).perform(context)


def test_find_executable(context):
    assert Path(FindExecutable(name='sh').perform(context)).name == 'sh'
    with pytest.raises(SubstitutionFailure, match='not found on the PATH'):
        FindExecutable(name='robot4d_no_such_program').perform(context)


def test_anon_name(context):
    first = AnonName('camera').perform(context)
    assert first.startswith('camera_') and AnonName(['cam', text('era')]).perform(context) == first
    assert AnonName('other').perform(context) != AnonName('other2').perform(context)


def test_local_substitution(context):
    context.extend_locals({'foo': {'bar': ['x', 'y']}})
    assert LocalSubstitution("foo['bar'][1]").perform(context) == 'y'


@pytest.mark.parametrize('left', ['true', 'false'])
@pytest.mark.parametrize('right', ['true', 'false'])
def test_boolean_substitutions(left, right, context):
    a, b = left == 'true', right == 'true'
    for substitution, expected in (
            (NotSubstitution(left), not a),
            (AndSubstitution(left, right), a and b), (OrSubstitution(left, right), a or b),
            (AnySubstitution(left, right, 'false'), a or b), (AllSubstitution(left, right, 'true'), a and b)):
        assert substitution.perform(context) == str(expected).lower()


def test_booleans_of_substitutions(context):
    assert NotSubstitution('1').perform(context) == 'false'
    assert AnySubstitution().perform(context) == 'false' and AllSubstitution().perform(context) == 'true'
    for substitution in (
            NotSubstitution('x'), AndSubstitution('x', 'true'), OrSubstitution('true', 'x'),
            AnySubstitution('true', 'x'),
            AllSubstitution('x'), IfElseSubstitution('x', 'a')):
        with pytest.raises(SubstitutionFailure):
            substitution.perform(context)


@pytest.mark.parametrize('left, right, expected', [
    (None, None, True), (None, '', True), (None, 'x', False),
    (True, True, True), (True, False, False), (True, 'True', True), (False, '0', True), (True, 1, True),
    (True, '10', False),
    ('true', '1', True), ('false', 'true', False), ('TRUE', 'true', True),
    (10, 10.0, True), (10, 10 + 1e-10, True), (10, 10.1, False), ('1e3', '1000', True), (10, -10, False),
    ('nan', 'nan', False), ('inf', float('inf'), True), ('inf', '-inf', False),
    ('wow', 'wow', True), ('wow', True, False), ('wow', 1, False), ('Wow', 'wow', False),
    (TextSubstitution(text='a'), 'a', True), ([TextSubstitution(text='a'), 'b'], 'ab', True),
])
def test_equality(left, right, expected, context):
    for first, second in ((left, right), (right, left)):
        assert EqualsSubstitution(first, second).perform(context) == str(expected).lower()
        assert NotEqualsSubstitution(first, second).perform(context) == str(not expected).lower()


def test_if_else(context):
    flag = LaunchConfiguration('flag')
    for value, expected in (('true', 'ab'), ('0', '')):
        context.launch_configurations['flag'] = value
        assert IfElseSubstitution(flag, if_value=['a', text('b')]).perform(context) == expected
        assert IfElseSubstitution(flag, else_value='c').perform(context) == ('' if expected else 'c')
    with pytest.raises(RuntimeError, match='must be specified'):
        IfElseSubstitution(flag)


def test_normalization(context):
    for value in ('ab', text('ab'), ['a', text('b')], (text('a'), 'b'), Path('ab')):
        substitutions = normalize_to_list_of_substitutions(value)
        assert all(isinstance(substitution, Substitution) for substitution in substitutions)
        assert perform_substitutions(context, substitutions) == 'ab'
    with pytest.raises(TypeError, match='Failed to normalize'):
        normalize_to_list_of_substitutions([1])
    with pytest.raises(TypeError):
        TextSubstitution(text=1)


def test_ensure_argument_type():
    ensure_argument_type(1, int, 'number')
    ensure_argument_type(1, (str, int), 'number', 'caller')
    with pytest.raises(TypeError, match="'caller' expected 'number' to be one of .* but got '1' of type"):
        ensure_argument_type('1', [int], 'number', 'caller')
    for arguments in (('1', 1, 'x'), ('1', int, 1), ('1', int, 'x', 1)):
        with pytest.raises(TypeError, match='ensure_argument_type'):
            ensure_argument_type(*arguments)


def test_types():
    for data_type in (List, List[int], List[Union[int, float]]):  # noqa: UP006, UP007
        assert is_typing_list(data_type)
    for data_type in (list, int, Union[int, float], None):  # noqa: UP007
        assert not is_typing_list(data_type)
    assert extract_type(float) == (float, False) and extract_type(List[str]) == (str, True)  # noqa: UP006
    for data_type in (List, bytes):  # noqa: UP006
        with pytest.raises(ValueError):
            extract_type(data_type)
    for value in (1, 1.0, 'a', True, [], [1, 2], ['a'], [True]):
        assert is_instance_of_valid_type(value)
    for value in ([1, '2'], [1, 2.0], object, {'a': 1}, b''):
        assert not is_instance_of_valid_type(value)
    assert is_instance_of_valid_type([1, '2'], can_be_str=True)
    assert not is_instance_of_valid_type([1, '2', 1.0], can_be_str=True)
    assert is_instance_of([1.0], List[float]) and not is_instance_of([1], List[float])  # noqa: UP006
    assert is_instance_of('1', int, can_be_str=True) and not is_instance_of('1', int)


@pytest.mark.parametrize('value, data_type, expected', [
    ('', None, ''), ('asd', None, 'asd'), ("'1'", None, '1'), ('1', None, 1), ('1.', None, 1.0), ('on', None, True),
    ('[2, 1]', None, [2, 1]), ('[on, no]', None, [True, False]), ('[a, b]', None, ['a', 'b']),
    ("'1'", str, "'1'"), ('{1}', str, '{1}'), ('1', int, 1), ('1', float, 1.0), ('off', bool, False),
    ('1', bool, True), ('0', bool, False), ('[.2, .1]', List[float], [0.2, 0.1]), ('[on]', List[bool], [True]),  # noqa: UP006
])
def test_coercion(value, data_type, expected):
    coerced = coerce_to_type(value, data_type)
    assert coerced == expected and type(coerced) is type(expected)


def test_coercion_does_not_depend_on_what_typing_still_remembers():
    data_type = List[float]  # noqa: UP006
    for index in range(1000):
        List[type(f'Other{index}', (), {})]  # noqa: UP006
    assert coerce_to_type('[.2, .1]', data_type) == [0.2, 0.1]


@pytest.mark.parametrize('value, data_type', [
    ("''1''", None), ('{1}', None), ('[1, 2.0]', None), ('', int), ('1000.5', int), ('B', float), ('B', bool),
    ('2', bool),
    ('', bool), ('[1, 2.0]', List[float]), ('1', List[int])])  # noqa: UP006
def test_failing_coercion(value, data_type):
    with pytest.raises(ValueError):
        coerce_to_type(value, data_type)


def test_coercion_of_lists():
    assert coerce_list(['1', '1000']) == [1, 1000]
    assert coerce_list(['1000.', '1000'], float) == [1000.0, 1000.0]
    assert coerce_list(['asd', '1000'], int, can_be_str=True) == ['asd', 1000]
    assert get_typed_value(['1', '2'], List[int]) == [1, 2]  # noqa: UP006
    for values in (['a', '1'], ['1.', '1']):
        with pytest.raises(ValueError):
            coerce_list(values)
    for values in ('a', [1, 2]):
        with pytest.raises(TypeError):
            coerce_list(values)
    with pytest.raises(TypeError):
        get_typed_value(['1', '2'], int)


def test_typed_substitutions(context):
    assert is_substitution(text('a')) and is_substitution(['a', text('b')])
    assert not any(map(is_substitution, ([], 'a', ['a'], 1)))
    assert is_normalized_substitution([text('a')]) and not is_normalized_substitution(['a'])

    def perform(value, data_type):
        return perform_typed_substitution(context, normalize_typed_substitution(value, data_type), data_type)
    assert perform(1, int) == 1
    assert perform(text('1'), int) == 1
    assert perform([text('1'), '2'], int) == 12
    assert perform([1, 2], List[int]) == [1, 2]  # noqa: UP006
    assert perform([[text('1')], 2], List[int]) == [1, 2]  # noqa: UP006
    assert perform([1, 2.5], List[float]) == [1.0, 2.5]  # noqa: UP006
    assert perform(['a', [text('b'), text('c')]], List[str]) == ['a', 'bc']  # noqa: UP006
    assert perform(text('[1, 2]'), None) == [1, 2]
    for value, data_type in (
            ('1', int), (1, float), ([1, 2], int), ([1, True], None), ([1, 'a'], None), (['a'], List[int]),  # noqa: UP006
            ([1], List[float]), ([object()], None), (object(), None)):  # noqa: UP006
        with pytest.raises(TypeError):
            normalize_typed_substitution(value, data_type)


class Upper(Substitution):
    def __init__(self, value):
        self.value = value

    def perform(self, context):
        return self.value.upper()


@expose_substitution('robot4d-upper')
def parse_upper(data):
    return Upper, {'value': ''.join(substitution.perform(None) for substitution in data[0])}


@pytest.mark.parametrize('written, expected', [
    ('', ['']),
    ("it's 'quoted' \"text\"", ["it's 'quoted' \"text\""]),
    ('a $(robot4d-upper b)_$(robot4d-upper c)', ['a ', 'B', '_', 'C']),
    ('$0 ($1) $', ['$0 ($1) $']),
    (r'\$(robot4d-upper b) \\', ['$(robot4d-upper b) \\']),
    ('$(env ROBOT4D_NO d)', ['d']),
    ('$(env ROBOT4D_NO "")', ['']),
    (r'$(env what/\$\(test asd\\\)) 10)', ['asd\\)', ' 10)']),
    ("$(env ROBOT4D_NO 'b $(robot4d-upper c)') d", ['b C', ' d']),
    ('$(env ROBOT4D_NO "x $(robot4d-upper \'c\') $(robot4d-upper \\"d\\")")', ['x \'C\' "D"']),
    (r'$(eval "\'a\' + \'b\'")', ['ab']),
    ('$(eval "math.ceil(1.3) + sys.maxsize * 0" " math,sys ")', ['2']),
    ('$(var x 1)', ['1']),
    ('$(not $(var x true))', ['false']),
    ('$(if $(equals a a) "yes yes" no)', ['yes yes']),
])
def test_substitutions_in_text(written, expected, context):
    assert [substitution.perform(context) for substitution in parse_substitution(written)] == expected


def test_substitutions_in_text_that_are_wrong():
    with pytest.raises(RuntimeError, match='Unknown substitution: nonsense'):
        parse_substitution('$(nonsense)')
    with pytest.raises(TypeError, match='expects 1 or 2 arguments'):
        parse_substitution('$(env)')
    for written in ('$(env a', '$(env "a)', '$(env a)$(env'):
        with pytest.raises(Exception):  # noqa: B017 - upstream raises its parser's errors
            parse_substitution(written)


@pytest.mark.skipif(find_spec('launch._stand_in') is None, reason='upstream lacks nothing')
def test_missing_part_names_the_stand_in():
    with pytest.raises(ImportError, match="ForLoop exists in ROS 2 but not in the sandbox's stand-in for launch"):
        from launch.actions import ForLoop  # noqa: F401
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = launch.actions.nonsense
