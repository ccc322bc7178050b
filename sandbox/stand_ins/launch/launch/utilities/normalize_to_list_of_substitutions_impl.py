# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Turns every accepted form of a text with substitutions into a list of substitutions."""

from __future__ import annotations

from pathlib import Path

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from .class_tools_impl import is_a_subclass


def normalize_to_list_of_substitutions(subs: SomeSubstitutionsType) -> list[Substitution]:
    """Return a list of substitutions; raises TypeError for items that are neither text nor path nor substitution."""
    if isinstance(subs, (str, Path)) or is_a_subclass(subs, Substitution):
        subs = [subs]
    return [_normalize(item) for item in subs]


def _normalize(item: str | Path | Substitution) -> Substitution:
    from ..substitutions import TextSubstitution
    if is_a_subclass(item, Substitution):
        return item
    if isinstance(item, (str, Path)):
        return TextSubstitution(text=str(item))
    raise TypeError(
        f"Failed to normalize given item of type '{type(item)}', when only 'str' or 'launch.Substitution' "
        'were expected.')
