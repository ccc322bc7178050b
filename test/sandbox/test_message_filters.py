# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The synchroniser joins messages by time exactly as upstream's: held against brute force, and over DDS."""

from __future__ import annotations

import itertools
import os
import threading
import time as wall
from types import SimpleNamespace

import message_filters
import pytest
import rclpy
from builtin_interfaces.msg import Time as TimeMessage
from hypothesis import given, settings
from hypothesis import strategies as st
from message_filters import ApproximateTimeSynchronizer, SimpleFilter, Subscriber
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from sensor_msgs.msg import Imu
from std_msgs.msg import String


class Message:
    """A message with a stamp in units of 0.1 s."""

    def __init__(self, tenths, name=''):
        self.header = SimpleNamespace(stamp=TimeMessage(sec=tenths // 10, nanosec=tenths % 10 * 10**8))
        self.tenths = tenths
        self.name = name

    def __repr__(self):
        return f'{self.name}@{self.tenths}'


class Collector(list):
    def __call__(self, *messages):
        self.append(messages)


# What happens: which input gets a message of which stamp.
arrivals = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), max_size=40)


def joined(inputs, arrivals, *arguments):
    filters = [SimpleFilter() for _ in range(inputs)]
    collector = Collector()
    ApproximateTimeSynchronizer(filters, *arguments).registerCallback(collector)
    for which, message in arrivals:
        filters[which].signalMessage(message)
    return list(collector)


def numbered(arrivals, inputs):
    return [(which % inputs, Message(tenths, str(i))) for i, (which, tenths) in enumerate(arrivals)]


def keep_newest(queue, size):
    while len({message.tenths for message in queue}) > size:
        queue.remove(min(queue, key=lambda message: message.tenths))


def enqueue(queue, message, size):
    """Replace a message of the same stamp in its place; drop the oldest stamps beyond `size`."""
    same = [i for i, other in enumerate(queue) if other.tenths == message.tenths]
    if same:
        queue[same[0]] = message
    else:
        queue.append(message)
    keep_newest(queue, size)


def approximate_sets(arrivals, inputs, size, slop):
    """Return the sets by definition: of all within less than slop, that with the nearest first, second, ... input."""
    queues = [[] for _ in range(inputs)]
    for which, message in arrivals:
        enqueue(queues[which], message, size)
        possible = [
            chosen
            for chosen in itertools.product(*queues)
            if chosen[which] is message and max(m.tenths for m in chosen) - min(m.tenths for m in chosen) < slop
        ]
        if possible:
            best = min(
                possible,
                key=lambda chosen: [
                    (abs(m.tenths - message.tenths), queue.index(m)) for queue, m in zip(queues, chosen, strict=True)
                ],
            )
            yield best
            for queue, used in zip(queues, best, strict=True):
                queue.remove(used)


@given(arrivals, st.integers(1, 3), st.integers(1, 5), st.integers(0, 5))
@settings(max_examples=300, deadline=None)
def test_approximate_synchronisation_equals_its_definition(arrivals, inputs, size, slop):
    arrivals = numbered(arrivals, inputs)
    actual = joined(inputs, arrivals, size, slop / 10)
    assert actual == list(approximate_sets(arrivals, inputs, size, slop))


def test_scrambled_streams_are_recombined():
    order = [7, 2, 9, 0, 5, 3, 8, 1, 6, 4]
    first, second = ([Message(10 * t) for t in range(10)] for _ in range(2))
    arrivals = [(0, first[i]) for i in order] + [(1, second[i]) for i in order]
    assert joined(2, arrivals, 10, 0.05) == [(first[i], second[i]) for i in order]


def test_the_spread_must_be_less_than_slop():
    for apart, sets in {2: 1, 3: 0}.items():
        assert len(joined(2, [(0, Message(0)), (1, Message(apart))], 5, 0.3)) == sets


def test_messages_without_header_are_left_out():
    assert joined(2, [(0, Message(0)), (1, String(data='no header'))], 5, 10.0) == []


