# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Transforms travel from broadcasters to listeners over DDS, and buffers wait for, await and apply them."""

from __future__ import annotations

import os
import threading
import time as wall

import numpy as np
import pytest
import rclpy
import tf2_geometry_msgs
import tf2_ros
from geometry_msgs.msg import (
    PointStamped,
    PolygonStamped,
    PoseStamped,
    PoseWithCovarianceStamped,
    Quaternion,
    TransformStamped,
    Vector3Stamped,
)
from rclpy.clock import ROSClock
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.time import Time
from scipy.spatial.transform import Rotation
from tf2_msgs.srv import FrameGraph
from tf2_ros import Buffer, StaticTransformBroadcaster, TransformBroadcaster, TransformListener

LATEST = Time()
HALF_TURN_ABOUT_X = Quaternion(x=1.0, y=0.0, z=0.0, w=0.0)
ONE_SECOND = Duration(seconds=1)


def transform(parent, child, seconds=1.0, x=0.0, rotation=None):
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp = Time(seconds=seconds).to_msg()
    message.transform.translation.x = x
    message.transform.rotation = rotation or Quaternion()
    return message


def stamped(message, frame='a', seconds=1.0):
    message.header.frame_id = frame
    message.header.stamp = Time(seconds=seconds).to_msg()
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
    listener = TransformListener(buffer, other_node, static_only=True)
    spin_until(lambda: buffer.can_transform('d', 'c', LATEST), node, other_node)
    assert buffer.lookup_transform('a', 'd', Time(seconds=99)).transform.translation.x == 21
    assert not [info for info in other_node.get_subscriptions_info_by_topic('/tf') if info.node_name == 'other']
    listener.unregister()


def test_a_lookup_waits_in_one_thread_while_the_listener_spins_in_its_own(node, other_node):
    buffer = Buffer()
    listener = TransformListener(buffer, node, spin_thread=True)
    broadcaster = TransformBroadcaster(other_node)
    sender = threading.Timer(0.3, lambda: broadcaster.sendTransform(transform('a', 'b', 1, 3.0)))
    while not broadcaster.pub_tf.get_subscription_count():
        wall.sleep(0.02)
    sender.start()
    assert buffer.lookup_transform('a', 'b', LATEST, Duration(seconds=100)).transform.translation.x == 3
    listener.executor.shutdown()
    listener.dedicated_listener_thread.join()
    listener.unregister()


def test_a_node_offers_its_frames_as_a_service(node, other_node):
    buffer = Buffer(node=node)
    buffer.set_transform(transform('a', 'b'), 'test')
    client = other_node.create_client(FrameGraph, 'tf2_frames')
    answer = client.call_async(FrameGraph.Request())
    spin_until(answer.done, node, other_node)
    assert answer.result().frame_yaml == buffer.all_frames_as_yaml()


def test_a_buffer_forgets_when_its_nodes_clock_jumps_back(node):
    buffer = Buffer(node=node)
    clock = node.get_clock()
    assert isinstance(clock, ROSClock)
    clock._set_ros_time_is_active(True)
    clock.set_ros_time_override(Time(seconds=100, clock_type=clock.clock_type))
    buffer.set_transform(transform('a', 'b'), 'test')
    clock.set_ros_time_override(Time(seconds=101, clock_type=clock.clock_type))
    assert buffer.can_transform('a', 'b', LATEST)
    clock.set_ros_time_override(Time(seconds=50, clock_type=clock.clock_type))
    assert not buffer.can_transform('a', 'b', LATEST)


def test_waiting_ends_with_the_timeout_and_then_says_why():
    buffer = Buffer()
    start = wall.monotonic()
    with pytest.raises(tf2_ros.LookupException):
        buffer.lookup_transform('a', 'b', LATEST, Duration(seconds=0.2))
    assert 0.2 <= wall.monotonic() - start < 30
    known, why = buffer.can_transform('a', 'b', LATEST, return_debug_tuple=True)
    assert not known
    assert why == 'Invalid frame ID "a" passed to canTransform argument target_frame - frame does not exist'


def run(coroutine, meanwhile=lambda: None):
    """Step a coroutine to its end; do something when it waits first."""
    try:
        coroutine.send(None)
        meanwhile()
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError('still waiting')


@pytest.mark.parametrize('known_before', [True, False])
def test_lookups_can_be_awaited(known_before):
    for name, question in {
        'lookup_transform_async': ('a', 'b', Time(seconds=1)),
        'lookup_transform_full_async': ('a', Time(seconds=1), 'b', Time(seconds=1), 'a'),
    }.items():
        buffer = Buffer()
        message = transform('a', 'b', 1, 2.0)
        if known_before:
            buffer.set_transform(message, 'test')
        looked_up = run(getattr(buffer, name)(*question), lambda b=buffer, m=message: b.set_transform(m, 'test'))
        assert looked_up == message


def test_a_future_gets_its_transform_once_it_is_known_and_is_then_forgotten():
    buffer = Buffer()
    future = buffer.wait_for_transform_async('a', 'c', LATEST)
    buffer.set_transform(transform('a', 'b', 1, 1.0), 'test')
    assert not future.done()
    buffer.set_transform_static(transform('b', 'c', 1, 10.0), 'test')
    assert future.result().transform.translation.x == 11
    assert buffer._new_data_callbacks == []


