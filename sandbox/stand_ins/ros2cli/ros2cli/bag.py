# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 bag play` for the sandbox: plays a rosbag2 through rclpy, with /clock.

Offers what rosbag2_transport's player offers under the same names: --clock, --rate, --delay, --topics,
--wait-for-all-acked; anything else is refused by the argument parser.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

import rclpy
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Reader
from rosgraph_msgs.msg import Clock

from ros2cli.errors import CommandError

DEFAULT_CLOCK_RATE = 40.0  # Hz, as rosbag2


def add_commands(commands) -> None:
    """Add `bag play` to the parser of `ros2`."""
    verbs = commands.add_parser('bag', help='play a rosbag2').add_subparsers(dest='verb', metavar='VERB', required=True)
    parser = verbs.add_parser('play', help='play a rosbag2', description='Play a rosbag2 (sandbox stand-in).')
    parser.add_argument('bag', type=Path, help='folder of the bag')
    parser.add_argument('--clock', type=float, nargs='?', const=DEFAULT_CLOCK_RATE, default=0.0, metavar='HZ',
                        help='publish /clock at this rate, in bag seconds')
    parser.add_argument('-r', '--rate', type=float, default=1.0, help='playback speed')
    parser.add_argument('-d', '--delay', type=float, default=0.0, help='seconds to wait before playing')
    parser.add_argument('--topics', nargs='+', default=None, help='play only these')
    parser.add_argument('--wait-for-all-acked', type=int, default=-1, metavar='MS',
                        help='at the end wait until every reliable subscriber has acknowledged; 0: for ever')
    parser.set_defaults(run=run)


def play(arguments: argparse.Namespace) -> int:
    """Play the bag and return the number of messages published (without /clock).

    Like rosbag2's player it leaves out topics whose message type is not installed, and says so.
    """
    node = rclpy.create_node('rosbag2_player')
    clock = node.create_publisher(Clock, '/clock', 10) if arguments.clock > 0 else None
    with Reader(arguments.bag) as bag:
        connections = [c for c in bag.connections if not arguments.topics or c.topic in arguments.topics]
        types = {c.id: _message_type(c.msgtype) for c in connections}
        for connection in (c for c in connections if types[c.id] is None):
            print(f"Ignoring a topic '{connection.topic}', reason: no package has '{connection.msgtype}'", flush=True)
        connections = [c for c in connections if types[c.id] is not None]
        publishers = {c.id: node.create_publisher(types[c.id], c.topic, _qos(c)) for c in connections}
        time.sleep(arguments.delay)
        count = 0
        started, bag_started = time.monotonic(), bag.start_time

        def wait_until(stamp: int) -> None:
            remaining = started + (stamp - bag_started) * 1e-9 / arguments.rate - time.monotonic()
            if remaining > 0:
                time.sleep(remaining)

        def tick_until(stamp: int, next_tick: int) -> int:
            while clock and next_tick <= stamp:
                wait_until(next_tick)
                message = Clock()
                message.clock.sec, message.clock.nanosec = divmod(next_tick, 10**9)
                clock.publish(message)
                next_tick += round(1e9 / arguments.clock)
            return next_tick

        next_tick = bag_started
        for connection, stamp, data in bag.messages(connections=connections):
            next_tick = tick_until(stamp, next_tick)
            wait_until(stamp)
            publishers[connection.id].publish(bytes(data))
            count += 1
        tick_until(bag.end_time, next_tick)
    if arguments.wait_for_all_acked >= 0:
        limit = Duration(seconds=arguments.wait_for_all_acked * 1e-3 or 10**6)
        for publisher in publishers.values():
            publisher.wait_for_all_acked(limit)
    node.destroy_node()
    return count


def _message_type(name: str) -> type | None:
    package, _, message = name.split('/')
    try:
        return getattr(importlib.import_module(f'{package}.msg'), message, None)
    except ModuleNotFoundError:
        return None


def _qos(connection) -> QoSProfile:
    profile = QoSProfile(depth=10)
    offered = connection.ext.offered_qos_profiles
    if offered and offered[0].durability == QosDurability.TRANSIENT_LOCAL:
        profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
    if offered and offered[0].reliability == QosReliability.BEST_EFFORT:
        profile.reliability = ReliabilityPolicy.BEST_EFFORT
    return profile


def run(arguments: argparse.Namespace) -> int:
    """Play until the end or SIGINT; the exit status of `ros2 bag play`."""
    if not (arguments.bag / 'metadata.yaml').is_file():
        raise CommandError(f'{arguments.bag} is not the folder of a rosbag2: it has no metadata.yaml')
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        print(f'played {play(arguments)} messages', flush=True)
        return 0
    finally:
        rclpy.shutdown()
