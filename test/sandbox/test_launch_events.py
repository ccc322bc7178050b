# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Events, their handlers, timers, functions, and how a launch ends."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from launch import Action, EventHandler, LaunchContext, LaunchDescription, LaunchService
from launch.actions import (
    EmitEvent,
    GroupAction,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetLaunchConfiguration,
    Shutdown,
    TimerAction,
    UnregisterEventHandler,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.event import Event
from launch.event_handlers import OnExecutionComplete, OnShutdown
from launch.events import Shutdown as ShutdownEvent
from launch.substitutions import LaunchConfiguration, LocalSubstitution

pytestmark = pytest.mark.usefixtures('launch_logs')


class Ping(Event):
    name = 'test.Ping'


def call(function, *args):
    return OpaqueFunction(function=lambda context: function(*args))


def on_ping(entities, **kwargs):
    return EventHandler(matcher=lambda event: isinstance(event, Ping), entities=entities, **kwargs)


def test_entities_are_visited_in_order_and_depth_first(run_launch):
    seen = []
    assert run_launch(
        call(seen.append, 1),
        OpaqueFunction(function=lambda context: [call(seen.append, 2), LaunchDescription([call(seen.append, 3)])]),
        GroupAction([call(seen.append, 4)]),
        call(seen.append, 5)) == 0
    assert seen == [1, 2, 3, 4, 5]


def test_opaque_function_arguments(run_launch):
    seen = []

    def function(context, first, *, second):
        seen.append((isinstance(context, LaunchContext), first, second))
    assert run_launch(OpaqueFunction(function=function, args=[1], kwargs={'second': 2})) == 0
    assert seen == [(True, 1, 2)]
    with pytest.raises(TypeError):
        OpaqueFunction(function='not callable')


def test_conditions_decide_about_actions(run_launch):
    seen = []
    conditions = {
        'if true': IfCondition('True'), 'if false': IfCondition(LaunchConfiguration('off')),
        'unless false': UnlessCondition('0'), 'unless true': UnlessCondition(['tr', 'ue']), 'no condition': None}
    assert run_launch(SetLaunchConfiguration('off', 'false'), *(
        OpaqueFunction(function=lambda context, name: seen.append(name), args=[name], condition=condition)
        for name, condition in conditions.items())) == 0
    assert seen == ['if true', 'unless false', 'no condition']


def test_action_that_raises_ends_the_launch(run_launch, capsys):
    seen = []
    assert run_launch(
        RegisterEventHandler(OnShutdown(on_shutdown=lambda event, context: seen.append(event.reason))),
        OpaqueFunction(function=lambda context: 1 / 0), call(seen.append, 'not reached')) == 1
    assert seen == ['Caught exception in launch (see debug for traceback): division by zero']
    assert 'division by zero' in capsys.readouterr().out


def test_later_handlers_come_first_unless_appended(run_launch):
    seen = []

    def append_handler(context):
        context.register_event_handler(on_ping(call(seen.append, 'appended')), append=True)
    assert run_launch(
        RegisterEventHandler(on_ping(call(seen.append, 'first'))),
        RegisterEventHandler(on_ping([call(seen.append, 'second'), call(seen.append, 'second again')])),
        OpaqueFunction(function=append_handler),
        EmitEvent(event=Ping())) == 0
    assert seen == ['second', 'second again', 'first', 'appended']


def test_handler_is_unregistered(run_launch):
    seen = []
    handler = on_ping(call(seen.append, 'unregistered'))
    assert run_launch(
        RegisterEventHandler(handler), RegisterEventHandler(on_ping(call(seen.append, 'once'), handle_once=True)),
        EmitEvent(event=Ping()), EmitEvent(event=Ping()), UnregisterEventHandler(handler)) == 0
    assert seen == ['once']
    assert run_launch(UnregisterEventHandler(handler)) == 1


def test_handlers_see_the_event_and_only_they(run_launch):
    seen = []
    look = OpaqueFunction(function=lambda context: seen.append(hasattr(context.locals, 'event')))
    assert run_launch(
        RegisterEventHandler(on_ping(SetLaunchConfiguration('name', LocalSubstitution('event.name')))),
        RegisterEventHandler(OnShutdown(on_shutdown=OpaqueFunction(
            function=lambda context: seen.append(context.launch_configurations['name'])))),
        EmitEvent(event=Ping())) == 0
    assert seen == ['test.Ping']
    context = LaunchContext()
    look.visit(context)
    with pytest.raises(AttributeError, match="does not contain attribute 'event'"):
        _ = context.locals.event
    assert seen[-1] is False


def test_emit_event_wants_an_event():
    with pytest.raises(RuntimeError, match='expected an event instance'):
        EmitEvent(event='ping')


def test_execution_complete(run_launch):
    seen = []
    action = call(seen.append, 'action')
    later = TimerAction(period=0.05, actions=[])
    assert run_launch(
        RegisterEventHandler(OnExecutionComplete(target_action=action, on_completion=call(seen.append, 'complete'))),
        RegisterEventHandler(OnExecutionComplete(
            target_action=later, on_completion=lambda event, context: seen.append(event.action is later))),
        action, later) == 0
    assert seen == ['action', 'complete', True]


def test_handler_of_other_actions_is_refused():
    with pytest.raises(TypeError, match='must be an'):
        OnExecutionComplete(target_action=1, on_completion=[])
    with pytest.raises(TypeError, match='LaunchDescriptionEntity'):
        OnExecutionComplete(target_action=Action(), on_completion=['not an entity'])


def test_shutdown_handlers_run_once(run_launch):
    reasons = []
    assert run_launch(
        RegisterEventHandler(OnShutdown(on_shutdown=lambda event, context: reasons.append(event.reason))),
        Shutdown(reason='done')) == 0
    assert reasons == ['done']
    assert run_launch(
        RegisterEventHandler(OnShutdown(on_shutdown=lambda event, context: reasons.append(event.reason)))) == 0
    assert reasons == ['done', 'idle']


def test_timers_fire_in_the_order_of_their_periods(run_launch):
    seen = []
    start = time.monotonic()
    assert run_launch(
        TimerAction(period=2.0, actions=[call(seen.append, 'late')]),
        TimerAction(period=[LaunchConfiguration('period', default='0.1')], actions=[call(seen.append, 'early')])) == 0
    assert seen == ['early', 'late']
    assert time.monotonic() - start >= 2.0


def test_canceled_timers_do_not_fire(run_launch):
    seen = []
    before = TimerAction(period=0.0, actions=[call(seen.append, 'before')])
    before.cancel()
    running = TimerAction(period=60.0, actions=[call(seen.append, 'running')])
    assert run_launch(before, running, TimerAction(period=0.05, actions=[call(running.cancel)])) == 0
    assert seen == []


def test_shutdown_cancels_timers_unless_told_otherwise(run_launch):
    seen = []
    start = time.monotonic()
    assert run_launch(
        TimerAction(period=60.0, actions=[call(seen.append, 'canceled')]),
        TimerAction(period=0.2, actions=[call(seen.append, 'kept')], cancel_on_shutdown=False),
        Shutdown()) == 0
    assert seen == ['kept']
    assert time.monotonic() - start < 50.0


def test_timer_remembers_its_configurations(run_launch):
    seen = []
    service_configurations = {}
    look = OpaqueFunction(function=lambda context: seen.append(dict(context.launch_configurations)))
    assert run_launch(
        GroupAction([SetLaunchConfiguration('name', 'then'), TimerAction(
            period=0.05, actions=[look, SetLaunchConfiguration('leak', '1')])]),
        SetLaunchConfiguration('name', 'now'),
        RegisterEventHandler(OnShutdown(on_shutdown=lambda event, context: service_configurations.update(
            context.launch_configurations)))) == 0
    assert seen == [{'name': 'then'}]
    assert service_configurations == {'name': 'now'}


def test_timer_period_given_as_text_is_deprecated():
    with pytest.warns(UserWarning, match='deprecated'):
        TimerAction(period='1.5', actions=[])
    with pytest.raises(TypeError):
        TimerAction(period=1, actions=[])


def test_log_info(run_launch, capsys):
    assert run_launch(LogInfo(msg=['100% ', LaunchConfiguration('x', default='{y}')])) == 0
    assert '[INFO] [launch.user]: 100% {y}\n' in capsys.readouterr().out


def test_service_is_shut_down_from_another_thread():
    service = LaunchService()
    service.include_launch_description(LaunchDescription([TimerAction(period=60.0, actions=[])]))
    timer = threading.Timer(0.2, service.shutdown)
    timer.start()
    assert service.run(shutdown_when_idle=False) == 0
    timer.join()
    assert service.context.is_shutdown


def test_events_are_emitted_from_another_thread():
    service = LaunchService()
    seen = []

    def emit():
        service.emit_event(Ping())
        service.include_launch_description(LaunchDescription([call(seen.append, 'included'), Shutdown()]))
    service.include_launch_description(LaunchDescription([RegisterEventHandler(on_ping(call(seen.append, 'ping')))]))
    timer = threading.Timer(0.2, emit)
    timer.start()
    assert service.run(shutdown_when_idle=False) == 0
    timer.join()
    assert seen == ['ping', 'included']


def test_service_runs_again_and_inside_a_loop():
    service = LaunchService()
    seen = []
    service.include_launch_description(LaunchDescription([call(seen.append, 1)]))
    assert service.run() == 0
    service.include_launch_description(LaunchDescription([call(seen.append, 2)]))
    assert asyncio.get_event_loop_policy().get_event_loop().run_until_complete(service.run_async()) == 0
    assert seen == [1, 2]


def test_service_runs_in_the_main_thread_only():
    errors = []

    def run():
        try:
            asyncio.run(LaunchService().run_async())
        except RuntimeError as error:
            errors.append(str(error))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert errors == ['LaunchService can only be run in the main thread.']


def test_failing_future_ends_the_launch(run_launch, capsys):
    def fail_later(context):
        async def fail():
            raise ValueError('lost camera')
        context.add_completion_future(context.asyncio_loop.create_task(fail()))
    assert run_launch(OpaqueFunction(function=fail_later), TimerAction(period=60.0, actions=[])) == 1
    assert 'lost camera' in capsys.readouterr().out


def test_shutdown_event_properties():
    event = ShutdownEvent(reason='ctrl-c', due_to_sigint=True)
    assert (event.reason, event.due_to_sigint, event.name) == ('ctrl-c', True, 'launch.events.Shutdown')
