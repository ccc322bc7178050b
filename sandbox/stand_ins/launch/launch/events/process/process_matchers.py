# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Matchers for events that are for certain processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...actions import ExecuteLocal

ProcessMatcher = Callable[['ExecuteLocal'], bool]


def matches_pid(pid: int) -> ProcessMatcher:
    """Return a matcher for the process with this id."""
    return lambda action: action.process_details is not None and action.process_details['pid'] == pid


def matches_name(name: str) -> ProcessMatcher:
    """Return a matcher for the process with this name."""
    return lambda action: action.process_details is not None and action.process_details['name'] == name


def matches_executable(executable: str) -> ProcessMatcher:
    """Return a matcher for processes whose executable's path ends so."""
    return lambda action: (
        action.process_details is not None and action.process_details['cmd'][0].endswith(executable))
