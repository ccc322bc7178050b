# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types of remapping rules: as written and normalized."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution

SomeRemapRule = tuple[SomeSubstitutionsType, SomeSubstitutionsType]
SomeRemapRules = Iterable[SomeRemapRule]
RemapRule = tuple[Sequence[Substitution], Sequence[Substitution]]
RemapRules = Sequence[RemapRule]
