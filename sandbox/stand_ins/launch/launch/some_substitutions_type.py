# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types accepted wherever a text may contain substitutions."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from pathlib import Path

from .substitution import Substitution

SomeSubstitutionsType = str | Path | Substitution | Iterable[str | Path | Substitution]

SomeSubstitutionsType_types_tuple = (str, Path, Substitution, collections.abc.Iterable)
