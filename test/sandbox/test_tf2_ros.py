# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Transforms travel from broadcasters to listeners over DDS, and lookups wait for them."""

from __future__ import annotations

import os
import threading
import time as wall

import pytest
import rclpy
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from tf2_ros import Buffer, StaticTransformBroadcaster, TransformBroadcaster, TransformListener

LATEST = Time()


def transform(parent, child, seconds=1.0, x=0.0):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp = Time(seconds=seconds).to_msg()
    message.transform.translation.x = x
    return message


@pytest.fixture(scope='module')
def ros():
    rclpy.init(domain_id=1 + os.getpid() % 99)
    yield
    rclpy.shutdown()


@pytest.fixture
def node(ros):
    node = rclpy.create_node('transforms')
    yield node
    node.destroy_node()


@pytest.fixture
def other_node(ros):
    node = rclpy.create_node('other')
    yield node
    node.destroy_node()


def spin_until(condition, *nodes, seconds=100):
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    deadline = wall.monotonic() + seconds
    while not condition() and wall.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.05)
    executor.shutdown()
    assert condition(), 'nothing came in time'


def test_a_listener_hears_what_is_broadcast(node, other_node):
    buffer = Buffer()
    listener = TransformListener(buffer, node)
    broadcaster = TransformBroadcaster(other_node)
    spin_until(lambda: broadcaster.pub_tf.get_subscription_count(), node, other_node)
    broadcaster.sendTransform(transform('a', 'b', 1, 1.0))
    broadcaster.sendTransform([transform('a', 'b', 2, 2.0), transform('b', 'c', 2, 10.0)])
    broadcaster.sendTransform(message for message in [transform('c', 'd', 2, 100.0)])
    spin_until(lambda: buffer.can_transform('a', 'd', LATEST), node, other_node)
    assert buffer.lookup_transform('a', 'd', LATEST).transform.translation.x == 112
    assert buffer.lookup_transform('a', 'b', Time(seconds=1.5)).transform.translation.x == 1.5
    listener.unregister()


def test_late_listeners_get_every_static_transform_and_a_frame_keeps_its_first(node, other_node):
    broadcaster = StaticTransformBroadcaster(node)
    broadcaster.sendTransform(transform('a', 'b', 1, 1.0))
    broadcaster.sendTransform([transform('b', 'c', 1, 10.0), transform('b', 'd', 1, 20.0)])
    broadcaster.sendTransform(transform('a', 'b', 2, 5.0))
    buffer = Buffer()
    listener = TransformListener(buffer, other_node)
    spin_until(lambda: buffer.can_transform('d', 'c', LATEST), node, other_node)
    assert buffer.lookup_transform('a', 'd', Time(seconds=99)).transform.translation.x == 21
    listener.unregister()


def test_a_lookup_waits_in_one_thread_while_another_spins(node, other_node):
    buffer = Buffer()
    listener = TransformListener(buffer, node)
    broadcaster = TransformBroadcaster(other_node)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    sender = threading.Timer(0.3, lambda: broadcaster.sendTransform(transform('a', 'b', 1, 3.0)))
    while not broadcaster.pub_tf.get_subscription_count():
        wall.sleep(0.02)
    sender.start()
    assert buffer.lookup_transform('a', 'b', LATEST, Duration(seconds=100)).transform.translation.x == 3
    executor.shutdown()
    spinning.join()
    listener.unregister()


def test_only_static_transforms_are_latched(node):
    listener = TransformListener(Buffer(), node)
    ends = (TransformBroadcaster(node).pub_tf, StaticTransformBroadcaster(node).pub_tf,
            listener.tf_sub, listener.tf_static_sub)
    assert [(end.topic_name, end.qos_profile.durability, end.qos_profile.depth) for end in ends] == [
        ('/tf', DurabilityPolicy.VOLATILE, 100), ('/tf_static', DurabilityPolicy.TRANSIENT_LOCAL, 1),
        ('/tf', DurabilityPolicy.VOLATILE, 100), ('/tf_static', DurabilityPolicy.TRANSIENT_LOCAL, 100),
    ]
    assert {end.qos_profile.reliability for end in ends} == {ReliabilityPolicy.RELIABLE}
    listener.unregister()


def test_another_quality_of_service_is_used(node):
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    for broadcaster in (TransformBroadcaster, StaticTransformBroadcaster):
        assert broadcaster(node, best_effort).pub_tf.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT


def test_waiting_ends_with_the_timeout_and_then_says_why():
    buffer = Buffer()
    start = wall.monotonic()
    with pytest.raises(tf2_ros.LookupException):
        buffer.lookup_transform('a', 'b', LATEST, Duration(seconds=0.2))
    assert 0.2 <= wall.monotonic() - start < 30
    known, why = buffer.can_transform('a', 'b', LATEST, return_debug_tuple=True)
    assert not known
    assert why == 'Invalid frame ID "a" passed to canTransform argument target_frame - frame does not exist'


@pytest.mark.parametrize(('build', 'named'), [
    (lambda node: TransformListener(Buffer(), node, spin_thread=True), r'TransformListener\(spin_thread=True\)'),
    (lambda node: TransformListener(Buffer(), node, static_only=True), r'TransformListener\(static_only=True\)'),
    (lambda node: Buffer(node=node), r'Buffer\(node=...\)'),
    (lambda node: tf2_ros.BufferClient, 'BufferClient'),
    (lambda node: tf2_ros.convert, 'convert'),
])
def test_what_only_upstream_offers_is_named(node, build, named):
    with pytest.raises(NotImplementedError, match=f"tf2_ros.{named} exists in ROS 2 but not in the sandbox's stand-in"):
        build(node)


def test_what_upstream_does_not_offer_either_is_unknown(node):
    with pytest.raises(AttributeError):
        _ = tf2_ros.Nonsense
    with pytest.raises(TypeError):
        TransformListener(Buffer(), node, nonsense=True)
