# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Performs all substitutions in a node's normalized parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml
from launch.launch_context import LaunchContext
from launch.substitution import Substitution
from launch.utilities import ensure_argument_type, perform_substitutions

from ..parameter_descriptions import Parameter as ParameterDescription
from ..parameter_descriptions import ParameterFile
from ..parameter_descriptions import ParameterValue as ParameterValueDescription
from ..parameters_type import (
    EvaluatedParameters,
    EvaluatedParameterValue,
    Parameters,
    ParametersDict,
    ParameterValue,
)

_USE_A_STRING = (
    'If the parameter is meant to be a string, try wrapping it in '
    'launch_ros.parameter_descriptions.ParameterValue(value, value_type=str)')


def evaluate_parameters(context: LaunchContext, parameters: Parameters) -> EvaluatedParameters:
    """Return the parameters: paths of files, dictionaries of values, and Parameter descriptions as they are."""
    evaluated = []
    for param in parameters:
        if isinstance(param, ParameterFile):
            evaluated.append(param.evaluate(context))
        elif isinstance(param, ParameterDescription):
            evaluated.append(param)
        elif isinstance(param, Mapping):
            evaluated.append(evaluate_parameter_dict(context, param))
    return tuple(evaluated)


def evaluate_parameter_dict(
    context: LaunchContext, parameters: ParametersDict,
) -> dict[str, EvaluatedParameterValue]:
    """
    Return names and values; what substitutions yield is read as YAML.

    Raises TypeError for values that are neither scalars nor non-empty uniform lists of them.
    """
    if not isinstance(parameters, Mapping):
        raise TypeError('expected dict')
    evaluated = {}
    for key, value in parameters.items():
        if not isinstance(key, tuple):
            raise TypeError(f'Expecting tuple of substitutions got {key!r}')
        name = perform_substitutions(context, key)
        evaluated[name] = _evaluate_value(context, name, value)
    return evaluated


def _evaluate_value(context: LaunchContext, name: str, value: ParameterValue) -> EvaluatedParameterValue:
    if isinstance(value, ParameterValueDescription):
        return value.evaluate(context)
    if not isinstance(value, tuple) or not value:
        ensure_argument_type(value, (float, int, str, bool, bytes), 'value')
        return value
    if isinstance(value[0], Substitution):
        return _evaluate_text(name, perform_substitutions(context, value))
    if isinstance(value[0], Sequence) and not isinstance(value[0], str):
        return _checked_sequence(name, [yaml.safe_load(perform_substitutions(context, item)) for item in value])
    return value


def _evaluate_text(name: str, text: str) -> EvaluatedParameterValue:
    if not text:
        return ''
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TypeError(f'Unable to parse the value of parameter {name} as yaml. {_USE_A_STRING}') from error
    if type(value) in (bool, int, float, str, bytes):
        return value
    if isinstance(value, Sequence):
        return _checked_sequence(name, value)
    raise TypeError(
        'Allowed value types are bytes, bool, int, float, str, Sequence[bool], Sequence[int], Sequence[float], '
        f'Sequence[str]. Got {type(value)} for "{name}". {_USE_A_STRING}')


def _checked_sequence(name: str, values: Sequence) -> tuple:
    if not values or type(values[0]) not in (bool, int, float, str) or not all(
            isinstance(value, type(values[0])) for value in values):
        raise TypeError(
            'Expected a non-empty sequence, with items of uniform type. '
            f'Allowed sequence item types are bool, int, float, str. Got inconsistent input for "{name}"')
    return tuple(values)
