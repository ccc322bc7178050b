# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a launch does: arguments, environment, processes, and its end."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import signal
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from launch.conditions import IfCondition
from launch.context import LaunchContext
from launch.log import DESTINATIONS
from launch.not_offered import lacks, not_offered, refuse_options
from launch.process import ChildProcess
from launch.substitutions import parts, perform

__getattr__ = lacks(
    __name__, 'AppendEnvironmentVariable EmitEvent ExecuteLocal ForEach ForLoop GroupAction IncludeLaunchDescription '
    'LogInfo OpaqueCoroutine PopEnvironment PopLaunchConfigurations PushEnvironment '
    'PushLaunchConfigurations RaiseError RegisterEventHandler ReplaceEnvironmentVariables ResetEnvironment '
    'ResetLaunchConfigurations SetLaunchConfiguration TimerAction UnregisterEventHandler UnsetEnvironmentVariable '
    'UnsetLaunchConfiguration')

PROCESS_OPTIONS = (
    'prefix cwd env additional_env shell sigterm_timeout sigkill_timeout cached_output log_cmd respawn respawn_delay '
    'respawn_max_retries')
ESCALATION = (signal.SIGINT, 'sigterm_timeout'), (signal.SIGTERM, 'sigkill_timeout'), (signal.SIGKILL, None)
"""The signals that end a process, each with the launch argument that tells how long it may take; default 5 seconds."""

_numbers = itertools.count(1)


class Action:
    """Base of all actions; executed only if its condition, if any, holds."""

    def __init__(self, *, condition: IfCondition | None = None) -> None:
        self.condition = condition

    def visit(self, context: LaunchContext) -> None:
        """Execute the action if its condition holds."""
        if self.condition is None or self.condition.evaluate(context):
            self.execute(context)

    def execute(self, context: LaunchContext) -> None:
        """Do the work, or start it."""
        raise NotImplementedError(f'{type(self).__name__}.execute')


class DeclareLaunchArgument(Action):
    """Declares an argument; its value is the launch configuration of the same name."""

    def __init__(
        self, name: str, *, default_value: Any = None, description: str | None = None,
        condition: IfCondition | None = None, **options: Any,
    ) -> None:
        """Take the name and the default; the argument is required if there is none."""
        super().__init__(condition=condition)
        refuse_options('DeclareLaunchArgument', options, 'choices')
        self.name = name
        self.default_value = None if default_value is None else parts(default_value)
        self.description = description or 'no description given'

    def execute(self, context: LaunchContext) -> None:
        """Set the default if no value is given; raises RuntimeError for a missing one."""
        if self.name in context.launch_configurations:
            return
        if self.default_value is None:
            context.log.message(
                'ERROR', 'launch.actions.declare_launch_argument',
                f'Required launch argument "{self.name}" (description: "{self.description}") was not provided')
            raise RuntimeError(f'Required launch argument "{self.name}" was not provided.')
        context.launch_configurations[self.name] = perform(context, self.default_value)


class OpaqueFunction(Action):
    """Calls a function of the launch file with the context; what it returns is executed."""

    def __init__(
        self, *, function: Callable[..., Iterable[Action] | None], args: Iterable[Any] = (), kwargs: dict | None = None,
        condition: IfCondition | None = None,
    ) -> None:
        super().__init__(condition=condition)
        self._call = functools.partial(function, **(kwargs or {})), tuple(args)

    def execute(self, context: LaunchContext) -> None:
        """Call it."""
        function, arguments = self._call
        for action in function(context, *arguments) or ():
            action.visit(context)


class SetEnvironmentVariable(Action):
    """Sets a variable in the environment of launch itself, and so of all processes started later."""

    def __init__(self, name: Any, value: Any, *, condition: IfCondition | None = None) -> None:
        super().__init__(condition=condition)
        self._name, self._value = parts(name), parts(value)

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        os.environ[perform(context, self._name)] = perform(context, self._value)


class Shutdown(Action):
    """Ends the launch, for example as `on_exit` of a process that everything else depends on."""

    def __init__(self, *, reason: str = 'reason not given', condition: IfCondition | None = None) -> None:
        super().__init__(condition=condition)
        self.reason = reason

    def execute(self, context: LaunchContext) -> None:
        """End the launch."""
        if context.ended_process:
            context.log.message(
                'INFO', 'launch', f'process[{context.ended_process}] was required: shutting down launched system')
        context.shut_down()


