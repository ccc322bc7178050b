# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LaunchContext: the state that a running launch shares between its entities."""

from __future__ import annotations

import asyncio
import collections
import os
from collections.abc import Iterable, MutableMapping
from typing import Any

import launch.logging

from .event import Event
from .event_handler import BaseEventHandler
from .substitution import Substitution


class _Locals:
    """Read-only attribute access to the context's local values."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__['_values'] = values

    def __getattr__(self, key: str) -> Any:
        try:
            return self.__dict__['_values'][key]
        except KeyError:
            raise AttributeError(
                f"context.locals does not contain attribute '{key}', "
                f"it contains: [{', '.join(self.__dict__['_values'])}]") from None

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError(f"can't set attribute '{key}', locals are read-only")


class LaunchContext:
    """Launch configurations, environment, locals, events and event handlers of one running launch."""

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False) -> None:
        """
        Create an empty context.

        `noninteractive` tells that no terminal sends SIGINT to the child processes, so that launch must.
        """
        self.__argv = argv if argv is not None else []
        self.__noninteractive = noninteractive

        self._event_queue: asyncio.Queue[Event] = asyncio.Queue()
        self._event_handlers: collections.deque[BaseEventHandler] = collections.deque()
        self._completion_futures: list[asyncio.Future] = []

        self.__globals: dict[str, Any] = {}
        self.__locals: dict[str, Any] = {}
        self.__locals_stack: list[dict[str, Any]] = []
        self.__launch_configurations: dict[str, Any] = {}
        self.__launch_configurations_stack: list[dict[str, Any]] = []
        self.__initial_environment = dict(os.environ)
        self.__environment_stack: list[dict[str, str]] = []

        self.__is_shutdown = False
        self.__asyncio_loop: asyncio.AbstractEventLoop | None = None
        self.__logger = launch.logging.get_logger(__name__)

    @property
    def argv(self) -> Iterable[str]:
        """The command line arguments of the launch."""
        return self.__argv

    @property
    def noninteractive(self) -> bool:
        """Whether no terminal is attached."""
        return self.__noninteractive

    @property
    def is_shutdown(self) -> bool:
        """Whether the launch is shutting down."""
        return self.__is_shutdown

    def _set_is_shutdown(self, state: bool) -> None:
        self.__is_shutdown = state

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of the running launch."""
        return self.__asyncio_loop

    def _set_asyncio_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self.__asyncio_loop = loop

    def add_completion_future(self, completion_future: asyncio.Future) -> None:
        """Make the launch service wait for a future before it is idle."""
        self._completion_futures.append(completion_future)

    @property
    def locals(self) -> _Locals:
        """Values known only here and now, for example `event` and `current_launch_file_path`."""
        return _Locals(self.get_locals_as_dict())

    def get_locals_as_dict(self) -> dict[str, Any]:
        """Return globals and locals together; locals win."""
        return {**self.__globals, **self.__locals}

    def extend_globals(self, extensions: dict[str, Any]) -> None:
        """Add values for good."""
        self.__globals.update(extensions)

    def extend_locals(self, extensions: dict[str, Any]) -> None:
        """Add values until the locals are popped."""
        self.__locals.update(extensions)

    def _push_locals(self) -> None:
        self.__locals_stack.append(dict(self.__locals))

    def _pop_locals(self) -> None:
        if not self.__locals_stack:
            raise RuntimeError('locals stack unexpectedly empty')
        self.__locals = self.__locals_stack.pop()

    @property
    def launch_configurations(self) -> dict[str, Any]:
        """The launch configurations of the current scope."""
        return self.__launch_configurations

    def _push_launch_configurations(self) -> None:
        self.__launch_configurations_stack.append(self.__launch_configurations.copy())

    def _pop_launch_configurations(self) -> None:
        if not self.__launch_configurations_stack:
            raise RuntimeError('launch_configurations stack unexpectedly empty')
        self.__launch_configurations = self.__launch_configurations_stack.pop()

    @property
    def environment(self) -> MutableMapping[str, str]:
        """The environment variables; the process's own, as upstream."""
        return os.environ

    def _push_environment(self) -> None:
        self.__environment_stack.append(dict(os.environ))

    def _pop_environment(self) -> None:
        if not self.__environment_stack:
            raise RuntimeError('environment stack unexpectedly empty')
        self.__replace_environment(self.__environment_stack.pop())

    def _reset_environment(self) -> None:
        self.__replace_environment(self.__initial_environment)

    @staticmethod
    def __replace_environment(environment: dict[str, str]) -> None:
        os.environ.clear()
        os.environ.update(environment)

    def would_handle_event(self, event: Event) -> bool:
        """Whether any registered handler is for the event."""
        return any(handler.matches(event) for handler in self._event_handlers)

    def register_event_handler(self, event_handler: BaseEventHandler, append: bool = False) -> None:
        """Register a handler: before the others, or after them with `append`."""
        if append:
            self._event_handlers.append(event_handler)
        else:
            self._event_handlers.appendleft(event_handler)

    def unregister_event_handler(self, event_handler: BaseEventHandler) -> None:
        """Unregister a handler; raises ValueError if it is not registered."""
        self._event_handlers.remove(event_handler)

    def _renew_event_queue(self) -> None:
        """Move the events to a queue of the running event loop."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        while not self._event_queue.empty():
            queue.put_nowait(self._event_queue.get_nowait())
        self._event_queue = queue

    def emit_event_sync(self, event: Event) -> None:
        """Queue an event from a function that runs in the event loop."""
        self.__logger.debug(f"emitting event synchronously: '{event.name}'")
        self._event_queue.put_nowait(event)

    async def emit_event(self, event: Event) -> None:
        """Queue an event from a coroutine."""
        self.__logger.debug(f"emitting event: '{event.name}'")
        await self._event_queue.put(event)

    def perform_substitution(self, substitution: Substitution) -> str:
        """Perform a substitution in this context."""
        return substitution.perform(self)
