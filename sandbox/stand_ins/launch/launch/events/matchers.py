# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Matchers for events that belong to an action."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..action import Action


def matches_action(target_action: Action) -> Callable[[Action], bool]:
    """Return a matcher for exactly this action."""
    return lambda action: action == target_action
