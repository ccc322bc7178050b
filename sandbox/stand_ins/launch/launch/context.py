# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The state that a running launch shares with its actions."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine, Iterable

from launch.log import Log


class LaunchContext:
    """Launch configurations, the log, and what runs until the launch ends.

    noninteractive: no terminal sends SIGINT to the processes, so that launch must.
    """

    def __init__(self, *, noninteractive: bool = False) -> None:
        self.launch_configurations: dict[str, str] = {}
        self.noninteractive = noninteractive
        self.log = Log()
        self.failed = False
        self.shutting_down = asyncio.Event()
        self.processes_were_interrupted = False
        self.ended_process: str | None = None
        self._running: set[asyncio.Task] = set()

    def run(self, work: Coroutine) -> None:
        """Let the launch go on until work is done; what it raises ends the launch."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def wait(self) -> None:
        """Wait until nothing is running."""
        while self._running:
            await asyncio.wait(self._running)

    def visit(self, actions: Iterable, ended_process: str | None = None) -> None:
        """Execute actions in their order, unless their conditions forbid it; the first error ends the launch.

        ended_process: the name of the process whose end is the cause.
        """
        self.ended_process = ended_process
        try:
            for action in actions:
                action.visit(self)
        except Exception as error:
            self.fail(error)
        finally:
            self.ended_process = None

    def fail(self, error: Exception) -> None:
        """Report an error and end the launch, which then has failed."""
        self.log.line(traceback.format_exc(), {'file'})
        self.log.message('ERROR', 'launch', f'Caught exception in launch (see debug for traceback): {error}')
        self.failed = True
        self.shut_down()

    def shut_down(self, *, due_to_sigint: bool = False) -> None:
        """End all processes. due_to_sigint: a terminal has interrupted them too."""
        if not self.shutting_down.is_set():
            self.processes_were_interrupted = due_to_sigint and not self.noninteractive
            self.shutting_down.set()

    async def _guarded(self, work: Coroutine) -> None:
        try:
            await work
        except Exception as error:
            self.fail(error)
