# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Turns remapping rules into substitutions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions

from ..remap_rule_type import RemapRule, SomeRemapRule, SomeRemapRules


def normalize_remap_rule(remap_rule: SomeRemapRule) -> RemapRule:
    """Return a (from, to) pair of tuples of substitutions; raises TypeError for anything but a pair."""
    ensure_argument_type(remap_rule, tuple, 'remap_rule')
    if len(remap_rule) != 2:
        raise TypeError(f'remap_rule must be a tuple of length 2, got {len(remap_rule)}')
    source, target = remap_rule
    return tuple(normalize_to_list_of_substitutions(source)), tuple(normalize_to_list_of_substitutions(target))


def normalize_remap_rules(remap_rules: SomeRemapRules) -> Iterator[RemapRule]:
    """Normalize each rule."""
    ensure_argument_type(remap_rules, Iterable, 'remap_rules')
    yield from map(normalize_remap_rule, remap_rules)
