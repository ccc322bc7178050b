# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Visits an entity and everything it yields."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..launch_description_entity import LaunchDescriptionEntity

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def visit_all_entities_and_collect_futures(
    entity: LaunchDescriptionEntity, context: LaunchContext,
) -> list[tuple[LaunchDescriptionEntity, asyncio.Future]]:
    """Visit depth first; return the entities that still work, each with the future that ends with the work."""
    sub_entities = entity.visit(context)
    future = entity.get_asyncio_future()
    pairs = [] if future is None else [(entity, future)]
    for sub_entity in sub_entities or []:
        pairs += visit_all_entities_and_collect_futures(sub_entity, context)
    return pairs
