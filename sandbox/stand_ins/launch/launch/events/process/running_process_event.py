# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""RunningProcessEvent: something happened to a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...event import Event

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


class RunningProcessEvent(Event):
    """Base of the events of a process that was started."""

    name = 'launch.events.process.RunningProcessEvent'

    def __init__(
        self, *, action: ExecuteLocal, name: str, cmd: list[str], cwd: str | None, env: dict[str, str] | None,
        pid: int,
    ) -> None:
        """Take the action that started the process, and the process's properties."""
        self.__action = action
        self.__name = name
        self.__cmd = cmd
        self.__cwd = cwd
        self.__env = env
        self.__pid = pid

    @property
    def action(self) -> ExecuteLocal:
        """The action that started the process."""
        return self.__action

    @property
    def execute_process_action(self) -> ExecuteLocal:
        """The action that started the process; upstream's former name."""
        return self.__action

    @property
    def process_name(self) -> str:
        """The unique name of the process within the launch."""
        return self.__name

    @property
    def cmd(self) -> list[str]:
        """The command line."""
        return self.__cmd

    @property
    def cwd(self) -> str | None:
        """The folder in which the process runs, None for launch's own."""
        return self.__cwd

    @property
    def env(self) -> dict[str, str] | None:
        """The environment."""
        return self.__env

    @property
    def pid(self) -> int:
        """The process id."""
        return self.__pid
