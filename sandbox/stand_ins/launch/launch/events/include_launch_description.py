# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""IncludeLaunchDescription: a launch description is to be visited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..event import Event

if TYPE_CHECKING:
    from ..launch_description import LaunchDescription


class IncludeLaunchDescription(Event):
    """A launch description is to be visited."""

    name = 'launch.events.IncludeLaunchDescription'

    def __init__(self, launch_description: LaunchDescription) -> None:
        """Take the launch description."""
        self.__launch_description = launch_description

    @property
    def launch_description(self) -> LaunchDescription:
        """The launch description."""
        return self.__launch_description
