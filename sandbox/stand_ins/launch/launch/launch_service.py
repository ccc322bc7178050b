# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LaunchService: runs launch descriptions."""

from __future__ import annotations

import asyncio
import collections.abc
import contextlib
import logging
import signal
import threading
import traceback
import warnings
from collections.abc import Coroutine, Iterable, Iterator

import launch.logging

from .event import Event
from .event_handlers import OnIncludeLaunchDescription, OnShutdown
from .events import IncludeLaunchDescription, Shutdown
from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .launch_description_entity import LaunchDescriptionEntity
from .utilities import is_a_subclass, visit_all_entities_and_collect_futures


class LaunchService:
    """
    Runs launch descriptions until nothing is left to do, or until it is shut down.

    SIGINT shuts the launch down. So do SIGTERM and SIGQUIT, with return code 1; other than upstream, which leaves
    the processes to themselves then, it waits until they have ended.
    """

    def __init__(
        self, *, argv: Iterable[str] | None = None, noninteractive: bool = False, debug: bool = False,
    ) -> None:
        """
        Prepare a launch.

        argv: available to the entities as `context.argv`.
        noninteractive: no terminal sends SIGINT to the processes, so that the launch does.
        debug: log more.
        """
        launch.logging.launch_config.level = logging.DEBUG if debug else logging.INFO
        self.__debug = debug
        self.__logger = launch.logging.get_logger('launch')
        self.__context = LaunchContext(argv=argv, noninteractive=noninteractive)
        self.__context.register_event_handler(OnIncludeLaunchDescription())
        self.__context.register_event_handler(OnShutdown(on_shutdown=self.__on_shutdown))
        self._entity_future_pairs: list[tuple[LaunchDescriptionEntity, asyncio.Future]] = []
        self.__loop_lock = threading.RLock()
        self.__loop: asyncio.AbstractEventLoop | None = None
        self.__task: asyncio.Task | None = None
        self.__shutting_down = False

    @property
    def context(self) -> LaunchContext:
        """The state of the launch."""
        return self.__context

    @property
    def event_loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of the launch, None while it does not run."""
        return self.__loop

    @property
    def task(self) -> asyncio.Task | None:
        """The task that runs the launch."""
        return self.__task

    def emit_event(self, event: Event) -> None:
        """Queue an event, from any thread; it is processed when the launch runs."""
        with self.__loop_lock:
            if self.__loop is None or self.__is_in_loop():
                self.__context.emit_event_sync(event)
                return
            queued = asyncio.run_coroutine_threadsafe(self.__context.emit_event(event), self.__loop)
        queued.result()

    def include_launch_description(self, launch_description: LaunchDescription) -> None:
        """Add a launch description, from any thread."""
        self.emit_event(IncludeLaunchDescription(launch_description))

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """Run the launch from the main thread; return 0, or 1 if there were errors."""
        loop = _get_loop()
        task = loop.create_task(self.run_async(shutdown_when_idle=shutdown_when_idle))
        while True:
            try:
                return loop.run_until_complete(task)
            except KeyboardInterrupt:
                continue

    async def run_async(self, *, shutdown_when_idle: bool = True) -> int:
        """Run the launch from a coroutine of the main thread; return 0, or 1 if there were errors."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError('LaunchService can only be run in the main thread.')
        return_code = 0

        def on_exception(loop: asyncio.AbstractEventLoop, context: dict) -> None:
            nonlocal return_code
            return_code = 1
            loop.default_exception_handler(context)

        with self.__running():
            launch.logging.log_launch_config(logger=self.__logger)
            self.__loop.set_exception_handler(on_exception)
            next_event = self.__loop.create_task(self.__process_next_event())
            while True:
                try:
                    if next_event.done():
                        processed, next_event = next_event, self.__loop.create_task(self.__process_next_event())
                        processed.result()
                    self.__retire_done_futures()
                    if self.__shutting_down and self._is_idle():
                        break
                    if shutdown_when_idle and self._is_idle():
                        self._shutdown(reason='idle', due_to_sigint=False)
                    await self.__wait_for_any(next_event)
                except asyncio.CancelledError:
                    self.__logger.error('run task was canceled')
                    return_code = 1
                    self._shutdown(reason='run task was canceled', due_to_sigint=False)
                except Exception as error:
                    message = f'Caught exception in launch (see debug for traceback): {error}'
                    self.__logger.debug(traceback.format_exc())
                    self.__logger.error(message)
                    return_code = 1
                    self._shutdown(reason=message, due_to_sigint=False)
            next_event.cancel()
        return return_code

    async def __wait_for_any(self, next_event: asyncio.Task) -> None:
        """Wait until an event was processed or, if none is queued, some entity's work is done."""
        awaited: list[asyncio.Future] = [next_event]
        if self.__context._event_queue.empty():
            awaited += [future for _, future in self._entity_future_pairs]
            awaited += self.__context._completion_futures
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)

    def __retire_done_futures(self) -> None:
        """Forget the futures that are done; raises the first of their errors."""
        done = [future for _, future in self._entity_future_pairs if future.done()]
        done += [future for future in self.__context._completion_futures if future.done()]
        self._entity_future_pairs = [pair for pair in self._entity_future_pairs if not pair[1].done()]
        self.__context._completion_futures = [
            future for future in self.__context._completion_futures if not future.done()]
        errors = [future.exception() for future in done if not future.cancelled() and future.exception() is not None]
        for error in errors[1:]:
            self.__logger.error(str(error))
        if errors:
            raise errors[0]

    async def __process_next_event(self) -> None:
        event = await self.__context._event_queue.get()
        self.__logger.debug(f"processing event: '{event}'")
        for event_handler in tuple(self.__context._event_handlers):
            if event_handler.matches(event):
                self.__logger.debug(f"processing event: '{event}' ✓ '{event_handler}'")
                self.__context._push_locals()
                try:
                    self.__visit(event_handler.handle(event, self.__context))
                finally:
                    self.__context._pop_locals()

    def __visit(self, entities: object) -> None:
        for entity in entities if isinstance(entities, collections.abc.Iterable) else [entities]:
            if entity is None:
                continue
            if not is_a_subclass(entity, LaunchDescriptionEntity):
                raise RuntimeError(f"expected a LaunchDescriptionEntity from event_handler, got '{entity}'")
            self._entity_future_pairs.extend(visit_all_entities_and_collect_futures(entity, self.__context))

    def _is_idle(self) -> bool:
        return not (
            self._entity_future_pairs or self.__context._completion_futures or self.__context._event_queue.qsize())

    @contextlib.contextmanager
    def __running(self) -> Iterator[None]:
        """Tie the launch to the running event loop and to the signals."""
        with self.__loop_lock:
            if self.__loop is not None:
                raise RuntimeError('LaunchService cannot be run multiple times concurrently.')
            self.__loop = asyncio.get_running_loop()
            self.__task = asyncio.current_task()
            self.__loop.set_debug(self.__debug)
            self.__context._set_asyncio_loop(self.__loop)
            self.__context._renew_event_queue()
        try:
            with self.__handling_signals():
                yield
        finally:
            with self.__loop_lock:
                self.__context._set_asyncio_loop(None)
                self.__loop = None
                self.__shutting_down = False

    @contextlib.contextmanager
    def __handling_signals(self) -> Iterator[None]:
        loop, task = self.__loop, self.__task
        sigint_received = False

        def on_sigint() -> None:
            nonlocal sigint_received
            message = 'user interrupted with ctrl-c (SIGINT)'
            if sigint_received:
                self.__logger.warning(f'{message} again, ignoring...')
                return
            sigint_received = True
            self.__logger.warning(message)
            self._shutdown(reason='ctrl-c (SIGINT)', due_to_sigint=True)

        def on_sigterm(signal_number: signal.Signals) -> None:
            self.__logger.error(f'user interrupted with {signal_number.name}, terminating...')
            task.cancel()

        previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)}
        loop.add_signal_handler(signal.SIGINT, on_sigint)
        for number in (signal.SIGTERM, signal.SIGQUIT):
            loop.add_signal_handler(number, on_sigterm, number)
        try:
            yield
        finally:
            for number, handler in previous.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    def __is_in_loop(self) -> bool:
        try:
            return asyncio.get_running_loop() is self.__loop
        except RuntimeError:
            return False

    def __on_shutdown(self, event: Event, context: LaunchContext) -> None:
        self.__shutting_down = True
        self.__context._set_is_shutdown(True)

    def _shutdown(self, *, reason: str, due_to_sigint: bool) -> None:
        if not self.__shutting_down:
            self.emit_event(Shutdown(reason=reason, due_to_sigint=due_to_sigint))
        self.__shutting_down = True
        self.__context._set_is_shutdown(True)

    def shutdown(self, force_sync: bool = False) -> Coroutine | None:
        """
        End the launch, from any thread; without effect if it does not run.

        Returns an awaitable if called from within the event loop without `force_sync`.
        """
        with self.__loop_lock:
            if self.__loop is None:
                return None
            self._shutdown(reason='LaunchService.shutdown() called', due_to_sigint=False)
            return asyncio.sleep(0) if self.__is_in_loop() and not force_sync else None


def _get_loop() -> asyncio.AbstractEventLoop:
    """Return the thread's event loop, a new one if it has none or its own is closed."""
    with contextlib.suppress(RuntimeError), warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        loop = asyncio.get_event_loop_policy().get_event_loop()
        if not loop.is_closed():
            return loop
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop
