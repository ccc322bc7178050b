# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What is to be launched, read from a Python file, and running it to its end."""

from __future__ import annotations

import asyncio
import runpy
import signal
from collections.abc import Iterable
from typing import Any

from launch.actions import Action, DeclareLaunchArgument
from launch.context import LaunchContext
from launch.not_offered import refuse_options


class LaunchDescription:
    """A sequence of actions."""

    def __init__(self, initial_entities: Iterable[Action] | None = None, **options: Any) -> None:
        refuse_options('LaunchDescription', options, 'deprecated_reason')
        self.entities = list(initial_entities or [])

    def get_launch_arguments(self) -> list[DeclareLaunchArgument]:
        """Return the arguments."""
        return [action for action in self.entities if isinstance(action, DeclareLaunchArgument)]


def load_launch_file(path: str) -> LaunchDescription:
    """Return what the function generate_launch_description of a Python launch file returns.

    Raises RuntimeError for a file without it, and whatever the file raises.
    """
    names = runpy.run_path(path)
    if 'generate_launch_description' not in names:
        raise RuntimeError(f"launch file at '{path}' does not contain the required function "
                           "'generate_launch_description()'")
    return names['generate_launch_description']()


class LaunchService:
    """Runs launch descriptions until nothing is left to do, or until it is shut down.

    SIGINT shuts the launch down. So do SIGTERM and SIGQUIT, with return code 1; other than upstream, which leaves the
    processes to themselves then, it waits until they have ended.
    """

    def __init__(self, *, argv: Any = None, noninteractive: bool = False, **options: Any) -> None:
        """Prepare a launch. noninteractive: no terminal sends SIGINT to the processes, so that the launch does."""
        refuse_options('LaunchService', options, 'debug')
        self._noninteractive = noninteractive
        self._included: list[tuple[LaunchDescription, dict]] = []

    def include_launch_description(self, description: LaunchDescription, arguments: dict | None = None) -> None:
        """Add a launch description, with values of its arguments."""
        self._included.append((description, arguments or {}))

    def run(self) -> int:
        """Run the launch from the main thread; return 0, or 1 if there were errors. How processes end is no error."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        context = LaunchContext(noninteractive=self._noninteractive)
        context.log.message('INFO', 'launch', f'All log files can be found below {context.log.folder}')
        self._handle_signals(context)
        try:
            for description, arguments in self._included:
                context.launch_configurations.update(arguments)
                context.visit(description.entities)
            await context.wait()
        finally:
            context.log.close()
        return int(context.failed)

    @staticmethod
    def _handle_signals(context: LaunchContext) -> None:
        def on_sigint() -> None:
            again = ' again, ignoring...' if context.shutting_down.is_set() else ''
            context.log.message('WARNING', 'launch', f'user interrupted with ctrl-c (SIGINT){again}')
            context.shut_down(due_to_sigint=True)

        def on_sigterm(number: signal.Signals) -> None:
            context.log.message('ERROR', 'launch', f'user interrupted with {number.name}, terminating...')
            context.failed = True
            context.shut_down()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, on_sigint)
        for number in (signal.SIGTERM, signal.SIGQUIT):
            loop.add_signal_handler(number, on_sigterm, number)
