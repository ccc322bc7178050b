# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names under which substitutions can be written as `$(name arguments)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution

substitution_parse_methods: dict[str, Callable] = {}


def expose_substitution(name: str) -> Callable[[type], type]:
    """Return a class decorator that makes the class's `parse` available as `$(name ...)`."""
    def decorate(exposed: type) -> type:
        if substitution_parse_methods.setdefault(name, exposed.parse) != exposed.parse:
            raise RuntimeError(f'Two substitution parsing methods exposed with the same name: [{name}].')
        return exposed
    return decorate


def instantiate_substitution(
    type_name: str, args: Sequence[SomeSubstitutionsType] | None = None,
) -> Substitution:
    """Return the substitution with this name; raises RuntimeError for an unknown name."""
    if type_name not in substitution_parse_methods:
        raise RuntimeError(f'Unknown substitution: {type_name}')
    substitution_type, kwargs = substitution_parse_methods[type_name]([] if args is None else args)
    return substitution_type(**kwargs)
