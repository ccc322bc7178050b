# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Turns evaluated parameters into rclpy's."""

from __future__ import annotations

import pathlib
import warnings

import rclpy.parameter
import yaml
from launch.launch_context import LaunchContext

from ..parameters_type import EvaluatedParameters
from .evaluate_parameters import evaluate_parameter_dict
from .normalize_parameters import normalize_parameter_dict


def to_parameters_list(
    context: LaunchContext, node_name: str, namespace: str, evaluated_parameters: EvaluatedParameters,
) -> list[rclpy.parameter.Parameter]:
    """Return the parameters that apply to a node; raises RuntimeError for values that no parameter can have."""
    full_name = '/'.join(part for part in ((namespace or '').strip('/'), node_name.lstrip('/')) if part)
    parameters = []
    for values in evaluated_parameters:
        if isinstance(values, pathlib.Path):
            values = _values_in_file(context, values, full_name)
        if not isinstance(values, dict):
            raise RuntimeError(f'invalid evaluated parameters {values!r}')
        parameters += [_to_parameter(name, value) for name, value in values.items()]
    return parameters


def _values_in_file(context: LaunchContext, path: pathlib.Path, full_name: str) -> dict:
    values = yaml.safe_load(path.read_text())
    by_node = _values_by_node(values, ())
    if by_node:
        if not full_name:
            warnings.warn(
                'node name not provided to launch; parameter files will not apply', UserWarning, stacklevel=3)
        values = {**by_node.get('**', {}), **by_node.get(full_name, {})}
    return evaluate_parameter_dict(context, normalize_parameter_dict(values))


def _values_by_node(content: dict, keys: tuple[str, ...]) -> dict[str, dict]:
    """Return the parameters for each full node name without its leading '/'."""
    if 'ros__parameters' in content:
        return {'/'.join(keys): content['ros__parameters']}
    by_node = {}
    for key, value in content.items():
        if isinstance(value, dict):
            by_node.update(_values_by_node(value, (*keys, key.lstrip('/'))))
    return by_node


def _to_parameter(name: str, value: object) -> rclpy.parameter.Parameter:
    for parameter_type in rclpy.parameter.Parameter.Type:
        if parameter_type.check(value):
            return rclpy.parameter.Parameter(name, parameter_type, value)
    raise RuntimeError(f'invalid parameter value {value!r}')
