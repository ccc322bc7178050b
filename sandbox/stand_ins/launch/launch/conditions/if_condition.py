# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""IfCondition: do it if an expression is true."""

from __future__ import annotations

from ..condition import Condition
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions
from .evaluate_condition_expression_impl import evaluate_condition_expression


class IfCondition(Condition):
    """Holds if the expression is 'true' or '1'; it must be one of these or 'false' or '0'."""

    def __init__(self, predicate_expression: SomeSubstitutionsType) -> None:
        """Take the expression."""
        self.__predicate_expression = normalize_to_list_of_substitutions(predicate_expression)
        super().__init__(predicate=self._predicate_func)

    def _predicate_func(self, context: LaunchContext) -> bool:
        return evaluate_condition_expression(context, self.__predicate_expression)
