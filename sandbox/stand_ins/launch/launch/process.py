# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A child process whose output is handed on line by line, as it comes."""

from __future__ import annotations

import asyncio
import functools
import os
import termios
from collections.abc import Callable

SECONDS_FOR_LAST_OUTPUT = 0.5  # descendants may keep the outputs of an ended process open; wait no longer


class ChildProcess:
    """A running process; make it with `ChildProcess.start`."""

    def __init__(self, process: asyncio.subprocess.Process, outputs: list[_Lines]) -> None:
        self.pid, self._process, self._outputs = process.pid, process, outputs

    @classmethod
    async def start(
        cls, command: list[str], environment: dict[str, str], emulate_tty: bool, on_line: Callable[[str, str], None],
    ) -> ChildProcess:
        """Start a process in launch's process group; on_line gets 'stdout' or 'stderr' and a line without its end.

        emulate_tty: let it write to terminals. Raises OSError if the process cannot be started.
        """
        streams, outputs = {}, []
        try:
            for stream in ('stdout', 'stderr'):
                reading_end, streams[stream] = _open_terminal() if emulate_tty else os.pipe()
                lines = _Lines(functools.partial(on_line, stream))
                outputs.append(lines)
                await asyncio.get_running_loop().connect_read_pipe(
                    lambda lines=lines: lines, os.fdopen(reading_end, 'rb', buffering=0))
            process = await asyncio.create_subprocess_exec(
                *command, env=environment, stdin=asyncio.subprocess.PIPE, **streams)
        finally:
            for writing_end in streams.values():
                os.close(writing_end)
        return cls(process, outputs)

    async def wait(self) -> int:
        """Wait for the end of the process and of its output; return the exit status, negative for a signal."""
        status = await self._process.wait()
        await asyncio.wait([output.closed for output in self._outputs], timeout=SECONDS_FOR_LAST_OUTPUT)
        for output in self._outputs:
            output.close()
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal; without effect when the process has ended."""
        if self._process.returncode is None:
            self._process.send_signal(number)


class _Lines(asyncio.Protocol):
    """The reading end of a pipe or terminal."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self._on_line, self._rest = on_line, b''

    def connection_made(self, transport: asyncio.ReadTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b'\n')
        for line in lines:
            self._on_line(line.decode(errors='replace'))

    def connection_lost(self, error: Exception | None) -> None:
        self.close()

    def close(self) -> None:
        """Hand on what is left without a line end, and read no more."""
        if not self.closed.done():
            self.closed.set_result(None)
            if self._rest:
                self._on_line(self._rest.decode(errors='replace'))
            self._transport.close()


def _open_terminal() -> tuple[int, int]:
    """Return both ends of a pseudo-terminal that leaves line ends as they are."""
    reading_end, writing_end = os.openpty()
    attributes = termios.tcgetattr(writing_end)
    attributes[1] &= ~termios.ONLCR
    termios.tcsetattr(writing_end, termios.TCSANOW, attributes)
    return reading_end, writing_end
