# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types accepted wherever a text may contain substitutions."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from typing import Union

from .substitution import Substitution

SomeSubstitutionsType = Union[str, Substitution, Iterable[Union[str, Substitution]]]

SomeSubstitutionsType_types_tuple = (str, Substitution, collections.abc.Iterable)
