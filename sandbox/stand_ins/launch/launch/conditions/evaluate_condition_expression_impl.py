# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Reads a boolean from a text with substitutions."""

from __future__ import annotations

from ..launch_context import LaunchContext
from ..substitution import Substitution
from ..utilities import perform_substitutions
from .invalid_condition_expression_error import InvalidConditionExpressionError

VALID_TRUE_EXPRESSIONS = ['true', '1']
VALID_FALSE_EXPRESSIONS = ['false', '0']


def evaluate_condition_expression(context: LaunchContext, expression: list[Substitution]) -> bool:
    """Return True for 'true' and '1', False for 'false' and '0' in any case of letters; raises otherwise."""
    expanded = perform_substitutions(context, expression).strip().lower()
    if expanded in VALID_TRUE_EXPRESSIONS:
        return True
    if expanded in VALID_FALSE_EXPRESSIONS:
        return False
    raise InvalidConditionExpressionError(expanded, expression, VALID_TRUE_EXPRESSIONS + VALID_FALSE_EXPRESSIONS)
