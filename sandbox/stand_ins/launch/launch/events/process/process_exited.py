# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ProcessExited: a process has ended."""

from __future__ import annotations

from typing import Any

from .running_process_event import RunningProcessEvent


class ProcessExited(RunningProcessEvent):
    """A process has ended."""

    name = 'launch.events.process.ProcessExited'

    def __init__(self, *, returncode: int, **kwargs: Any) -> None:
        """Take the exit status; a negative one is the number of the signal that ended the process."""
        super().__init__(**kwargs)
        self.__returncode = returncode

    @property
    def returncode(self) -> int:
        """The exit status."""
        return self.__returncode
