# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 node|topic|service|param|lifecycle|action`: look into a running graph, and nudge it."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from ros2cli.errors import CommandError
from ros2cli.messages import fill, load_interface, to_yaml

DISCOVERY = 2.0  # seconds until the other nodes are known; there is no daemon that knows them
ANSWER = 10.0  # seconds to wait for a node that is addressed


def add_commands(commands) -> None:
    """Add the commands of this module to the parser's subcommands."""
    _add(commands, 'node', {'list': (list_nodes, [])})
    _add(commands, 'topic', {'list': (list_topics, []), 'echo': (echo, ['topic', '--once']), 'hz': (hz, ['topic'])})
    _add(commands, 'service', {'list': (list_services, []), 'call': (call, ['service', 'type', 'request?'])})
    _add(commands, 'param', {
        'list': (list_parameters, ['node']),
        'get': (get_parameter, ['node', 'name']),
        'set': (set_parameter, ['node', 'name', 'value']),
    })
    _add(commands, 'lifecycle', {'get': (get_state, ['node']), 'set': (change_state, ['node', 'transition'])})
    _add(commands, 'action', {
        'list': (list_actions, []),
        'send_goal': (send_goal, ['action', 'type', 'goal', '--feedback']),
    })


def _add(commands, command: str, verbs: dict) -> None:
    subcommands = commands.add_parser(command, help=', '.join(verbs)).add_subparsers(metavar='VERB', required=True)
    for verb, (function, arguments) in verbs.items():
        parser = subcommands.add_parser(verb, help=function.__doc__)
        for name in arguments:
            if name.startswith('-'):
                parser.add_argument(name, action='store_true')
            elif name.endswith('?'):
                parser.add_argument(name[:-1], nargs='?', default='{}')
            else:
                parser.add_argument(name)
        parser.set_defaults(run=function)


@contextmanager
def _node() -> Iterator:
    import rclpy

    rclpy.init()
    node = rclpy.create_node(f'_ros2cli_{os.getpid()}')  # names that begin with an underscore are hidden
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def _spin_until(node, condition, seconds: float) -> bool:
    """Spin until the condition holds, and return whether it does."""
    import rclpy

    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    return bool(condition())


def _request(node, service_type: type, name: str, request):
    client = node.create_client(service_type, name)
    if not _spin_until(node, client.service_is_ready, ANSWER):
        raise CommandError(f'nobody offers the service {name}; is the node running, with the same ROS_DOMAIN_ID?')
    future = client.call_async(request)
    if not _spin_until(node, future.done, ANSWER):
        raise CommandError(f'{name} did not answer within {ANSWER:.0f} s')
    return future.result()


def _print_visible(get_names) -> None:
    """Print what get_names(node) yields once the other nodes are known, without hidden names."""
    with _node() as node:
        _spin_until(node, lambda: False, DISCOVERY)
        names = list(get_names(node))
    visible = sorted(name for name in names if not any(part.startswith('_') for part in name.split('/')))
    sys.stdout.writelines(f'{name}\n' for name in visible)


def list_nodes(arguments) -> None:
    """Print the names of the nodes."""
    _print_visible(lambda node: (f'{space.rstrip("/")}/{name}' for name, space in node.get_node_names_and_namespaces()))


def list_topics(arguments) -> None:
    """Print the names of the topics."""
    _print_visible(lambda node: (name for name, _ in node.get_topic_names_and_types()))


def list_services(arguments) -> None:
    """Print the names of the services."""
    _print_visible(lambda node: (name for name, _ in node.get_service_names_and_types()))


def list_actions(arguments) -> None:
    """Print the names of the actions."""
    from rclpy.action import get_action_names_and_types

    _print_visible(lambda node: (name for name, _ in get_action_names_and_types(node)))


def _subscribe(node, topic: str, callback, raw: bool = False):
    """Subscribe with the type and the quality of service that the publishers offer."""
    from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

    topic = topic if topic.startswith('/') else f'/{topic}'
    if not _spin_until(node, lambda: node.count_publishers(topic), ANSWER):
        raise CommandError(f'nobody publishes {topic}; `ros2 topic list` shows what there is')
    publishers = node.get_publishers_info_by_topic(topic)
    latched = all(publisher.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for publisher in publishers)
    reliable = all(publisher.qos_profile.reliability == ReliabilityPolicy.RELIABLE for publisher in publishers)
    profile = QoSProfile(
        depth=10,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
    )
    return node.create_subscription(load_interface(publishers[0].topic_type), topic, callback, profile, raw=raw)


def echo(arguments) -> None:
    """Print the messages of a topic."""
    messages: deque = deque()
    with _node() as node:
        _subscribe(node, arguments.topic, lambda message: messages.append(message))
        while True:
            _spin_until(node, lambda: messages, float('inf'))
            print(to_yaml(messages.popleft()), end='---\n', flush=True)
            if arguments.once:
                return


