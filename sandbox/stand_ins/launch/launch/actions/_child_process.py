# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A child process whose output is handed on as it comes."""

from __future__ import annotations

import asyncio
import functools
import os
import termios
from collections.abc import Callable

# A process's descendants may keep its outputs open after it has exited; do not wait for them longer than this.
_SECONDS_FOR_LAST_OUTPUT = 0.5


class _Output(asyncio.Protocol):
    """The reading end of a pipe or terminal."""

    def __init__(self, on_data: Callable[[bytes], None], closed: asyncio.Future) -> None:
        self.__on_data = on_data
        self.__closed = closed

    def data_received(self, data: bytes) -> None:
        self.__on_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.__closed.done():
            self.__closed.set_result(None)


class ChildProcess(asyncio.SubprocessProtocol):
    """A running child process; make it with `ChildProcess.start`."""

    def __init__(self, reading_ends: dict[int, int]) -> None:
        """Take the files from which the output with a file descriptor (1 or 2) can be read."""
        self.__reading_ends = reading_ends
        self.__outputs: list[tuple[asyncio.ReadTransport, asyncio.Future]] = []
        self.__transport: asyncio.SubprocessTransport | None = None
        self.__exited = asyncio.get_running_loop().create_future()

    @classmethod
    async def start(
        cls, cmd: list[str], *, cwd: str | None, env: dict[str, str] | None, shell: bool, emulate_tty: bool,
    ) -> ChildProcess:
        """Start a process; its output waits for `read_output`. Raises OSError if the process cannot be started."""
        loop = asyncio.get_running_loop()
        ends = {fd: _open_terminal() if emulate_tty else os.pipe() for fd in (1, 2)}
        process = cls({fd: reading_end for fd, (reading_end, _) in ends.items()})
        streams = {'stdout': ends[1][1], 'stderr': ends[2][1]}
        try:
            if shell:
                await loop.subprocess_shell(lambda: process, ' '.join(cmd), cwd=cwd, env=env, **streams)
            else:
                await loop.subprocess_exec(lambda: process, *cmd, cwd=cwd, env=env, **streams)
        except BaseException:
            process.close()
            raise
        finally:
            for _, writing_end in ends.values():
                os.close(writing_end)
        return process

    def connection_made(self, transport: asyncio.SubprocessTransport) -> None:
        """Note that the process runs; called by the event loop."""
        self.__transport = transport

    def process_exited(self) -> None:
        """Note that the process has ended; called by the event loop."""
        self.__exited.set_result(None)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.__transport.get_pid()

    @property
    def returncode(self) -> int | None:
        """The exit status, None while the process runs."""
        return self.__transport.get_returncode()

    async def read_output(self, on_output: Callable[[int, bytes], None]) -> None:
        """Call `on_output(1 or 2, data)` with the output from now on."""
        loop = asyncio.get_running_loop()
        for fd in list(self.__reading_ends):
            closed = loop.create_future()
            output = _Output(functools.partial(on_output, fd), closed)
            reading_end = os.fdopen(self.__reading_ends.pop(fd), 'rb', buffering=0)
            transport, _ = await loop.connect_read_pipe(lambda output=output: output, reading_end)
            self.__outputs.append((transport, closed))

    async def wait(self) -> int:
        """Wait for the end of the process and of its output; return the exit status."""
        await self.__exited
        await asyncio.wait([closed for _, closed in self.__outputs], timeout=_SECONDS_FOR_LAST_OUTPUT)
        self.close()
        return self.returncode

    def send_signal(self, signal_number: int) -> None:
        """Send a signal; raises ProcessLookupError if the process has ended."""
        self.__transport.send_signal(signal_number)

    def close(self) -> None:
        """Release the pipes; a process that still runs is killed."""
        for reading_end in self.__reading_ends.values():
            os.close(reading_end)
        self.__reading_ends.clear()
        for output, _ in self.__outputs:
            output.close()
        if self.__transport is not None:
            self.__transport.close()


def _open_terminal() -> tuple[int, int]:
    """Return both ends of a pseudo-terminal that leaves line ends as they are."""
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.ONLCR
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    return master, slave
