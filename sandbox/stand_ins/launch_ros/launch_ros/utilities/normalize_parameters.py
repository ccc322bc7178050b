# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Turns a node's parameters, as written, into a form with substitutions only where something is to be substituted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml
from launch.some_substitutions_type import SomeSubstitutionsType_types_tuple
from launch.substitution import Substitution
from launch.substitutions import TextSubstitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions

from ..parameter_descriptions import Parameter as ParameterDescription
from ..parameter_descriptions import ParameterFile
from ..parameter_descriptions import ParameterValue as ParameterValueDescription
from ..parameters_type import Parameters, ParametersDict, ParameterValue, SomeParameters, SomeParametersDict


def normalize_parameters(parameters: SomeParameters) -> Parameters:
    """Return the parameters: files as ParameterFile, dictionaries normalized; raises TypeError for anything else."""
    if isinstance(parameters, str) or not isinstance(parameters, Sequence):
        raise TypeError(f'Expecting list of parameters, got {parameters}')
    return tuple(_normalize(param) for param in parameters)


def _normalize(param: SomeParameters) -> ParameterFile | ParameterDescription | ParametersDict:
    if isinstance(param, Mapping):
        return normalize_parameter_dict(param)
    if isinstance(param, (ParameterDescription, ParameterFile)):
        return param
    ensure_argument_type(param, SomeSubstitutionsType_types_tuple, 'parameters')
    return ParameterFile(normalize_to_list_of_substitutions(param))


def normalize_parameter_dict(
    parameters: SomeParametersDict, *, _prefix: Sequence[Substitution] = (),
) -> ParametersDict:
    """
    Return a flat dictionary from tuples of substitutions to normalized values.

    Nested dictionaries are joined with '.'. A list of texts becomes a list of texts; a list of texts and
    substitutions (at least one) becomes one text; for a list of texts with substitutions, each item must be a list.
    A list of numbers with at least one float becomes a list of floats. Raises TypeError for values of other types.
    """
    if not isinstance(parameters, Mapping):
        raise TypeError('expected dict')
    normalized: ParametersDict = {}
    for key, value in parameters.items():
        name = tuple(normalize_to_list_of_substitutions(key))
        if _prefix:
            name = (*_prefix, TextSubstitution(text='.'), *name)
        if isinstance(value, Mapping):
            normalized.update(normalize_parameter_dict(value, _prefix=name))
        else:
            normalized[name] = _normalize_value(value)
    return normalized


def _normalize_value(value: object) -> ParameterValue:
    if isinstance(value, str):
        return tuple(normalize_to_list_of_substitutions(yaml.dump(value)))
    if isinstance(value, Substitution):
        return (value,)
    if isinstance(value, (float, bool, int, bytes, ParameterValueDescription)):
        return value
    if isinstance(value, Sequence):
        return _normalize_sequence(value)
    raise TypeError(f'Unexpected type for parameter value {value!r}')


def _normalize_sequence(values: Sequence) -> ParameterValue:
    types = {_kind_of(value) for value in values}
    if types in ({bool}, {int}, {float}):
        return tuple(values)
    if types == {int, float}:
        return tuple(float(value) for value in values)
    if Substitution in types and types <= {str, Substitution}:
        return tuple(normalize_to_list_of_substitutions(values))
    return tuple(
        normalize_to_list_of_substitutions(
            yaml.dump(value) if isinstance(value, (float, int, bool, str)) else value)
        for value in values)


def _kind_of(value: object) -> type:
    ensure_argument_type(value, (float, int, str, bool, *SomeSubstitutionsType_types_tuple), 'subvalue')
    return next(kind for kind in (Substitution, str, bool, int, float, object) if isinstance(value, kind))
