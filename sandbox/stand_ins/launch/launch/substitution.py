# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Substitution: text that is known only while launching."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class Substitution:
    """Base of all substitutions; `perform` yields the text in a context."""

    def describe(self) -> str:
        """Say what will be substituted."""
        return repr(self)

    def perform(self, context: LaunchContext) -> str:
        """Return the text; derived classes override it."""
        return ''
