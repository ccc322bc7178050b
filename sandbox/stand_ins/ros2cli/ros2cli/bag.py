# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 bag play`: plays a rosbag2 through rclpy, with /clock, as rosbag2_transport's player."""

from __future__ import annotations

import argparse
import heapq
import time
from operator import itemgetter
from pathlib import Path

import rclpy
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.time import Time
from rosbags.interfaces import Connection, QosDurability, QosReliability
from rosbags.rosbag2 import Reader
from rosgraph_msgs.msg import Clock

from ros2cli.errors import CommandError, decline
from ros2cli.messages import load_interface

UPSTREAM_OPTIONS = (
    '-s --storage, -i --input, --read-ahead-queue-size, --topics, --services, -e --regex, -x --exclude-regex, '
    '--exclude-topics, --exclude-services, --qos-profile-overrides-path, -l --loop, -m --remap, --storage-config-file, '
    '--clock-topics, --clock-topics-all, --playback-duration, --playback-until-sec, --playback-until-nsec, '
    '--disable-keyboard-controls, -p --start-paused, --start-offset, --disable-loan-message, --log-level, '
    '--publish-service-requests, --service-requests-source')


def add_commands(commands) -> None:
    """Add `bag play` to the parser of `ros2`."""
    verbs = commands.add_parser('bag', help='play').add_subparsers(metavar='VERB', required=True)
    parser = verbs.add_parser('play', help='Play a rosbag2.')
    parser.add_argument('bag', type=Path, help='folder of the bag')
    parser.add_argument('--clock', type=float, nargs='?', const=40.0, default=0.0, metavar='HZ',
                        help='publish /clock at this rate (40), in bag seconds')
    parser.add_argument('-r', '--rate', type=float, default=1.0, help='playback speed')
    parser.add_argument('-d', '--delay', type=float, default=0.0, help='seconds to wait before playing')
    parser.add_argument('--wait-for-all-acked', type=int, default=-1, metavar='MS',
                        help='at the end wait until every reliable subscriber has acknowledged; 0: for ever')
    decline(parser, UPSTREAM_OPTIONS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Play until the end or SIGINT."""
    if not (arguments.bag / 'metadata.yaml').is_file():
        raise CommandError(f'{arguments.bag} is not the folder of a rosbag2: it has no metadata.yaml')
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        with Reader(arguments.bag) as bag:
            print(f'played {_play(bag, arguments)} messages', flush=True)
    finally:
        rclpy.shutdown()


def _play(bag: Reader, arguments: argparse.Namespace) -> int:
    """Return the number of messages published, without /clock; topics of types that are not installed are left out."""
    node = rclpy.create_node('rosbag2_player')
    publishers, ticks = {}, ()
    for connection in bag.connections:
        try:
            message_type = load_interface(connection.msgtype)
            publishers[connection.id] = node.create_publisher(message_type, connection.topic, _qos(connection))
        except CommandError as error:
            print(f"Ignoring a topic '{connection.topic}', reason: {error}", flush=True)
    if arguments.clock > 0:
        clock = node.create_publisher(Clock, '/clock', 10)
        ticks = ((stamp, clock, Clock(clock=Time(nanoseconds=stamp).to_msg()))
                 for stamp in range(bag.start_time, bag.end_time + 1, round(1e9 / arguments.clock)))
    messages = ((stamp, publishers[connection.id], bytes(data)) for connection, stamp, data in bag.messages(
        [connection for connection in bag.connections if connection.id in publishers]))
    time.sleep(arguments.delay)
    count, started = 0, time.monotonic()
    for stamp, publisher, message in heapq.merge(ticks, messages, key=itemgetter(0)):
        time.sleep(max(0.0, started + (stamp - bag.start_time) * 1e-9 / arguments.rate - time.monotonic()))
        publisher.publish(message)
        count += isinstance(message, bytes)
    if arguments.wait_for_all_acked >= 0:
        for publisher in publishers.values():
            publisher.wait_for_all_acked(Duration(seconds=arguments.wait_for_all_acked * 1e-3 or 10**6))
    return count


def _qos(connection: Connection) -> QoSProfile:
    profile, offered = QoSProfile(depth=10), connection.ext.offered_qos_profiles
    if offered and offered[0].durability == QosDurability.TRANSIENT_LOCAL:
        profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
    if offered and offered[0].reliability == QosReliability.BEST_EFFORT:
        profile.reliability = ReliabilityPolicy.BEST_EFFORT
    return profile
