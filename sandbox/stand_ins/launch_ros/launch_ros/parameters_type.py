# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types of a node's parameters: as written, normalized, and evaluated."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution

from .parameter_descriptions import Parameter as ParameterDescription
from .parameter_descriptions import ParameterFile
from .parameter_descriptions import ParameterValue as ParameterValueDescription

ScalarValue = float | int | str | bool | bytes

SomeParameterFile = SomeSubstitutionsType | os.PathLike | ParameterFile
SomeParameterValue = (
    ParameterValueDescription | SomeSubstitutionsType | ScalarValue | Sequence[SomeSubstitutionsType | ScalarValue])
SomeParametersDict = Mapping[SomeSubstitutionsType, Any]
SomeParameters = Sequence[SomeParameterFile | ParameterDescription | SomeParametersDict]

ParameterName = tuple[Substitution, ...]
ParameterValue = (
    tuple[Substitution, ...] | tuple[Sequence[Substitution], ...] | tuple[ScalarValue, ...] | ScalarValue
    | ParameterValueDescription)
ParametersDict = dict[ParameterName, ParameterValue]
Parameters = Sequence[ParameterFile | ParameterDescription | ParametersDict]

EvaluatedParameterValue = ScalarValue | Sequence[str] | Sequence[float] | Sequence[int] | Sequence[bool]
EvaluatedParameters = Sequence[pathlib.Path | ParameterDescription | dict[str, EvaluatedParameterValue]]
