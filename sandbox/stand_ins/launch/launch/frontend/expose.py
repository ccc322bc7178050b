# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The names under which substitutions can be written as `$(name arguments)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution

substitution_parse_methods: dict[str, Callable] = {}


def expose_substitution(name: str) -> Callable:
    """Return a decorator that makes a function, or the `parse` method of a class, available as `$(name ...)`."""
    def decorate(exposed: type | Callable) -> type | Callable:
        parse = getattr(exposed, 'parse', None) if inspect.isclass(exposed) else exposed
        if not callable(parse):
            raise RuntimeError(
                f'Exposed substitution parser for {name} is not a callable or a class containing a parse method')
        if substitution_parse_methods.setdefault(name, parse) != parse:
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
