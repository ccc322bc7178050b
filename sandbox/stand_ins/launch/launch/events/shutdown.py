# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Shutdown: the launch is to end."""

from __future__ import annotations

from ..event import Event


class Shutdown(Event):
    """The launch is to end."""

    name = 'launch.events.Shutdown'

    def __init__(self, *, reason: str = 'reason not given', due_to_sigint: bool = False) -> None:
        """Take the reason; `due_to_sigint` tells that a terminal has sent SIGINT to the processes as well."""
        self.__reason = reason
        self.__due_to_sigint = due_to_sigint

    @property
    def reason(self) -> str:
        """Why the launch ends."""
        return self.__reason

    @property
    def due_to_sigint(self) -> bool:
        """Whether SIGINT is the reason."""
        return self.__due_to_sigint
