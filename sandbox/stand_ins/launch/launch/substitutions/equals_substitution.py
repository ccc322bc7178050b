# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""EqualsSubstitution: whether two values are equal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions
from ..utilities.type_utils import is_substitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

_BOOLEANS = {'true': True, '1': True, 'false': False, '0': False}


@expose_substitution('equals')
class EqualsSubstitution(Substitution):
    """'true' if two values are equal as booleans, as numbers (closely) or as texts, else 'false'."""

    def __init__(self, left: Any | Iterable[Any] | None, right: Any | Iterable[Any] | None) -> None:
        """Take the two values; what is no substitution is turned into text, None into an empty one."""
        super().__init__()
        self.__left = _normalize(left)
        self.__right = _normalize(right)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(equals left right)`."""
        if len(data) != 2:
            raise TypeError('and substitution expects 2 arguments')
        return cls, {'left': data[0], 'right': data[1]}

    @property
    def left(self) -> list[Substitution]:
        """The first value."""
        return self.__left

    @property
    def right(self) -> list[Substitution]:
        """The second value."""
        return self.__right

    def describe(self) -> str:
        """Say what will be substituted."""
        return f'{type(self).__name__}({self.left} {self.right})'

    def perform(self, context: LaunchContext) -> str:
        """Return 'true' or 'false'."""
        return str(self._are_equal(context)).lower()

    def _are_equal(self, context: LaunchContext) -> bool:
        left = perform_substitutions(context, self.left)
        right = perform_substitutions(context, self.right)
        booleans = _BOOLEANS.get(left.lower()), _BOOLEANS.get(right.lower())
        if None not in booleans:
            return booleans[0] == booleans[1]
        try:
            return math.isclose(float(left), float(right))
        except ValueError:
            return left == right


def _normalize(value: Any) -> list[Substitution]:
    if is_substitution(value):
        return normalize_to_list_of_substitutions(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return normalize_to_list_of_substitutions('' if value is None else str(value))
