# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LaunchDescription: what is to be launched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import launch.logging

from .action import Action
from .launch_context import LaunchContext
from .launch_description_entity import LaunchDescriptionEntity

if TYPE_CHECKING:
    from .actions import DeclareLaunchArgument, IncludeLaunchDescription

    ArgumentWithIncludes = tuple[DeclareLaunchArgument, list[IncludeLaunchDescription] | None]


class LaunchDescription(LaunchDescriptionEntity):
    """A sequence of entities."""

    def __init__(
        self, initial_entities: Iterable[LaunchDescriptionEntity] | None = None, *,
        deprecated_reason: str | None = None,
    ) -> None:
        """Take the entities, and why this launch description should not be used any more."""
        self.__entities = list(initial_entities or [])
        self.__deprecated_reason = deprecated_reason

    @property
    def entities(self) -> list[LaunchDescriptionEntity]:
        """The entities."""
        return self.__entities

    @property
    def deprecated(self) -> bool:
        """Whether this launch description should not be used any more."""
        return self.__deprecated_reason is not None

    @property
    def deprecated_reason(self) -> str | None:
        """Why this launch description should not be used any more."""
        return self.__deprecated_reason

    def add_entity(self, entity: LaunchDescriptionEntity) -> None:
        """Add an entity at the end."""
        self.__entities.append(entity)

    def add_action(self, action: Action) -> None:
        """Add an action at the end."""
        self.add_entity(action)

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return the entities."""
        if self.deprecated:
            path = context.get_locals_as_dict().get('current_launch_file_path')
            launch.logging.get_logger().warning(
                f'deprecated launch description: {self.deprecated_reason}' if path is None
                else f'launch file [{path}] is deprecated: {self.deprecated_reason}')
        return self.__entities

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities."""
        return self.__entities

    def get_launch_arguments(self, conditional_inclusion: bool = False) -> list[DeclareLaunchArgument]:
        """Return the arguments that can be found without launching; the first declaration of a name counts."""
        return [
            argument for argument, _ in
            self.get_launch_arguments_with_include_launch_description_actions(conditional_inclusion)]

    def get_launch_arguments_with_include_launch_description_actions(
        self, conditional_inclusion: bool = False,
    ) -> list[ArgumentWithIncludes]:
        """Return the arguments as `get_launch_arguments`, each with the includes that lead to it (None: none)."""
        found: dict[str, ArgumentWithIncludes] = {}
        _collect_arguments(self.entities, conditional_inclusion, None, found)
        return list(found.values())


def _collect_arguments(
    entities: Iterable[LaunchDescriptionEntity], conditional: bool, includes: list[IncludeLaunchDescription] | None,
    found: dict[str, ArgumentWithIncludes],
) -> None:
    from .actions import DeclareLaunchArgument, IncludeLaunchDescription, ResetLaunchConfigurations
    for entity in entities:
        if isinstance(entity, ResetLaunchConfigurations):
            # Arguments from here on cannot be set from outside.
            return
        if isinstance(entity, DeclareLaunchArgument):
            if entity.name in found:
                continue
            entity._conditionally_included = conditional or entity.condition is not None
            found[entity.name] = entity, includes
        inner_includes = [*(includes or []), entity] if isinstance(entity, IncludeLaunchDescription) else includes
        _collect_arguments(entity.describe_sub_entities(), False, inner_includes, found)
        for _, sub_entities in entity.describe_conditional_sub_entities():
            _collect_arguments(sub_entities, True, inner_includes, found)
