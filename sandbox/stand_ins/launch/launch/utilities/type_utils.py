# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Values that are given directly or as substitutions, and the types they must have in the end."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, List  # noqa: UP035 - `List[int]` is upstream's notation

import yaml

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from .ensure_argument_type_impl import ensure_argument_type
from .normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from .perform_substitutions_impl import perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

ScalarTypesTuple = (int, float, bool, str)
ListTypesTuple = (List[int], List[float], List[bool], List[str])  # noqa: UP006
AllowedTypesTuple = ScalarTypesTuple + ListTypesTuple

ScalarTypesType = type[int | float | bool | str]
ListTypesType = type[List[int] | List[float] | List[bool] | List[str]]  # noqa: UP006
AllowedTypesType = ScalarTypesType | ListTypesType
ScalarValueType = int | float | bool | str
AllowedValueType = ScalarValueType | Sequence[int] | Sequence[float] | Sequence[bool] | Sequence[str]
SomeScalarType = SomeSubstitutionsType | ScalarValueType
SomeSequenceType = Sequence[SomeScalarType]
SomeValueType = SomeScalarType | SomeSequenceType
NormalizedScalarType = list[Substitution] | ScalarValueType
NormalizedSequenceType = list[NormalizedScalarType]
NormalizedValueType = NormalizedScalarType | NormalizedSequenceType


def is_typing_list(data_type: Any) -> bool:
    """Whether `data_type` is `typing.List` or one of its subscriptions."""
    if data_type is List:  # noqa: UP006
        return True
    arguments = typing.get_args(data_type)
    return typing.get_origin(data_type) is list and len(arguments) > 0 and data_type == List[arguments[0]]  # noqa: UP006


def is_valid_scalar_type(data_type: AllowedTypesType) -> bool:
    """Whether `data_type` is int, float, bool or str."""
    return data_type in ScalarTypesTuple


def extract_type(data_type: AllowedTypesType) -> tuple[ScalarTypesType, bool]:
    """Return the scalar type and whether a list of it is meant; raises ValueError for any other type."""
    is_list = is_typing_list(data_type)
    arguments = typing.get_args(data_type)
    scalar_type = (arguments[0] if arguments else None) if is_list else data_type
    if not is_valid_scalar_type(scalar_type):
        raise ValueError(f'Unrecognized data type: {data_type}')
    return scalar_type, is_list


def is_instance_of_valid_type(value: Any, can_be_str: bool = False) -> bool:
    """Whether `value` is a scalar or a uniform list of them; with `can_be_str`, strings may be mixed in."""
    if not isinstance(value, list):
        return isinstance(value, ScalarTypesTuple)
    types = {type(item) for item in value}
    if can_be_str and len(types) > 1:
        types.discard(str)
    return len(types) <= 1 and types.issubset(ScalarTypesTuple)


def is_instance_of(value: Any, data_type: AllowedTypesType | None = None, can_be_str: bool = False) -> bool:
    """Whether `value` has the type (any valid one for None); with `can_be_str`, strings will do as well."""
    if data_type is None:
        return is_instance_of_valid_type(value, can_be_str)
    scalar_type, is_list = extract_type(data_type)
    accepted = (str, scalar_type) if can_be_str else scalar_type
    if is_list:
        return isinstance(value, list) and all(isinstance(item, accepted) for item in value)
    return isinstance(value, accepted)


def coerce_to_type(
    value: str, data_type: AllowedTypesType | None = None, can_be_str: bool = False,
) -> AllowedValueType:
    """
    Return the value that a text stands for, by YAML's rules.

    With `can_be_str`, text that has not the wanted type is returned as it is.
    Raises TypeError if `value` is no text, ValueError if it has not the wanted type.
    """
    ensure_argument_type(value, str, 'value', 'coerce_to_type')
    if data_type is None:
        if value == '':
            return value
        return _load_yaml(value, f"Failed to convert '{value}' using yaml rules", can_be_str)
    scalar_type, is_list = extract_type(data_type)
    accepted = (str, scalar_type) if can_be_str else scalar_type
    if is_list:
        message = f"Cannot convert value '{value}' to a list of '{accepted}'"
        output = _load_yaml(value, message, can_be_str)
        if not isinstance(output, list) or not all(isinstance(item, accepted) for item in output):
            raise ValueError(f'{message}, got {output}')
        return output
    if scalar_type is str:
        return value
    if scalar_type is bool:
        if value in ('0', '1'):
            return value == '1'
        output = _load_yaml(value, f"Failed to convert '{value}' to '{bool}'", can_be_str)
        if not isinstance(output, accepted):
            raise ValueError(f"Cannot convert value '{value}' to '{bool}'")
        return output
    try:
        return scalar_type(value)
    except ValueError:
        if can_be_str:
            return value
        raise


def _load_yaml(value: str, message: str, can_be_str: bool) -> Any:
    try:
        output = yaml.safe_load(value)
    except yaml.YAMLError as error:
        if can_be_str:
            return value
        raise ValueError(f'{message}: yaml.safe_load() failed\n{error}') from error
    if not is_instance_of_valid_type(output, can_be_str):
        raise ValueError(f'{message}: output type is not allowed, got {type(output)}')
    return output


