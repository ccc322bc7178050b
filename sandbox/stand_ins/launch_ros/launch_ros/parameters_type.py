# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types of a node's parameters: as written, normalized, and evaluated."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Union

from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution

from .parameter_descriptions import Parameter as ParameterDescription
from .parameter_descriptions import ParameterFile
from .parameter_descriptions import ParameterValue as ParameterValueDescription

ScalarValue = Union[float, int, str, bool, bytes]

SomeParameterFile = Union[SomeSubstitutionsType, os.PathLike, ParameterFile]
SomeParameterName = Union[SomeSubstitutionsType, tuple]
SomeParameterValue = Union[
    ParameterValueDescription, SomeSubstitutionsType, ScalarValue, Sequence[Union[SomeSubstitutionsType, ScalarValue]]]
SomeParametersDict = Mapping[SomeParameterName, Any]
SomeParameters = Sequence[Union[SomeParameterFile, ParameterDescription, SomeParametersDict]]

ParameterName = tuple[Substitution, ...]
ParameterValue = Union[
    tuple[Substitution, ...], tuple[Sequence[Substitution], ...], tuple[ScalarValue, ...], ScalarValue,
    ParameterValueDescription]
ParametersDict = dict[ParameterName, ParameterValue]
Parameters = Sequence[Union[ParameterFile, ParameterDescription, ParametersDict]]

EvaluatedParameterValue = Union[ScalarValue, Sequence[str], Sequence[float], Sequence[int], Sequence[bool]]
EvaluatedParameters = Sequence[Union[pathlib.Path, ParameterDescription, dict[str, EvaluatedParameterValue]]]
