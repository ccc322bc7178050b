# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The filters join messages by time exactly as upstream's: held against brute force, and over DDS."""

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
from message_filters import ApproximateTimeSynchronizer, Cache, SimpleFilter, Subscriber, TimeSynchronizer
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import ROSClock
from rclpy.clock_type import ClockType
from rclpy.duration import Duration
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


def joined(synchronizer_type, inputs, arrivals, *arguments):
    filters = [SimpleFilter() for _ in range(inputs)]
    collector = Collector()
    synchronizer_type(filters, *arguments).registerCallback(collector)
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


def exact_sets(arrivals, inputs, size):
    """Return the sets by definition: when all have one stamp, the oldest such; what is older is gone."""
    queues = [[] for _ in range(inputs)]
    for which, message in arrivals:
        enqueue(queues[which], message, size)
        shared = set.intersection(*({m.tenths for m in queue} for queue in queues))
        if shared:
            stamp = min(shared)
            yield tuple(next(m for m in queue if m.tenths == stamp) for queue in queues)
            queues = [[m for m in queue if m.tenths > stamp] for queue in queues]


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


@given(arrivals, st.integers(1, 3), st.integers(1, 5))
@settings(max_examples=300, deadline=None)
def test_exact_synchronisation_equals_its_definition(arrivals, inputs, size):
    arrivals = numbered(arrivals, inputs)
    assert joined(TimeSynchronizer, inputs, arrivals, size) == list(exact_sets(arrivals, inputs, size))


@given(arrivals, st.integers(1, 3), st.integers(1, 5), st.integers(0, 5))
@settings(max_examples=300, deadline=None)
def test_approximate_synchronisation_equals_its_definition(arrivals, inputs, size, slop):
    arrivals = numbered(arrivals, inputs)
    actual = joined(ApproximateTimeSynchronizer, inputs, arrivals, size, slop / 10)
    assert actual == list(approximate_sets(arrivals, inputs, size, slop))


@pytest.mark.parametrize('synchronizer', [(TimeSynchronizer, 10), (ApproximateTimeSynchronizer, 10, 0.05)])
def test_scrambled_streams_are_recombined(synchronizer):
    order = [7, 2, 9, 0, 5, 3, 8, 1, 6, 4]
    first, second = ([Message(10 * t) for t in range(10)] for _ in range(2))
    # The exact one drops what is older than a set, so its second stream must come in order.
    second_order = sorted(order) if synchronizer[0] is TimeSynchronizer else order
    arrivals = [(0, first[i]) for i in order] + [(1, second[i]) for i in second_order]
    assert joined(synchronizer[0], 2, arrivals, *synchronizer[1:]) == [(first[i], second[i]) for i in second_order]


def test_an_older_pair_is_dropped_after_a_newer_one():
    early, late = (Message(0), Message(0)), (Message(10), Message(10))
    arrivals = [(0, early[0]), (1, late[1]), (0, late[0]), (1, early[1])]
    assert joined(TimeSynchronizer, 2, arrivals, 10) == [late]


def test_the_spread_must_be_less_than_slop():
    for apart, sets in {2: 1, 3: 0}.items():
        assert len(joined(ApproximateTimeSynchronizer, 2, [(0, Message(0)), (1, Message(apart))], 5, 0.3)) == sets


def test_messages_without_header_take_part_only_when_allowed():
    now = ROSClock().now().to_msg()
    headed = SimpleNamespace(header=SimpleNamespace(stamp=now))
    headless = String(data='no header')
    arrivals = [(0, headed), (1, headless)]
    assert joined(ApproximateTimeSynchronizer, 2, arrivals, 5, 10.0) == []
    assert joined(ApproximateTimeSynchronizer, 2, arrivals, 5, 10.0, True) == [(headed, headless)]


def test_a_synchronizer_is_fed_by_one_thread_at_a_time():
    filters = [SimpleFilter(), SimpleFilter()]
    synchronizer = TimeSynchronizer(filters, 10)
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


def test_a_cache_is_asked_by_time():
    source = SimpleFilter()
    passed_on = Collector()
    cache = Cache(source, 5)
    cache.registerCallback(passed_on)
    assert cache.getLast() is cache.getLastestTime() is cache.getOldestTime() is None
    messages = [Message(10 * t) for t in range(6)]
    for message in messages:
        source.signalMessage(message)
    assert passed_on == [(message,) for message in messages]
    clock = {'clock_type': cache.getLastestTime().clock_type}
    assert cache.getInterval(Time(seconds=2.5, **clock), Time(seconds=3.5, **clock)) == [messages[3]]
    assert cache.getInterval(Time(seconds=2, **clock), Time(seconds=3, **clock)) == messages[2:4]
    assert cache.getInterval(Time(**clock), Time(seconds=9, **clock)) == messages[1:]
    assert cache.getElemAfterTime(Time(seconds=2.5, **clock)) is messages[3]
    assert cache.getElemBeforeTime(Time(seconds=2.5, **clock)) is messages[2]
    assert cache.getElemAfterTime(Time(seconds=9, **clock)) is None
    assert cache.getElemBeforeTime(Time(seconds=0.5, **clock)) is None
    assert cache.getLastestTime() == Time(seconds=5, **clock)
    assert cache.getOldestTime() == Time(seconds=1, **clock)
    assert cache.getLast() is messages[5]


def test_a_cache_remembers_in_the_order_of_arrival():
    cache = Cache(SimpleFilter(), 2)
    for tenths in (30, 10, 20):
        cache.add(Message(tenths))
    assert [time.nanoseconds for time in cache.cache_times] == [10**9, 2 * 10**9]


def test_a_cache_stamps_headless_messages_with_their_arrival_when_allowed():
    start = Time(clock_type=ClockType.ROS_TIME)
    strict, lenient = Cache(SimpleFilter(), 5), Cache(SimpleFilter(), 5, allow_headerless=True)
    message = String()
    for cache in (strict, lenient):
        cache.add(message)
    assert strict.getElemAfterTime(start) is None
    assert lenient.getElemAfterTime(start) is message
    assert lenient.getElemAfterTime(ROSClock().now() + Duration(seconds=1)) is None


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


def test_what_is_not_offered_says_so():
    with pytest.raises(NotImplementedError, match='no DeltaFilter'):
        _ = message_filters.DeltaFilter
    with pytest.raises(AttributeError):
        _ = message_filters.Nonsense