def hz(arguments) -> None:
    """Print once a second how often a topic is published."""
    arrivals: deque[float] = deque(maxlen=1000)
    with _node() as node:
        _subscribe(node, arguments.topic, lambda _: arrivals.append(time.monotonic()), raw=True)
        while True:
            _spin_until(node, lambda: False, 1.0)
            if len(arrivals) > 1:
                rate = (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])
                print(f'average rate: {rate:.3f} over {len(arrivals)} messages', flush=True)


def call(arguments) -> None:
    """Call a service and print the answer."""
    service_type = load_interface(arguments.type)
    request = fill(service_type.Request(), yaml.safe_load(arguments.request))
    with _node() as node:
        print(to_yaml(_request(node, service_type, arguments.service, request)), end='')


def list_parameters(arguments) -> None:
    """Print the names of a node's parameters."""
    from rcl_interfaces.srv import ListParameters

    with _node() as node:
        answer = _request(node, ListParameters, f'{arguments.node}/list_parameters', ListParameters.Request())
    sys.stdout.writelines(f'  {name}\n' for name in sorted(answer.result.names))


def get_parameter(arguments) -> None:
    """Print the value of a parameter."""
    from rcl_interfaces.srv import GetParameters
    from rclpy.parameter import Parameter, parameter_value_to_python

    with _node() as node:
        request = GetParameters.Request(names=[arguments.name])
        value = _request(node, GetParameters, f'{arguments.node}/get_parameters', request).values[0]
    if value.type == Parameter.Type.NOT_SET.value:
        raise CommandError(f'parameter {arguments.name!r} is not set on {arguments.node}')
    python = parameter_value_to_python(value)
    print(f'{type(python).__name__} value is: {python}')


def set_parameter(arguments) -> None:
    """Set a parameter; the value is YAML."""
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter

    parameter = Parameter(arguments.name, value=yaml.safe_load(arguments.value))
    with _node() as node:
        request = SetParameters.Request(parameters=[parameter.to_parameter_msg()])
        result = _request(node, SetParameters, f'{arguments.node}/set_parameters', request).results[0]
    if not result.successful:
        raise CommandError(f'setting the parameter failed: {result.reason}')
    print('Set parameter successful')


def get_state(arguments) -> None:
    """Print the state of a lifecycle node."""
    from lifecycle_msgs.srv import GetState

    with _node() as node:
        state = _request(node, GetState, f'{arguments.node}/get_state', GetState.Request()).current_state
    print(f'{state.label} [{state.id}]')


def change_state(arguments) -> None:
    """Send a lifecycle node through a transition, e.g. deactivate."""
    from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions

    with _node() as node:
        service = f'{arguments.node}/get_available_transitions'
        available = _request(
            node, GetAvailableTransitions, service, GetAvailableTransitions.Request()
        ).available_transitions
        found = [item.transition for item in available if item.transition.label == arguments.transition]
        if not found:
            labels = sorted(item.transition.label for item in available)
            raise CommandError(f'{arguments.node} has no transition {arguments.transition!r} now, but {labels}')
        request = ChangeState.Request(transition=found[0])
        if not _request(node, ChangeState, f'{arguments.node}/change_state', request).success:
            raise CommandError('transitioning failed; the log of the node says why')
    print('Transitioning successful')


def send_goal(arguments) -> int:
    """Send a goal to an action, wait for its end and print the result; the goal is YAML."""
    from action_msgs.msg import GoalStatus
    from rclpy.action import ActionClient

    def print_feedback(message) -> None:
        print('Feedback:', to_yaml(message.feedback), sep='\n', flush=True)

    action_type = load_interface(arguments.type)
    goal = fill(action_type.Goal(), yaml.safe_load(arguments.goal))
    with _node() as node:
        client = ActionClient(node, action_type, arguments.action)
        if not _spin_until(node, client.server_is_ready, ANSWER):
            raise CommandError(f'nobody offers the action {arguments.action}; `ros2 action list` shows what there is')
        accepted = client.send_goal_async(goal, feedback_callback=print_feedback if arguments.feedback else None)
        if not _spin_until(node, accepted.done, ANSWER):
            raise CommandError(f'{arguments.action} did not answer within {ANSWER:.0f} s')
        handle = accepted.result()
        if not handle.accepted:
            print('Goal was rejected.')
            return 1
        print('Goal accepted', flush=True)
        ended = handle.get_result_async()
        try:
            _spin_until(node, ended.done, float('inf'))
        except KeyboardInterrupt:
            _spin_until(node, handle.cancel_goal_async().done, ANSWER)
            raise
        result = ended.result()
    print('Result:', to_yaml(result.result), sep='\n', end='')
    print(f'Goal finished with status: {_status_name(GoalStatus, result.status)}')
    return 0 if result.status == GoalStatus.STATUS_SUCCEEDED else 1


def _status_name(goal_status: type, status: int) -> str:
    names = ('EXECUTING', 'CANCELING', 'SUCCEEDED', 'CANCELED', 'ABORTED')
    return next((name for name in names if getattr(goal_status, f'STATUS_{name}') == status), 'UNKNOWN')
