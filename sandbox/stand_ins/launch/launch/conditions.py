# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""When an action is executed."""

from __future__ import annotations

from typing import Any

from launch.context import LaunchContext
from launch.not_offered import lacks
from launch.substitutions import parts, perform

__getattr__ = lacks(__name__, 'LaunchConfigurationEquals LaunchConfigurationNotEquals evaluate_condition_expression')
VALID = {'true': True, '1': True, 'false': False, '0': False}


class InvalidConditionExpressionError(ValueError):
    """The text of a condition is no boolean."""


class IfCondition:
    """Holds if the expression is 'true' or '1'; it must be one of these or 'false' or '0', in any case of letters."""

    def __init__(self, predicate_expression: Any) -> None:
        self._expression = parts(predicate_expression)

    def evaluate(self, context: LaunchContext) -> bool:
        """Return whether it holds; raises InvalidConditionExpressionError."""
        text = perform(context, self._expression).strip().lower()
        if text not in VALID:
            raise InvalidConditionExpressionError(
                f"invalid condition expression, expected one of [{', '.join(VALID)}] but got '{text}'")
        return VALID[text]


class UnlessCondition(IfCondition):
    """Holds if the expression is 'false' or '0'."""

    def evaluate(self, context: LaunchContext) -> bool:
        """Return whether it holds; raises InvalidConditionExpressionError."""
        return not super().evaluate(context)