def coerce_list(
    value: list[str], data_type: ScalarTypesType | None = None, can_be_str: bool = False,
) -> Sequence[ScalarValueType]:
    """Return the list of values that a list of texts stands for; raises as `coerce_to_type`."""
    ensure_argument_type(value, list, 'value', 'coerce_list')
    output = [coerce_to_type(item, data_type, can_be_str) for item in value]
    if not is_instance_of_valid_type(output, can_be_str):
        raise ValueError(f'cannot convert value to {data_type}. Got value=`{value}`')
    return output


def get_typed_value(
    value: str | list[str], data_type: AllowedTypesType | None, can_be_str: bool = False,
) -> AllowedValueType:
    """Return the value that a text or a list of texts stands for; raises as `coerce_to_type`."""
    if not isinstance(value, list):
        return coerce_to_type(value, data_type, can_be_str)
    if data_type is not None:
        data_type, is_list = extract_type(data_type)
        if not is_list:
            raise TypeError(f"Cannot convert input '{value}' of type '{type(value)}' to '{data_type}'")
    return coerce_list(value, data_type, can_be_str)


def is_substitution(x: Any) -> bool:
    """Whether `x` is a substitution, or a sequence of substitutions and texts with at least one substitution."""
    if isinstance(x, Substitution):
        return True
    return (
        isinstance(x, collections.abc.Iterable) and len(x) > 0
        and all(isinstance(item, (Substitution, str)) for item in x)
        and any(isinstance(item, Substitution) for item in x))


def is_normalized_substitution(x: Any) -> bool:
    """Whether `x` is a non-empty list of substitutions."""
    return isinstance(x, list) and len(x) > 0 and all(isinstance(item, Substitution) for item in x)


def normalize_typed_substitution(value: SomeValueType, data_type: AllowedTypesType | None) -> NormalizedValueType:
    """
    Return `value` with every substitution as a list of substitutions and everything else as it is.

    Raises TypeError if the result can never have the type `data_type` (None: any valid type).
    """
    if isinstance(value, ScalarTypesTuple):
        if not is_instance_of(value, data_type):
            raise TypeError(f"value='{value}' is not an instance of {data_type}")
        return value
    if is_substitution(value):
        return normalize_to_list_of_substitutions(value)
    if not isinstance(value, collections.abc.Iterable):
        raise TypeError(
            'value should be either a scalar, a substitutions, or a mixed list of scalars and substitutions. '
            f'Got `value={value}` of type `{type(value)}`.')
    return _normalize_list(value, data_type)


def _normalize_list(value: SomeSequenceType, data_type: AllowedTypesType | None) -> NormalizedSequenceType:
    scalar_types = set() if value else {str}
    for item in value:
        if isinstance(item, ScalarTypesTuple):
            scalar_types.add(type(item))
        elif not is_substitution(item):
            raise TypeError(
                'value is a list, and one of the items is not a scalar, a Substitution or a list of substitutions. '
                f"Got value='{value}'")
    wanted, is_list = (None, True) if data_type is None else extract_type(data_type)
    if not is_list:
        raise TypeError(
            'The provided value resolves to a list, though the required type is a scalar. '
            f"Got value='{value}', data_type='{wanted}'.")
    if scalar_types == {int, float}:
        scalar_types = {float}
    if len(scalar_types) > 1:
        raise TypeError(f"Input value is not an acceptable 'SomeValueType'.Got value='{value}'")
    found = next(iter(scalar_types), None)
    if found is not None and wanted not in (None, found):
        raise TypeError(f"Got a list of '{found}', expected a list of '{wanted}'. value='{value}'")
    return [
        normalize_to_list_of_substitutions(item) if is_substitution(item) else found(item)
        for item in value]


def perform_typed_substitution(
    context: LaunchContext, value: NormalizedValueType, data_type: AllowedTypesType | None,
) -> AllowedValueType:
    """Return a normalized value with all substitutions performed; raises if it has not the type `data_type`."""
    if isinstance(value, ScalarTypesTuple):
        if data_type is not None and not is_instance_of(value, data_type):
            raise TypeError(f'value=`{value}` is a scalar and not an instance of `{data_type}`')
        return value
    if is_normalized_substitution(value):
        return coerce_to_type(perform_substitutions(context, value), data_type)
    if not isinstance(value, list):
        raise TypeError(f"Input value is not an acceptable 'NormalizedValueType'.Got value='{value}'")
    scalar_type, is_list = (None, True) if data_type is None else extract_type(data_type)
    if not is_list:
        raise ValueError(
            'The input value is a list, cannot convert it to a scalar. '
            f"Got value='{value}', expected type {scalar_type}.")
    return [
        coerce_to_type(perform_substitutions(context, item), scalar_type) if is_normalized_substitution(item) else item
        for item in value]