class ExecuteProcess(Action):
    """Runs a command until it ends or the launch does.

    A process that is to end gets SIGINT, after `sigterm_timeout` seconds SIGTERM, after `sigkill_timeout` more SIGKILL.
    return_code: the exit status, negative for a signal, None while there is none.
    """

    def __init__(
        self, *, cmd: Iterable[Any], name: Any = None, output: str = 'log', output_format: str = '[{name}] {line}',
        emulate_tty: bool = False, on_exit: Action | list[Action] | None = None, condition: IfCondition | None = None,
        **options: Any,
    ) -> None:
        """Describe the process.

        name: its label, by default that of the executable; output: 'screen', 'log' or 'both'; output_format: of a line
        of output, with `line`; emulate_tty: whether the process writes to terminals; on_exit: what to do when it ended.
        """
        super().__init__(condition=condition)
        refuse_options(type(self).__name__, options, PROCESS_OPTIONS)
        if isinstance(output, dict) or output in ('own_log', 'full'):
            raise not_offered(f'output={output!r}')
        if output not in DESTINATIONS:
            raise ValueError(f'{output} is not a valid standard output config i.e. "screen", "log" or "both"')
        if callable(on_exit):
            raise not_offered('a function as on_exit')
        self.cmd = [parts(part) for part in cmd]
        self.return_code: int | None = None
        self._name = None if name is None else parts(name)
        self._output, self._output_format, self._emulate_tty = output, output_format, emulate_tty
        self._on_exit = [on_exit] if isinstance(on_exit, Action) else on_exit or []

    def execute(self, context: LaunchContext) -> None:
        """Start the process with the environment as it is now."""
        command = [perform(context, part) for part in self.cmd]
        name = os.path.basename(command[0]) if self._name is None else perform(context, self._name)
        name = f'{name}-{next(_numbers)}'
        if not context.shutting_down.is_set():
            context.run(self._run(context, name, command, dict(os.environ)))

    async def _run(self, context: LaunchContext, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Run the process to its end."""
        def log(stream: str, line: str) -> None:
            context.log.line(output.replace('{line}', line), DESTINATIONS[self._output][stream])

        output = self._output_format.format(line='{line}', name=name, this=self)
        tty = IfCondition(context.launch_configurations.get('emulate_tty', str(self._emulate_tty))).evaluate(context)
        try:
            process = await ChildProcess.start(command, environment, tty, log)
        except OSError:
            context.log.message(
                'ERROR', name, f'exception occurred while executing process:\n{traceback.format_exc()}')
            return
        context.log.message('INFO', name, f'process started with pid [{process.pid}]')
        end = asyncio.ensure_future(process.wait())
        asked_to_end = asyncio.ensure_future(context.shutting_down.wait())
        await asyncio.wait([end, asked_to_end], return_when=asyncio.FIRST_COMPLETED)
        asked_to_end.cancel()
        if not end.done():
            await _end(context, name, process, end)
        self.return_code = await end
        if self.return_code == 0:
            context.log.message('INFO', name, f'process has finished cleanly [pid {process.pid}]')
        else:
            context.log.message(
                'ERROR', name, f'process has died [pid {process.pid}, exit code {self.return_code}, '
                f"cmd '{' '.join(command)}'].")
        context.visit(self._on_exit, ended_process=name)


async def _end(context: LaunchContext, name: str, process: ChildProcess, end: asyncio.Future) -> None:
    """Send stronger and stronger signals until a process ends."""
    for (number, argument), (stronger, _) in itertools.zip_longest(ESCALATION, ESCALATION[1:], fillvalue=(None, None)):
        if number != signal.SIGINT or not context.processes_were_interrupted:
            context.log.message('INFO', name, f"sending signal '{number.name}' to process[{name}]")
            process.send_signal(number)
        if argument is None:
            break
        patience = context.launch_configurations.get(argument, '5')
        if (await asyncio.wait([end], timeout=float(patience)))[0]:
            break
        context.log.message(
            'ERROR', name, f"process[{name}] failed to terminate '{patience}' seconds after receiving "
            f"'{number.name}', escalating to '{stronger.name}'")
