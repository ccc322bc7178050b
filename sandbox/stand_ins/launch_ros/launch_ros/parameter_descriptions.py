# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Parameters, their values and parameter files, as they are described in a launch file."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import yaml
from launch import LaunchContext, SomeSubstitutionsType, SomeSubstitutionsType_types_tuple
from launch.frontend.parse_substitution import parse_substitution
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from launch.utilities.type_utils import (
    AllowedTypesType,
    SomeValueType,
    normalize_typed_substitution,
    perform_typed_substitution,
)
from launch.utilities.typing_file_path import FilePath

if TYPE_CHECKING:
    from .parameters_type import EvaluatedParameterValue


class ParameterValue:
    """The value of a parameter, with the type to which a substitution is coerced."""

    def __init__(self, value: SomeValueType, *, value_type: AllowedTypesType | None = None) -> None:
        """Take the value and its type: int, bool, float, str, a `typing.List` of them, None for YAML's rules."""
        self.__value = normalize_typed_substitution(value, value_type)
        self.__value_type = value_type
        self.__evaluated: EvaluatedParameterValue | None = None

    @property
    def value(self) -> SomeValueType:
        """The value; evaluated, once it was."""
        return self.__value if self.__evaluated is None else self.__evaluated

    @property
    def value_type(self) -> AllowedTypesType | None:
        """The type."""
        return self.__value_type

    def __str__(self) -> str:
        """Say what this is."""
        return f'launch_ros.description.ParameterValue(value={self.value}, value_type={_name_of(self.value_type)})'

    def evaluate(self, context: LaunchContext) -> EvaluatedParameterValue:
        """Return the value with all substitutions performed; raises ValueError if it has another type."""
        self.__evaluated = perform_typed_substitution(context, self.value, self.value_type)
        return self.__evaluated


class Parameter:
    """A parameter: name and value."""

    def __init__(
        self, name: SomeSubstitutionsType, value: SomeValueType, *, value_type: AllowedTypesType | None = None,
    ) -> None:
        """Take the name, and value and type as `ParameterValue`."""
        ensure_argument_type(name, SomeSubstitutionsType_types_tuple, 'name')
        self.__name = normalize_to_list_of_substitutions(name)
        self.__parameter_value = ParameterValue(value, value_type=value_type)
        self.__evaluated: tuple[str, EvaluatedParameterValue] | None = None

    @property
    def name(self) -> list[Substitution] | str:
        """The name; evaluated, once it was."""
        return self.__name if self.__evaluated is None else self.__evaluated[0]

    @property
    def value(self) -> SomeValueType:
        """The value; evaluated, once it was."""
        return self.__parameter_value.value

    @property
    def value_type(self) -> AllowedTypesType | None:
        """The type of the value."""
        return self.__parameter_value.value_type

    def __str__(self) -> str:
        """Say what this is."""
        return (
            f'launch_ros.description.Parameter(name={self.name}, value={self.value}, '
            f'value_type={_name_of(self.value_type)})')

    def evaluate(self, context: LaunchContext) -> tuple[str, EvaluatedParameterValue]:
        """Return name and value with all substitutions performed; raises as `ParameterValue.evaluate`."""
        if self.__evaluated is None:
            name = perform_substitutions(context, self.__name)
            self.__evaluated = name, self.__parameter_value.evaluate(context)
        return self.__evaluated


class ParameterFile:
    """A YAML file with parameters, in which substitutions such as `$(var name)` may be allowed."""

    def __init__(
        self, param_file: FilePath | SomeSubstitutionsType, *, allow_substs: bool | SomeSubstitutionsType = False,
    ) -> None:
        """Take the path of the file and whether substitutions in it are performed."""
        self.__evaluated_param_file: Path | None = None
        self.__created_tmp_file = False
        ensure_argument_type(
            param_file, SomeSubstitutionsType_types_tuple + (os.PathLike, bytes), 'param_file', 'ParameterFile()')
        ensure_argument_type(
            allow_substs, SomeSubstitutionsType_types_tuple + (bool,), 'allow_subst', 'ParameterFile()')
        self.__param_file: list[Substitution] | FilePath = param_file
        if isinstance(param_file, SomeSubstitutionsType_types_tuple) and not isinstance(param_file, bytes):
            self.__param_file = normalize_to_list_of_substitutions(param_file)
        self.__allow_substs = normalize_typed_substitution(allow_substs, data_type=bool)
        self.__evaluated_allow_substs: bool | None = None

    @property
    def param_file(self) -> FilePath | list[Substitution]:
        """The path; evaluated, once it was."""
        return self.__param_file if self.__evaluated_param_file is None else self.__evaluated_param_file

    @property
    def allow_substs(self) -> bool | list[Substitution]:
        """Whether substitutions are performed; evaluated, once it was."""
        return self.__allow_substs if self.__evaluated_allow_substs is None else self.__evaluated_allow_substs

    def __str__(self) -> str:
        """Say what this is."""
        return (
            f'launch_ros.description.ParameterFile(param_file={self.param_file}, allow_substs={self.allow_substs})')

    def evaluate(self, context: LaunchContext) -> Path:
        """
        Return the path of the file, or of a temporary one with all substitutions performed.

        Raises SubstitutionFailure if a substitution fails or its result is no YAML.
        """
        if self.__evaluated_param_file is not None:
            return self.__evaluated_param_file
        path = self.__param_file
        if isinstance(path, list):
            path = perform_substitutions(context, path)
        path = Path(os.fsdecode(path))
        self.__evaluated_allow_substs = perform_typed_substitution(context, self.__allow_substs, data_type=bool)
        if self.__evaluated_allow_substs:
            path = self.__perform_substitutions_in(path, context)
        self.__evaluated_param_file = path
        return path

    def __perform_substitutions_in(self, path: Path, context: LaunchContext) -> Path:
        text = perform_substitutions(context, parse_substitution(path.read_text()))
        try:
            yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SubstitutionFailure('The substituted parameter file is not a valid yaml file') from error
        with NamedTemporaryFile(mode='w', prefix='launch_params_', delete=False) as file:
            file.write(text)
        self.__created_tmp_file = True
        return Path(file.name)

    def cleanup(self) -> None:
        """Delete the temporary file."""
        if self.__created_tmp_file and self.__evaluated_param_file is not None:
            self.__evaluated_param_file.unlink(missing_ok=True)
            self.__evaluated_param_file = None

    def __del__(self) -> None:
        """Delete the temporary file."""
        self.cleanup()


def _name_of(value_type: AllowedTypesType | None) -> str:
    return getattr(value_type, '__name__', str(value_type))
