# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The values of parameters, and the types that texts in launch files are read as."""

from __future__ import annotations

import typing
from typing import Any

import yaml
from launch.context import LaunchContext
from launch.not_offered import lacks
from launch.substitutions import Substitution, parts, perform

__getattr__ = lacks(__name__, 'Parameter ParameterFile')

SCALARS = (bool, int, float, str)
HINT = 'For a string, wrap it in launch_ros.parameter_descriptions.ParameterValue(value, value_type=str)'


class ParameterValue:
    """The value of a parameter, with the type to which a substitution is coerced."""

    def __init__(self, value: Any, *, value_type: Any = None) -> None:
        """Take a substitution and its type: int, bool, float, str, a `typing.List` of them, None for YAML's rules."""
        self._value, self._type = parts(value), value_type

    def evaluate(self, context: LaunchContext) -> Any:
        """Return the value; raises ValueError if the text has another type."""
        return coerce(perform(context, self._value), self._type)


def coerce(text: str, value_type: Any) -> Any:
    """Return the value that a text stands for, as upstream reads it; raises ValueError if it has not the type."""
    item_type = next(iter(typing.get_args(value_type)), None)
    if value_type is str or (value_type is None and not text):
        return text
    if value_type in (int, float):
        return value_type(text)
    if value_type is bool and text in ('0', '1'):
        return text == '1'
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"Failed to convert '{text}' using yaml rules: yaml.safe_load() failed\n{error}") from error
    if value_type is bool and not isinstance(value, bool):
        raise ValueError(f"Cannot convert value '{text}' to '{bool}'")
    if item_type and not (isinstance(value, list) and all(isinstance(item, item_type) for item in value)):
        raise ValueError(f"Cannot convert value '{text}' to a list of '{item_type}', got {value}")
    if not is_value(value):
        raise ValueError(f"Failed to convert '{text}' using yaml rules: output type is not allowed, got {type(value)}")
    return value


def evaluate(context: LaunchContext, name: str, value: Any) -> Any:
    """Return the value of a parameter; what substitutions yield is read as YAML. Raises TypeError or ValueError."""
    if isinstance(value, ParameterValue):
        return value.evaluate(context)
    if isinstance(value, Substitution):
        try:
            return coerce(perform(context, [value]), None)
        except ValueError as error:
            raise TypeError(f'Unable to parse the value of parameter {name} as yaml. {HINT}: {error}') from error
    if not is_value(value):
        raise TypeError(f'parameter {name} must be a scalar, a uniform list of them or a substitution, got {value!r}')
    return value


def is_value(value: Any) -> bool:
    """Whether a value is a scalar or a uniform list of scalars."""
    items = value if isinstance(value, list) else [value]
    return len({type(item) for item in items}) <= 1 and all(isinstance(item, SCALARS) for item in items)
