# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""NotEqualsSubstitution: whether two values differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend.expose import expose_substitution
from .equals_substitution import EqualsSubstitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution('not-equals')
class NotEqualsSubstitution(EqualsSubstitution):
    """'false' if two values are equal as booleans, as numbers (closely) or as texts, else 'true'."""

    def perform(self, context: LaunchContext) -> str:
        """Return 'true' or 'false'."""
        return str(not self._are_equal(context)).lower()
