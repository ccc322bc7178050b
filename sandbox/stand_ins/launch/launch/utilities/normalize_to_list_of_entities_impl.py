# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Turns one entity or nested iterables of entities into a flat list."""

from __future__ import annotations

from collections.abc import Iterable

from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType


def normalize_to_list_of_entities(entities: Iterable[SomeEntitiesType]) -> list[LaunchDescriptionEntity]:
    """Return the entities of `entities`, flattened."""
    flat: list[LaunchDescriptionEntity] = []
    for entity in entities:
        flat.extend([entity] if isinstance(entity, LaunchDescriptionEntity) else normalize_to_list_of_entities(entity))
    return flat
