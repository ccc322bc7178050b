# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The error of a condition that is neither true nor false."""

from __future__ import annotations

from ..substitution import Substitution


class InvalidConditionExpressionError(ValueError):
    """The text of a condition is not a boolean."""

    def __init__(
        self, expression: str, unexpanded_expression: list[Substitution], valid_expressions: list[str],
    ) -> None:
        """Say what was expected, what came and where it came from."""
        super().__init__(
            f"invalid condition expression, expected one of [{', '.join(valid_expressions)}] but got '{expression}', "
            f"expanded from '{' + '.join(str(sub) for sub in unexpanded_expression)}'")
