# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""OpaqueFunction: calls a Python function."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Iterable
from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..utilities import ensure_argument_type


class OpaqueFunction(Action):
    """Calls a function with the launch context; the entities that it returns are visited."""

    def __init__(
        self, *, function: Callable, args: Iterable[Any] | None = None, kwargs: dict[str, Any] | None = None,
        **left_over_kwargs: Any,
    ) -> None:
        """Take the function and the arguments that follow the context."""
        super().__init__(**left_over_kwargs)
        if not callable(function):
            raise TypeError(
                f"OpaqueFunction expected a callable for 'function', got '{function}' of type '{type(function)}'")
        ensure_argument_type(args, (collections.abc.Iterable, type(None)), 'args', 'OpaqueFunction')
        ensure_argument_type(kwargs, (dict, type(None)), 'kwargs', 'OpaqueFunction')
        self.__function = function
        self.__args = [] if args is None else args
        self.__kwargs = {} if kwargs is None else kwargs

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Call the function."""
        return self.__function(context, *self.__args, **self.__kwargs)
