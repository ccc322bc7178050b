# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Performs a list of substitutions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..substitution import Substitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def perform_substitutions(context: LaunchContext, subs: Iterable[Substitution]) -> str:
    """Return the joined texts of all substitutions."""
    return ''.join(context.perform_substitution(sub) for sub in subs)
