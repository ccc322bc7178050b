# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""PushROSNamespace: puts nodes below a namespace."""

from __future__ import annotations

from typing import Any

from launch import Action, Substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from rclpy.validate_namespace import validate_namespace

from ..utilities import make_namespace_absolute, prefix_namespace


class PushROSNamespace(Action):
    """Puts the nodes that follow in the scope below a namespace; GroupAction makes a scope."""

    def __init__(self, namespace: SomeSubstitutionsType, **kwargs: Any) -> None:
        """Take the namespace: below the current one, or absolute."""
        super().__init__(**kwargs)
        self.__namespace = normalize_to_list_of_substitutions(namespace)

    @property
    def namespace(self) -> list[Substitution]:
        """The namespace."""
        return self.__namespace

    def execute(self, context: LaunchContext) -> None:
        """Set the namespace of the scope; raises SubstitutionFailure if it is not valid."""
        pushed = perform_substitutions(context, self.namespace)
        previous = context.launch_configurations.get('ros_namespace')
        namespace = make_namespace_absolute(prefix_namespace(previous, pushed))
        try:
            validate_namespace(namespace)
        except Exception as error:
            raise SubstitutionFailure(
                f"The resulting namespace is invalid: [previous_namespace='{previous}', "
                f"pushed_namespace='{pushed}']") from error
        context.launch_configurations['ros_namespace'] = namespace


PushRosNamespace = PushROSNamespace
