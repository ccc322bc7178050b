# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Condition: decides whether an action is executed."""

from __future__ import annotations

from collections.abc import Callable

from .launch_context import LaunchContext


class Condition:
    """A predicate on the launch context; its latest result is remembered."""

    def __init__(self, *, predicate: Callable[[LaunchContext], bool] | None = None) -> None:
        """Take the predicate; without one, `evaluate` is not available."""
        self._predicate = predicate
        self.__last_result: bool | None = None

    def describe(self) -> str:
        """Say what this condition is."""
        return repr(self)

    def evaluate(self, context: LaunchContext) -> bool:
        """Evaluate the predicate in the context."""
        if self._predicate is None:
            raise NotImplementedError('a Condition without a predicate cannot be evaluated')
        self.__last_result = self._predicate(context)
        return self.__last_result

    def last_result(self) -> bool | None:
        """Return the latest result, None before the first evaluation."""
        return self.__last_result
