# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ProcessIO: input for or output of a process."""

from __future__ import annotations

from typing import Any

from .running_process_event import RunningProcessEvent


class ProcessIO(RunningProcessEvent):
    """Base of the events of a process's input and output."""

    name = 'launch.events.process.ProcessIO'

    def __init__(self, *, text: bytes, fd: int, **kwargs: Any) -> None:
        """Take the bytes and their file descriptor: 0, 1 or 2."""
        super().__init__(**kwargs)
        self.__text = text
        self.__from_stdin = fd == 0
        self.__from_stdout = fd == 1
        self.__from_stderr = fd == 2

    @property
    def text(self) -> bytes:
        """The bytes."""
        return self.__text

    @property
    def from_stdin(self) -> bool:
        """Whether this is input."""
        return self.__from_stdin

    @property
    def from_stdout(self) -> bool:
        """Whether this is from standard output."""
        return self.__from_stdout

    @property
    def from_stderr(self) -> bool:
        """Whether this is from standard error."""
        return self.__from_stderr