def test_a_buffer_transforms_messages_at_their_own_time():
    buffer = Buffer()
    buffer.set_transform(transform('a', 'b', 1, 1.0, HALF_TURN_ABOUT_X), 'test')
    buffer.set_transform(transform('a', 'b', 2, 9.0, HALF_TURN_ABOUT_X), 'test')
    point = stamped(PointStamped())
    point.point.x, point.point.y, point.point.z = 1.0, 2.0, 3.0
    moved = buffer.transform(point, 'b', ONE_SECOND, new_type=PointStamped)
    assert (moved.point.x, moved.point.y, moved.point.z) == (0, -2, -3)
    assert (moved.header.frame_id, moved.header.stamp) == ('b', point.header.stamp)
    later = buffer.transform_full(point, 'b', Time(seconds=2), 'a')
    assert (later.point.x, later.point.y, later.point.z) == (-8, -2, -3)


def test_a_type_that_nobody_registered_is_named():
    buffer = Buffer()
    buffer.set_transform_static(transform('a', 'b'), 'test')
    with pytest.raises(tf2_ros.TypeException, match='PolygonStamped'):
        buffer.transform(stamped(PolygonStamped()), 'b')


def test_registered_types_and_conversions_are_used():
    class Marker:
        pass

    class Label(str):
        __slots__ = ()

    marker = tf2_ros.Stamped(Marker(), Time(seconds=1).to_msg(), 'a')
    tf2_ros.TransformRegistration().add(Marker, lambda marker, transform: transform.header.frame_id)
    tf2_ros.ConvertRegistration().add_convert((str, Label), Label)
    buffer = Buffer()
    buffer.set_transform_static(transform('a', 'b'), 'test')
    assert type(buffer.transform(marker, 'b', new_type=Label)) is Label
    with pytest.raises(tf2_ros.TypeException):
        tf2_ros.convert(marker, Label)
    point = PointStamped()
    assert tf2_ros.convert(point, PointStamped) is not point


def test_vectors_are_turned_but_not_moved_and_the_transform_stays_as_it_is():
    vector = stamped(Vector3Stamped())
    vector.vector.x, vector.vector.z = 1.0, 2.0
    move = transform('b', 'a', 1, 7.0, HALF_TURN_ABOUT_X)
    turned = tf2_geometry_msgs.do_transform_vector3(vector, move)
    assert (turned.vector.x, turned.vector.y, turned.vector.z) == (1, 0, -2)
    assert move.transform.translation.x == 7


def test_poses_and_covariances_are_moved():
    rotation = Rotation.from_euler('xyz', [0.3, -1.1, 2.0])
    turn = Rotation.from_euler('xyz', [-0.4, 0.2, 0.9])
    q = dict(zip('xyzw', turn.as_quat().tolist(), strict=True))
    move = transform('b', 'a', 1, 1.5, Quaternion(**q))
    pose = stamped(PoseWithCovarianceStamped())
    pose.pose.pose.position.x, pose.pose.pose.position.y = 1.0, -2.0
    pose.pose.pose.orientation = Quaternion(**dict(zip('xyzw', rotation.as_quat().tolist(), strict=True)))
    pose.pose.covariance = covariance = np.random.default_rng(0).normal(size=36)

    moved = tf2_geometry_msgs.do_transform_pose_with_covariance_stamped(pose, move)
    p, r = moved.pose.pose.position, moved.pose.pose.orientation
    np.testing.assert_allclose([p.x, p.y, p.z], turn.apply([1, -2, 0]) + [1.5, 0, 0])
    expected = (turn * rotation).as_quat(canonical=True)
    np.testing.assert_allclose([r.x, r.y, r.z, r.w], expected, atol=1e-12)
    both = np.kron(np.eye(2), turn.as_matrix())
    np.testing.assert_allclose(moved.pose.covariance, (both @ covariance.reshape(6, 6) @ both.T).ravel())

    plain = tf2_geometry_msgs.do_transform_pose_stamped(PoseStamped(header=pose.header, pose=pose.pose.pose), move)
    assert (plain.pose, plain.header) == (moved.pose.pose, move.header)


def test_exact_turns_give_exact_covariances():
    pose = stamped(PoseWithCovarianceStamped())
    pose.pose.covariance = np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 6)
    moved = tf2_geometry_msgs.do_transform_pose_with_covariance_stamped(
        pose, transform('b', 'a', rotation=HALF_TURN_ABOUT_X)
    )
    signs = np.array([1, -1, -1, 1, -1, -1])
    np.testing.assert_array_equal(moved.pose.covariance, pose.pose.covariance * np.outer(signs, signs).ravel())


def test_an_interface_without_lookups_says_so():
    interface = tf2_ros.BufferInterface()
    with pytest.raises(tf2_ros.NotImplementedException):
        interface.lookup_transform('a', 'b', LATEST)


def test_the_client_is_not_offered():
    with pytest.raises(NotImplementedError, match='no BufferClient'):
        tf2_ros.BufferClient(None, 'namespace')
