# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Checks the type of an argument."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from typing import Any


def ensure_argument_type(
    argument: Any, types: type | Iterable[type], argument_name: str, caller: str | None = None,
) -> None:
    """Raise TypeError, naming argument and caller, unless `argument` is an instance of one of `types`."""
    if not isinstance(types, (collections.abc.Iterable, type)):
        raise _error("'ensure_argument_type()' e", 'types', 'type, collections.abc.Iterable of type', types)
    if not isinstance(argument_name, str):
        raise _error("'ensure_argument_type()' e", 'argument_name', 'str', argument_name)
    if caller is not None and not isinstance(caller, str):
        raise _error("'ensure_argument_type()' e", 'caller', 'str, None', caller)
    accepted = (types,) if isinstance(types, type) else tuple(types)
    if not isinstance(argument, accepted):
        start = 'E' if caller is None else f"'{caller}' e"
        raise _error(start, argument_name, ', '.join(str(accepted_type) for accepted_type in accepted), argument)


def _error(start: str, name: str, accepted: str, value: Any) -> TypeError:
    return TypeError(f"{start}xpected '{name}' to be one of [{accepted}], but got '{value}' of type '{type(value)}'")
