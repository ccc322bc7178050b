# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LocalSubstitution: a value from the context's locals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..substitution import Substitution
from ..utilities.ensure_argument_type_impl import ensure_argument_type

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class LocalSubstitution(Substitution):
    """The value of an expression that starts at the context's locals, for example 'event.reason'."""

    def __init__(self, expression: str, description: str | None = None) -> None:
        """Take the expression and what it means in words."""
        super().__init__()
        ensure_argument_type(expression, str, 'expression', 'LocalSubstitution')
        self.__expression = expression
        self.__description = description

    @property
    def expression(self) -> str:
        """The expression."""
        return self.__expression

    def describe(self) -> str:
        """Say what will be substituted."""
        return f"LocalVar('{self.__description or self.__expression}')"

    def perform(self, context: LaunchContext) -> str:
        """Evaluate the expression."""
        return eval('context.locals.' + self.expression)
