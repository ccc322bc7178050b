# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""IfElseSubstitution: one of two values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..frontend.expose import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities.normalize_to_list_of_substitutions_impl import normalize_to_list_of_substitutions
from ..utilities.perform_substitutions_impl import perform_substitutions
from ..utilities.type_utils import perform_typed_substitution
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('if')
class IfElseSubstitution(Substitution):
    """One value if a boolean is true, another one if it is false."""

    def __init__(
        self, condition: SomeSubstitutionsType, if_value: SomeSubstitutionsType = '',
        else_value: SomeSubstitutionsType = '',
    ) -> None:
        """Take the boolean and the two values, of which at least one must be given."""
        super().__init__()
        if if_value == else_value == '':
            raise RuntimeError('One of if_value and else_value must be specified')
        self._condition = normalize_to_list_of_substitutions(condition)
        self._if_value = normalize_to_list_of_substitutions(if_value)
        self._else_value = normalize_to_list_of_substitutions(else_value)

    @classmethod
    def parse(cls, data: Sequence[SomeSubstitutionsType]) -> tuple[type, dict]:
        """Parse `$(if condition if_value [else_value])`."""
        if not 2 <= len(data) <= 3:
            raise TypeError('if substitution expects from 2 or 3 arguments')
        return cls, dict(zip(('condition', 'if_value', 'else_value'), data))

    @property
    def condition(self) -> list[Substitution]:
        """The boolean."""
        return self._condition

    @property
    def if_value(self) -> list[Substitution]:
        """The value if the boolean is true."""
        return self._if_value

    @property
    def else_value(self) -> list[Substitution]:
        """The value if the boolean is false."""
        return self._else_value

    def describe(self) -> str:
        """Say what will be substituted."""
        parts = [
            ' + '.join(sub.describe() for sub in part) for part in (self.condition, self.if_value, self.else_value)]
        return f"IfElseSubstitution({', '.join(parts)})"

    def perform(self, context: LaunchContext) -> str:
        """Return one of the values; raises SubstitutionFailure if the condition is no boolean."""
        try:
            condition = perform_typed_substitution(context, self.condition, bool)
        except (TypeError, ValueError) as error:
            raise SubstitutionFailure(error) from error
        return perform_substitutions(context, self.if_value if condition else self.else_value)
