# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 topic|service|param|lifecycle|action`: look into a running graph, and nudge it."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import rclpy
import yaml
from action_msgs.msg import GoalStatus
from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient, get_action_names_and_types
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data

from ros2cli.errors import CommandError, decline
from ros2cli.messages import fill, load_interface, to_yaml

DISCOVERY = 2.0  # seconds until the other nodes are known; there is no daemon that knows them
ANSWER = 10.0  # seconds to wait for a node that is addressed
STATUSES = {getattr(GoalStatus, f'STATUS_{name}'): name
            for name in ('ACCEPTED', 'EXECUTING', 'CANCELING', 'SUCCEEDED', 'CANCELED', 'ABORTED')}


def add_commands(commands) -> None:
    """Add the commands of this module to the parser's subcommands."""
    of_nodes = '--spin-time, -s --use-sim-time, --no-daemon, --include-hidden-nodes'
    for command, verbs in {
        'topic': [('hz', hz, 'topic', f'-w --window, --filter, --wall-time, {of_nodes}')],
        'service': [('call', call, 'service type request?', '--stdin, -r --rate')],
        'param': [('set', set_parameter, 'node name value', of_nodes)],
        'lifecycle': [('set', change_state, 'node transition', of_nodes)],
        'action': [('list', list_actions, '', f'-t --show-types, -c --count-actions, {of_nodes}'),
                   ('send_goal', send_goal, '--feedback action type goal?', '--stdin')],
    }.items():
        verb_parsers = commands.add_parser(command, help=', '.join(verb for verb, *_ in verbs)).add_subparsers(
            metavar='VERB', required=True)
        for verb, run, arguments, upstream_options in verbs:
            parser = verb_parsers.add_parser(verb, help=run.__doc__)
            for name in arguments.split():
                if name.startswith('--'):
                    parser.add_argument(name[1:3], name, action='store_true')
                else:
                    parser.add_argument(name.rstrip('?'), **({'nargs': '?', 'default': '{}'} if '?' in name else {}))
            decline(parser, upstream_options)
            parser.set_defaults(run=run)


@contextmanager
def _node() -> Iterator[Node]:
    rclpy.init()
    node = rclpy.create_node(f'_ros2cli_{os.getpid()}')  # names that begin with an underscore are hidden
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def _spin_until(node: Node, condition: Callable[[], Any], seconds: float = float('inf')) -> bool:
    """Spin until the condition holds, and return whether it does."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    return bool(condition())


def _request(node: Node, service_type: type, name: str, request: Any) -> Any:
    client = node.create_client(service_type, name)
    if not _spin_until(node, client.service_is_ready, ANSWER):
        raise CommandError(f'nobody offers the service {name}; is the node running, with the same ROS_DOMAIN_ID?')
    return _answer(node, name, client.call_async(request))


def _answer(node: Node, name: str, future: Any) -> Any:
    if not _spin_until(node, future.done, ANSWER):
        raise CommandError(f'{name} did not answer within {ANSWER:.0f} s')
    return future.result()


def hz(arguments) -> None:
    """Print once a second how often a topic is published."""
    arrivals: deque[float] = deque(maxlen=10001)
    with _node() as node:
        topic = node.resolve_topic_name(arguments.topic)
        if not _spin_until(node, lambda: node.count_publishers(topic), ANSWER):
            raise CommandError(f'nobody publishes {topic}; is the node running, with the same ROS_DOMAIN_ID?')
        message_type = load_interface(node.get_publishers_info_by_topic(topic)[0].topic_type)
        node.create_subscription(
            message_type, topic, lambda _: arrivals.append(time.monotonic()), qos_profile_sensor_data, raw=True)
        while True:
            newest = arrivals[-1] if arrivals else None
            _spin_until(node, lambda: False, 1.0)
            gaps = np.diff(arrivals)
            if gaps.size and arrivals[-1] != newest:
                print(f'average rate: {1 / gaps.mean():.3f}\n\tmin: {gaps.min():.3f}s max: {gaps.max():.3f}s '
                      f'std dev: {gaps.std():.5f}s window: {gaps.size}', flush=True)


def call(arguments) -> None:
    """Call a service and print the answer."""
    service_type = load_interface(arguments.type)
    request = fill(service_type.Request(), yaml.safe_load(arguments.request))
    with _node() as node:
        print(to_yaml(_request(node, service_type, arguments.service, request)), end='')


def set_parameter(arguments) -> None:
    """Set a parameter; the value is YAML."""
    parameter = Parameter(arguments.name, value=yaml.safe_load(arguments.value)).to_parameter_msg()
    with _node() as node:
        service, request = f'{arguments.node}/set_parameters', SetParameters.Request(parameters=[parameter])
        result = _request(node, SetParameters, service, request).results[0]
    if not result.successful:
        raise CommandError(f'Setting parameter failed: {result.reason}')
    print('Set parameter successful')


def change_state(arguments) -> None:
    """Send a lifecycle node through a transition, e.g. deactivate."""
    with _node() as node:
        service = f'{arguments.node}/get_available_transitions'
        answer = _request(node, GetAvailableTransitions, service, GetAvailableTransitions.Request())
        available = {item.transition.label: item.transition for item in answer.available_transitions}
        if arguments.transition not in available:
            raise CommandError(
                f'{arguments.node} has no transition {arguments.transition!r} now, but {sorted(available)}')
        request = ChangeState.Request(transition=available[arguments.transition])
        if not _request(node, ChangeState, f'{arguments.node}/change_state', request).success:
            raise CommandError('Transitioning failed; the log of the node says why')
    print('Transitioning successful')


def list_actions(arguments) -> None:
    """Print the names of the actions."""
    with _node() as node:
        _spin_until(node, lambda: False, DISCOVERY)
        sys.stdout.writelines(f'{name}\n' for name, _ in sorted(get_action_names_and_types(node)))


def send_goal(arguments) -> int:
    """Send a goal to an action, wait for its end and print the result; the goal is YAML."""
    def print_feedback(message: Any) -> None:
        print(f'Feedback:\n{to_yaml(message.feedback)}', flush=True)

    action_type = load_interface(arguments.type)
    goal = fill(action_type.Goal(), yaml.safe_load(arguments.goal))
    with _node() as node:
        client = ActionClient(node, action_type, arguments.action)
        if not _spin_until(node, client.server_is_ready, ANSWER):
            raise CommandError(f'nobody offers the action {arguments.action}; `ros2 action list` shows what there is')
        handle = _answer(node, arguments.action, client.send_goal_async(
            goal, feedback_callback=print_feedback if arguments.feedback else None))
        if not handle.accepted:
            print('Goal was rejected.')
            return 1
        print('Goal accepted', flush=True)
        ended = handle.get_result_async()
        try:
            _spin_until(node, ended.done)
        except KeyboardInterrupt:
            _spin_until(node, handle.cancel_goal_async().done, ANSWER)
            raise
        result = ended.result()
    print(f'Result:\n{to_yaml(result.result)}Goal finished with status: {STATUSES.get(result.status, "UNKNOWN")}')
    return 0 if result.status == GoalStatus.STATUS_SUCCEEDED else 1
