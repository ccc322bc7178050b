# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""IncludeLaunchDescription: a launch description within another one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from ..action import Action
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..launch_description_source import LaunchDescriptionSource
from ..launch_description_sources import AnyLaunchDescriptionSource
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .set_launch_configuration import SetLaunchConfiguration


class IncludeLaunchDescription(Action):
    """
    Includes a launch description with arguments.

    The arguments are set as launch configurations, whether they are declared or not, and stay set afterwards:
    wrap the action in a GroupAction to limit them. As in Jazzy, ThisLaunchFile and ThisLaunchFileDir mean the
    included file from then on.
    """

    def __init__(
        self, launch_description_source: LaunchDescriptionSource | SomeSubstitutionsType, *,
        launch_arguments: Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]] | None = None, **kwargs: Any,
    ) -> None:
        """Take the launch description (or the path of its file) and the arguments."""
        super().__init__(**kwargs)
        if not isinstance(launch_description_source, LaunchDescriptionSource):
            launch_description_source = AnyLaunchDescriptionSource(launch_description_source)
        self.__launch_description_source = launch_description_source
        self.__launch_arguments = tuple(launch_arguments or ())

    @property
    def launch_description_source(self) -> LaunchDescriptionSource:
        """The launch description."""
        return self.__launch_description_source

    @property
    def launch_arguments(self) -> Sequence[tuple[SomeSubstitutionsType, SomeSubstitutionsType]]:
        """The arguments."""
        return self.__launch_arguments

    def describe(self) -> str:
        """Say what this action is."""
        return f'IncludeLaunchDescription({self.launch_description_source.location})'

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the launch description if it can be loaded without a context."""
        description = self.launch_description_source.try_get_launch_description_without_context()
        return [] if description is None else [description]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Load the launch description; raises RuntimeError if one of its required arguments is not given."""
        description = self.launch_description_source.get_launch_description(context)
        self.__set_launch_file_locals(context)
        given = [
            perform_substitutions(context, normalize_to_list_of_substitutions(name))
            for name, _ in self.launch_arguments]
        for argument, includes in description.get_launch_arguments_with_include_launch_description_actions():
            if argument._conditionally_included or argument.default_value is not None:
                continue
            for include in includes or []:
                given += include._try_get_arguments_names_without_context()
            if argument.name not in given:
                raise RuntimeError(
                    f"Included launch description missing required argument '{argument.name}' "
                    f"(description: '{argument.description}'), given: [{', '.join(given)}]")
        return [*(SetLaunchConfiguration(name, value) for name, value in self.launch_arguments), description]

    def __set_launch_file_locals(self, context: LaunchContext) -> None:
        location = self.launch_description_source.location
        path = os.path.abspath(location)
        context.extend_locals({
            'current_launch_file_path': path,
            'current_launch_file_directory': os.path.dirname(path) if os.path.exists(path) else location})

    def _try_get_arguments_names_without_context(self) -> list[str]:
        """Return the names of the arguments, none if they depend on the context."""
        try:
            context = LaunchContext()
            return [
                perform_substitutions(context, normalize_to_list_of_substitutions(name))
                for name, _ in self.launch_arguments]
        except Exception:
            return []