def test_a_jump_back_in_time_empties_the_queues_under_the_lock():
    filters, collector = [SimpleFilter(), SimpleFilter()], Collector()
    synchronizer = ApproximateTimeSynchronizer(filters, 1, 0.1)
    synchronizer.registerCallback(collector)
    filters[0].signalMessage(Message(100))
    with synchronizer.lock:
        for queue in synchronizer.queues:
            queue.clear()
    messages = Message(1), Message(1)
    for source, message in zip(filters, messages, strict=True):
        source.signalMessage(message)
    assert collector == [messages]


def test_a_synchronizer_is_fed_by_one_thread_at_a_time():
    filters = [SimpleFilter(), SimpleFilter()]
    synchronizer = ApproximateTimeSynchronizer(filters, 10, 0.05)
    inside = []

    def slow(*messages):
        inside.append('enter')
        wall.sleep(0.01)
        inside.append('leave')

    synchronizer.registerCallback(slow)
    threads = [threading.Thread(target=lambda f=f: [f.signalMessage(Message(t)) for t in range(5)]) for f in filters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside
    assert inside == ['enter', 'leave'] * (len(inside) // 2)


def test_a_callback_gets_its_extra_arguments_after_the_messages():
    source = SimpleFilter()
    calls = []
    connections = [
        source.registerCallback(lambda *arguments: calls.append(arguments), 'extra', 7),
        source.registerCallback(lambda *arguments: calls.append(arguments)),
    ]
    source.signalMessage('first', 'second')
    assert connections == [0, 1]
    assert calls == [('first', 'second', 'extra', 7), ('first', 'second')]


def test_subscribers_join_two_topics_over_dds():
    rclpy.init(domain_id=1 + os.getpid() % 99)
    node = rclpy.create_node('filters')
    left = Subscriber(node, Imu, 'left', qos_profile=QoSProfile(depth=3, reliability=ReliabilityPolicy.BEST_EFFORT))
    right = Subscriber(node, Imu, 'right', callback_group=ReentrantCallbackGroup())
    assert (left.getTopic(), left.topic_name) == ('left', '/left')
    assert left.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    collector = Collector()
    ApproximateTimeSynchronizer([left, right], 10, 0.1).registerCallback(collector)
    publishers = [node.create_publisher(Imu, topic, 10) for topic in ('left', 'right')]
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    deadline = wall.monotonic() + 100
    while not all(publisher.get_subscription_count() for publisher in publishers) and wall.monotonic() < deadline:
        wall.sleep(0.02)
    for i in range(3):
        for publisher, offset in zip(publishers, (0, 5 * 10**7), strict=True):
            message = Imu()
            message.header.stamp = Time(seconds=i, nanoseconds=offset).to_msg()
            publisher.publish(message)
    while len(collector) < 3 and wall.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.05)
    stamps = [tuple(Time.from_msg(m.header.stamp).nanoseconds for m in messages) for messages in collector]
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()
    assert stamps == [(i * 10**9, i * 10**9 + 5 * 10**7) for i in range(3)]


@pytest.mark.parametrize('name', ['Cache', 'TimeSynchronizer', 'DeltaFilter'])
def test_what_only_upstream_offers_is_named(name):
    with pytest.raises(NotImplementedError, match=f"message_filters.{name} exists in ROS 2 but not in the sandbox's"):
        getattr(message_filters, name)


def test_messages_without_header_are_not_offered():
    with pytest.raises(NotImplementedError, match=r'ApproximateTimeSynchronizer\(allow_headerless=True\)'):
        ApproximateTimeSynchronizer([SimpleFilter()], 5, 0.1, allow_headerless=True)


def test_what_upstream_does_not_offer_either_is_unknown():
    with pytest.raises(AttributeError):
        _ = message_filters.Nonsense
    with pytest.raises(TypeError):
        ApproximateTimeSynchronizer([SimpleFilter()], 5, 0.1, nonsense=True)
