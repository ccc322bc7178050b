# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""ExecuteLocal: runs a process on this machine."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

import launch.logging

from ..action import Action
from ..conditions import evaluate_condition_expression
from ..descriptions import Executable
from ..event_handler import EventHandler
from ..event_handlers import OnProcessExit, OnProcessIO, OnProcessStart, OnShutdown
from ..events import Shutdown, matches_action
from ..events.process import (
    ProcessExited,
    ProcessIO,
    ProcessStarted,
    ProcessStderr,
    ProcessStdout,
    ShutdownProcess,
    SignalProcess,
)
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..substitutions import LaunchConfiguration, PythonExpression
from ..utilities import is_a_subclass, normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from ._child_process import ChildProcess
from .emit_event import EmitEvent
from .opaque_function import OpaqueFunction
from .timer_action import TimerAction

_SIGTERM_TIMEOUT = LaunchConfiguration('sigterm_timeout', default=5)
_SIGKILL_TIMEOUT = LaunchConfiguration('sigkill_timeout', default=5)


class ExecuteLocal(Action):
    """
    Runs a process on this machine until it ends or the launch does.

    It emits ProcessStarted, ProcessStdout, ProcessStderr and ProcessExited, and handles Shutdown, ShutdownProcess
    and SignalProcess. A process that is to end gets SIGINT, after `sigterm_timeout` seconds SIGTERM, and after
    `sigkill_timeout` more seconds SIGKILL.
    """

    def __init__(
        self, *,
        process_description: Executable,
        shell: bool = False,
        sigterm_timeout: SomeSubstitutionsType = _SIGTERM_TIMEOUT,
        sigkill_timeout: SomeSubstitutionsType = _SIGKILL_TIMEOUT,
        emulate_tty: bool = False,
        output: SomeSubstitutionsType | dict[str, Any] = 'log',
        output_format: str = '[{this.process_description.final_name}] {line}',
        cached_output: bool = False,
        log_cmd: bool = False,
        on_exit: SomeEntitiesType | Callable[[ProcessExited, LaunchContext], SomeEntitiesType | None] | None = None,
        respawn: bool | SomeSubstitutionsType = False,
        respawn_delay: float | None = None,
        respawn_max_retries: int = -1,
        **kwargs: Any,
    ) -> None:
        """
        Describe how to run the process.

        emulate_tty: let the process write to terminals; the launch configuration 'emulate_tty' wins.
        output: see `launch.logging.get_output_loggers`; $OVERRIDE_LAUNCH_PROCESS_OUTPUT wins.
        output_format: format of a line of output; it may use `line` and `this` (the action).
        cached_output: keep the output for `get_stdout` and `get_stderr`.
        log_cmd: log the command line.
        on_exit: entities to visit when the process has ended, or a function that yields them.
        respawn: start the process again when it ends, after `respawn_delay` seconds, and at most
            `respawn_max_retries` times (always, if that is negative).
        """
        super().__init__(**kwargs)
        self.__process_description = process_description
        self.__shell = shell
        self.__sigterm_timeout = normalize_to_list_of_substitutions(sigterm_timeout)
        self.__sigkill_timeout = normalize_to_list_of_substitutions(sigkill_timeout)
        self.__emulate_tty = emulate_tty
        output = os.environ.get('OVERRIDE_LAUNCH_PROCESS_OUTPUT', output)
        self.__output = output if isinstance(output, dict) else normalize_to_list_of_substitutions(output)
        self.__output_format = output_format
        self.__cached_output = cached_output
        self.__log_cmd = log_cmd
        self.__on_exit = on_exit
        self.__respawn = normalize_typed_substitution(respawn, bool)
        self.__respawn_delay = respawn_delay
        self.__respawn_max_retries = respawn_max_retries
        self.__respawn_retries = 0

        self.__process_event_args: dict[str, Any] | None = None
        self.__process: ChildProcess | None = None
        self.__completed_future: asyncio.Future | None = None
        self.__shutdown_future: asyncio.Future | None = None
        self.__escalation_timers: list[TimerAction] = []
        self.__stdout_buffer = io.StringIO()
        self.__stderr_buffer = io.StringIO()
        self.__logger: logging.Logger | None = None
        self.__stdout_logger: logging.Logger | None = None
        self.__stderr_logger: logging.Logger | None = None
        self.__executed = False

    @property
    def process_description(self) -> Executable:
        """The description of the process."""
        return self.__process_description

    @property
    def shell(self) -> bool:
        """Whether a shell runs the command."""
        return self.__shell

    @property
    def emulate_tty(self) -> bool:
        """Whether the process writes to terminals."""
        return self.__emulate_tty

    @property
    def sigterm_timeout(self) -> list[Substitution]:
        """Seconds from SIGINT to SIGTERM."""
        return self.__sigterm_timeout

    @property
    def sigkill_timeout(self) -> list[Substitution]:
        """Seconds from SIGTERM to SIGKILL."""
        return self.__sigkill_timeout

    @property
    def output(self) -> list[Substitution] | dict[str, Any]:
        """Where the output goes."""
        return self.__output

    @property
    def process_details(self) -> dict[str, Any] | None:
        """Name, cmd, cwd, env and, once it was started, pid of the process; None before it is prepared."""
        return self.__process_event_args

    @property
    def return_code(self) -> int | None:
        """The exit status, None while the process has not ended."""
        return None if self.__process is None else self.__process.returncode

    def get_stdout(self) -> str:
        """Return the standard output so far; raises RuntimeError without `cached_output`."""
        return self.__cached(self.__stdout_buffer, 'stdout')

    def get_stderr(self) -> str:
        """Return the standard error so far; raises RuntimeError without `cached_output`."""
        return self.__cached(self.__stderr_buffer, 'stderr')

    def __cached(self, buffer: io.StringIO, source: str) -> str:
        if not self.__cached_output:
            raise RuntimeError(
                f"cached output must be true to be able to get {source}, proc '{self.__process_description.name}'")
        return buffer.getvalue()

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities to visit when the process has ended, as far as they are known beforehand."""
        return self.__on_exit if isinstance(self.__on_exit, list) else []

    def get_asyncio_future(self) -> asyncio.Future | None:
        """Return the future that is done when the process has ended and will not be started again."""
        return self.__completed_future

    def prepare(self, context: LaunchContext) -> None:
        """Perform all substitutions."""
        self.__process_description.prepare(context, self)
        self.__process_event_args = {
            'action': self,
            'name': self.__process_description.final_name,
            'cmd': self.__process_description.final_cmd,
            'cwd': self.__process_description.final_cwd,
            'env': self.__process_description.final_env,
        }
        self.__respawn = perform_typed_substitution(context, self.__respawn, bool)

    def execute(self, context: LaunchContext) -> None:
        """Start the process; raises RuntimeError the second time."""
        self.prepare(context)
        name = self.__process_description.final_name
        if self.__executed:
            raise RuntimeError(f"ExecuteLocal action '{name}': executed more than once: {self.describe()}")
        self.__executed = True
        if context.is_shutdown:
            return
        output = self.__output if isinstance(self.__output, dict) else perform_substitutions(context, self.__output)
        self.__logger = launch.logging.get_logger(name)
        self.__stdout_logger, self.__stderr_logger = launch.logging.get_output_loggers(name, output)
        self.__completed_future = context.asyncio_loop.create_future()
        self.__shutdown_future = context.asyncio_loop.create_future()
        for event_handler in self.__event_handlers():
            context.register_event_handler(event_handler)
        context.asyncio_loop.create_task(self.__run(context))

    def __event_handlers(self) -> list[EventHandler]:
        return [
            EventHandler(
                matcher=lambda event: is_a_subclass(event, ShutdownProcess) and event.process_matcher(self),
                entities=OpaqueFunction(function=lambda context: self._shutdown_process(context, send_sigint=True))),
            EventHandler(
                matcher=lambda event: is_a_subclass(event, SignalProcess) and event.process_matcher(self),
                entities=OpaqueFunction(function=lambda context: self.__on_signal_process(context.locals.event))),
            OnProcessIO(
                target_action=self,
                on_stdout=lambda event: self.__on_output(event, self.__stdout_buffer, self.__stdout_logger),
                on_stderr=lambda event: self.__on_output(event, self.__stderr_buffer, self.__stderr_logger)),
            OnShutdown(on_shutdown=self.__on_shutdown),
            OnProcessExit(target_action=self, on_exit=self.__on_exit),
            OnProcessExit(target_action=self, on_exit=lambda event, context: self.__flush_output()),
        ]

    async def __run(self, context: LaunchContext) -> None:
        """Run the process until it has ended and will not be started again."""
        try:
            while await self.__run_once(context) and await self.__is_to_respawn(context):
                self.__respawn_retries += 1
        finally:
            for timer in self.__escalation_timers:
                timer.cancel()
            if not self.__completed_future.done():
                self.__completed_future.set_result(None)

    async def __run_once(self, context: LaunchContext) -> bool:
        """Run the process; return whether it could be started."""
        details = self.__process_event_args
        command = ' '.join(part for part in details['cmd'] if part.strip())
        if self.__log_cmd:
            self.__logger.info(
                f"process details: cmd='{command}', cwd='{details['cwd']}', custom_env?={details['env'] is not None}")

        def on_output(fd: int, data: bytes) -> None:
            event_type = ProcessStdout if fd == 1 else ProcessStderr
            context.emit_event_sync(event_type(text=data, **details))

        self.__process = None
        try:
            self.__process = await ChildProcess.start(
                details['cmd'], cwd=details['cwd'], env=details['env'], shell=self.__shell,
                emulate_tty=self.__is_to_emulate_tty(context))
        except Exception:
            self.__logger.error(f'exception occurred while executing process:\n{traceback.format_exc()}')
            return False
        pid = details['pid'] = self.__process.pid
        self.__logger.info(f'process started with pid [{pid}]')
        await context.emit_event(ProcessStarted(**details))
        await self.__process.read_output(on_output)
        returncode = await self.__process.wait()
        if returncode == 0:
            self.__logger.info(f'process has finished cleanly [pid {pid}]')
        else:
            self.__logger.error(f"process has died [pid {pid}, exit code {returncode}, cmd '{command}'].")
        await context.emit_event(ProcessExited(returncode=returncode, **details))
        return True

    def __is_to_emulate_tty(self, context: LaunchContext) -> bool:
        if 'emulate_tty' not in context.launch_configurations:
            return self.__emulate_tty
        return evaluate_condition_expression(
            context, normalize_to_list_of_substitutions(context.launch_configurations['emulate_tty']))

    async def __is_to_respawn(self, context: LaunchContext) -> bool:
        """Wait for the respawn delay if the process is to be started again; return whether it still is."""
        if context.is_shutdown or self.__shutdown_future.done() or not self.__respawn:
            return False
        if 0 <= self.__respawn_max_retries <= self.__respawn_retries:
            return False
        if self.__respawn_delay:
            await asyncio.wait([self.__shutdown_future], timeout=self.__respawn_delay)
        return not self.__shutdown_future.done()

    def __on_output(self, event: ProcessIO, buffer: io.StringIO, logger: logging.Logger) -> None:
        """Log all complete lines; the buffer's position tells up to where it was logged."""
        logged = buffer.tell()
        buffer.seek(0, os.SEEK_END)
        buffer.write(event.text.decode(errors='replace'))
        buffer.seek(logged)
        for line in buffer:
            if not line.endswith('\n'):
                break
            self.__log_line(line[:-1], logger)
            logged += len(line)
        buffer.seek(logged)
        if not self.__cached_output:
            _keep_only(buffer, buffer.read())

    def __flush_output(self) -> None:
        """Log what is left of the output without a line end."""
        for buffer, logger in (
                (self.__stdout_buffer, self.__stdout_logger), (self.__stderr_buffer, self.__stderr_logger)):
            rest = buffer.read()
            if rest:
                self.__log_line(rest, logger)
            if not self.__cached_output:
                _keep_only(buffer, '')

    def __log_line(self, line: str, logger: logging.Logger) -> None:
        logger.info(self.__output_format.format(line=line, this=self))

    def __on_shutdown(self, event: Shutdown, context: LaunchContext) -> list[Action] | None:
        return self._shutdown_process(context, send_sigint=not event.due_to_sigint or context.noninteractive)

    def _shutdown_process(self, context: LaunchContext, *, send_sigint: bool) -> list[Action] | None:
        """Return the actions that end the process, None if it has ended or is being ended already."""
        if self.__shutdown_future is None or self.__shutdown_future.done():
            return None
        if self.__completed_future.done():
            self.__shutdown_future.set_result(None)
            return None
        if self.__process is None:
            context.register_event_handler(OnProcessStart(
                target_action=self, handle_once=True,
                on_start=lambda event, context: self._shutdown_process(context, send_sigint=send_sigint)))
            return None
        self.__shutdown_future.set_result(None)
        self.__escalation_timers = self.__make_escalation_timers()
        actions: list[Action] = [*self.__escalation_timers]
        if send_sigint:
            actions.append(EmitEvent(event=SignalProcess(
                signal_number=signal.SIGINT, process_matcher=matches_action(self))))
        return actions

    def __make_escalation_timers(self) -> list[TimerAction]:
        sigkill_timeout = [
            PythonExpression(('float(', *self.__sigterm_timeout, ') + float(', *self.__sigkill_timeout, ')'))]

        def escalate(
            after: signal.Signals, to: signal.Signals, period: list[Substitution],
        ) -> TimerAction:
            def report(context: LaunchContext) -> None:
                self.__logger.error(
                    f"process[{self.process_details['name']}] failed to terminate "
                    f"'{perform_substitutions(context, period)}' seconds after receiving '{after.name}', "
                    f"escalating to '{to.name}'")
            return TimerAction(period=period, cancel_on_shutdown=False, actions=[
                OpaqueFunction(function=report),
                EmitEvent(event=SignalProcess(signal_number=to, process_matcher=matches_action(self)))])

        return [
            escalate(signal.SIGINT, signal.SIGTERM, self.__sigterm_timeout),
            escalate(signal.SIGTERM, signal.SIGKILL, sigkill_timeout)]

    def __on_signal_process(self, event: SignalProcess) -> None:
        if self.__process is None:
            raise RuntimeError('Signal event received before execution.')
        name = self.process_details['name']
        if self.__process.returncode is not None:
            self.__logger.debug(f"signal '{event.signal_name}' not sent to '{name}' because it has closed already")
            return
        self.__logger.info(f"sending signal '{event.signal_name}' to process[{name}]")
        try:
            self.__process.send_signal(signal.Signals[event.signal_name])
        except ProcessLookupError:
            self.__logger.debug(f"signal '{event.signal_name}' not sent to '{name}' because it has closed already")


def _keep_only(buffer: io.StringIO, text: str) -> None:
    buffer.seek(0)
    buffer.truncate()
    buffer.write(text)
    buffer.seek(0)
