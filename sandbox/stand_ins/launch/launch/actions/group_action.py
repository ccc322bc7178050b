# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""GroupAction: actions that share a condition and a scope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from .pop_environment import PopEnvironment
from .pop_launch_configurations import PopLaunchConfigurations
from .push_environment import PushEnvironment
from .push_launch_configurations import PushLaunchConfigurations
from .reset_environment import ResetEnvironment
from .reset_launch_configurations import ResetLaunchConfigurations
from .set_launch_configuration import SetLaunchConfiguration


class GroupAction(Action):
    """
    Actions that share a condition and a scope.

    scoped: launch configurations and environment variables that are changed in the group are restored after it.
    forwarding: they are visible in the group; without it, a scoped group starts with none but
    `launch_configurations`, and with the environment of the start of the launch.
    """

    def __init__(
        self, actions: Iterable[Action], *, scoped: bool = True, forwarding: bool = True,
        launch_configurations: dict[SomeSubstitutionsType, SomeSubstitutionsType] | None = None, **kwargs: Any,
    ) -> None:
        """Take the actions, and the launch configurations to set before them."""
        super().__init__(**kwargs)
        self.__actions = actions
        self.__scoped = scoped
        self.__forwarding = forwarding
        self.__launch_configurations = launch_configurations or {}
        self.__sub_entities: list[LaunchDescriptionEntity] | None = None

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the actions, with those that make the scope around them."""
        if self.__sub_entities is None:
            self.__sub_entities = self.__scoped_actions()
        return self.__sub_entities

    def __scoped_actions(self) -> list[LaunchDescriptionEntity]:
        settings = [SetLaunchConfiguration(name, value) for name, value in self.__launch_configurations.items()]
        if not self.__scoped:
            return [*settings, *self.__actions]
        if not self.__forwarding:
            settings = [ResetEnvironment(), ResetLaunchConfigurations(self.__launch_configurations)]
        return [
            PushLaunchConfigurations(), PushEnvironment(),
            *settings, *self.__actions,
            PopEnvironment(), PopLaunchConfigurations()]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return the actions."""
        return self.get_sub_entities()
