# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LaunchDescriptionEntity: anything that can stand in a launch description."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class LaunchDescriptionEntity:
    """An item that is described (without a context) or visited (with one)."""

    def describe(self) -> str:
        """Say what this entity is."""
        raise NotImplementedError

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities that a visit always yields."""
        return []

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return (condition in words, entities that a visit yields when it holds)."""
        return []

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Do what the entity is for and return the entities to visit next."""
        return None

    def get_asyncio_future(self) -> asyncio.Future | None:
        """Return a future that is done when the entity's work is, None when there is no work left."""
        return None
