# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""TimerAction: does something later."""

from __future__ import annotations

import asyncio
import collections.abc
import warnings
from collections.abc import Iterable
from typing import Any

import launch.logging

from ..action import Action
from ..event_handler import EventHandler
from ..event_handlers import OnShutdown
from ..events import TimerEvent
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType
from ..some_substitutions_type import SomeSubstitutionsType, SomeSubstitutionsType_types_tuple
from ..utilities import ensure_argument_type, is_a_subclass
from ..utilities.type_utils import NormalizedValueType, normalize_typed_substitution, perform_typed_substitution
from .opaque_function import OpaqueFunction
from .pop_launch_configurations import PopLaunchConfigurations
from .push_launch_configurations import PushLaunchConfigurations


class TimerAction(Action):
    """Visits entities once after a time, unless it is canceled before."""

    def __init__(
        self, *, period: float | SomeSubstitutionsType, actions: Iterable[LaunchDescriptionEntity],
        cancel_on_shutdown: bool | SomeSubstitutionsType = True, **kwargs: Any,
    ) -> None:
        """Take the time (s), the entities, and whether the end of the launch cancels the timer."""
        super().__init__(**kwargs)
        ensure_argument_type(period, [*SomeSubstitutionsType_types_tuple, float], 'period', 'TimerAction')
        ensure_argument_type(actions, collections.abc.Iterable, 'actions', 'TimerAction')
        if isinstance(period, str):
            period = float(period)
            warnings.warn(
                "The parameter 'period' must be a float or substitution,"
                'passing a string literal was deprecated', stacklevel=2)
        self.__period = normalize_typed_substitution(period, float)
        self.__actions = actions
        self.__cancel_on_shutdown = normalize_typed_substitution(cancel_on_shutdown, bool)
        self.__context_locals: dict[str, Any] = {}
        self.__launch_configurations: dict[str, Any] = {}
        self.__canceled = False
        self._completed_future: asyncio.Future | None = None
        self._canceled_future: asyncio.Future | None = None
        self.__logger = launch.logging.get_logger(__name__)

    @property
    def period(self) -> NormalizedValueType:
        """The time (s)."""
        return self.__period

    @property
    def actions(self) -> Iterable[LaunchDescriptionEntity]:
        """The entities."""
        return self.__actions

    def describe(self) -> str:
        """Say what this action is."""
        return f'TimerAction(period={self.__period}, actions=<actions>)'

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return the entities that are visited when the time has passed."""
        return [(f'{self.__period} seconds pass without being canceled', self.__actions)]

    def handle(self, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities; they see the locals and launch configurations of when the timer was started."""
        context.extend_locals(self.__context_locals)
        return [
            PushLaunchConfigurations(),
            OpaqueFunction(function=_replace_launch_configurations, args=[self.__launch_configurations]),
            *self.__actions,
            PopLaunchConfigurations()]

    def cancel(self) -> None:
        """Cancel the timer, whether it was started, has fired, or neither; call it from the event loop's thread."""
        self.__canceled = True
        if self._canceled_future is not None and not self._canceled_future.done():
            self._canceled_future.set_result(True)

    def execute(self, context: LaunchContext) -> None:
        """Start the timer."""
        self._completed_future = context.asyncio_loop.create_future()
        self._canceled_future = context.asyncio_loop.create_future()
        if self.__canceled:
            self.__logger.debug(f'timer {self} not waiting because it was canceled before being executed')
            self._completed_future.set_result(None)
            return
        _install_timer_event_handler(context)
        self.__context_locals = dict(context.get_locals_as_dict())
        self.__launch_configurations = dict(context.launch_configurations)
        context.asyncio_loop.create_task(self._wait_to_fire_event(context))
        if perform_typed_substitution(context, self.__cancel_on_shutdown, bool):
            context.register_event_handler(OnShutdown(on_shutdown=lambda event, context: self.cancel()))

    async def _wait_to_fire_event(self, context: LaunchContext) -> None:
        await asyncio.wait(
            [self._canceled_future], timeout=perform_typed_substitution(context, self.__period, float))
        if not self._canceled_future.done():
            await context.emit_event(TimerEvent(timer_action=self))
        self._completed_future.set_result(None)

    def get_asyncio_future(self) -> asyncio.Future | None:
        """Return the future that is done when the timer has fired or was canceled."""
        return self._completed_future


def _install_timer_event_handler(context: LaunchContext) -> None:
    """Register the handler that serves all timers of a context, once."""
    if getattr(context, '_handles_timer_events', False):
        return
    context._handles_timer_events = True
    context.register_event_handler(EventHandler(
        matcher=lambda event: is_a_subclass(event, TimerEvent),
        entities=OpaqueFunction(function=lambda context: context.locals.event.timer_action.handle(context))))


def _replace_launch_configurations(context: LaunchContext, launch_configurations: dict[str, Any]) -> None:
    context.launch_configurations.clear()
    context.launch_configurations.update(launch_configurations)
