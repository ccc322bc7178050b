# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What nodes remember of tf and joint states: nothing from before a jump of time that is heard after it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pytest
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage
from tf2_ros import TransformBroadcaster

from nodes.bench import Probe, overrides, stranger, wait_until
from robot4d_core.errors import ObservationError
from robot4d_nodes import qos
from robot4d_nodes.conversions import header, time_to_message, transform_to_message
from robot4d_nodes.joint_history import JointHistory
from robot4d_nodes.lifecycle import Robot4dNode, spinning
from robot4d_nodes.transform_memory import TransformMemory

DURATION = 20.0


@dataclass(frozen=True)
class NoParameters:
    """The node has none of its own."""


class Remembering(Robot4dNode):
    """A node that remembers, under simulated time."""

    def __init__(self, *arguments: str) -> None:
        super().__init__('remembering', NoParameters(), parameter_overrides=overrides(use_sim_time=True),
                         cli_args=arguments)

    def configure(self) -> None:
        self.transforms = TransformMemory(self, DURATION)
        self.joints = JointHistory(self, ['elbow'], DURATION, 60.0)


class Bench:
    """A node that remembers and what it hears."""

    def __init__(self) -> None:
        self.node, self.probe = Remembering(), Probe()
        self._clock = self.probe.create_publisher(Clock, '/clock', 10)
        self._tf = TransformBroadcaster(self.probe)
        self._joint_states = self.probe.create_publisher(JointState, 'joint_states', qos.STATE)

    def set_time(self, now: float) -> None:
        def arrived() -> bool:
            self._clock.publish(Clock(clock=time_to_message(now)))
            return abs(self.node.seconds_now() - now) < 1e-6

        wait_until(arrived)

    def send(self, transform) -> None:
        self._tf.sendTransform(transform)

    def tell(self, stamp: float, position: float = 0.0) -> None:
        self._tf.sendTransform(transform_to_message(np.eye(4), 'world', 'hand', stamp))
        self._joint_states.publish(JointState(header=header(stamp, ''), name=['elbow'], position=[position]))

    def knows(self, stamp: float) -> bool:
        try:
            self.node.joints.positions_at(stamp, 0.01, 0.0)
        except ObservationError:
            return False
        return bool(self.node.transforms.can_transform('world', 'hand', Time(nanoseconds=round(stamp * 1e9))))

    def tell_until_known(self, *stamps: float) -> None:
        def known() -> bool:
            for stamp in stamps:
                self.tell(stamp)
            return all(self.knows(stamp) for stamp in stamps)

        wait_until(known)


@pytest.fixture
def bench(ros):
    made = Bench()
    with spinning(made.node, made.probe):
        wait_until(lambda: made.node.active)
        yield made


def test_when_time_jumps_back_expect_what_was_before_forgotten(bench):
    bench.set_time(1000.0)
    bench.tell_until_known(999.0, 999.5)
    bench.set_time(500.0)
    assert not bench.knows(999.5)


def test_when_a_message_of_before_the_jump_is_heard_after_it_expect_it_passed_over(bench):
    bench.set_time(500.0)
    bench.tell(1000.0)
    wait_until(lambda: "stamped 500 s ahead of this node's clock" in bench.probe.says('remembering: joint_states'))
    bench.tell_until_known(499.0, 499.5)  # nothing newer has made them too old to be remembered
    assert not bench.knows(1000.0)


def test_when_the_stamps_alone_jump_back_expect_what_was_before_forgotten_and_what_follows_known(bench):
    bench.set_time(1000.0)
    bench.tell_until_known(999.0, 999.5)
    bench.tell_until_known(989.0, 989.5)  # within the duration: nothing is too old to be remembered
    assert not bench.knows(999.5)
    with pytest.raises(ObservationError, match='their stamps jumped back by'):
        bench.node.joints.positions_at(999.0, 0.01, 0.0)
    with pytest.raises(ObservationError, match="the stamps of 'hand' jumped back by"):
        bench.node.transforms.pose_at('world', 'hand', Time(seconds=999), 0.0)


def test_a_marker_that_cameras_see_with_other_delays_makes_nothing_forgotten(bench):
    bench.set_time(1000.0)
    bench.tell_until_known(999.0, 999.5)
    for stamp in (999.9, 999.4):
        bench.send(transform_to_message(np.eye(4), 'camera', 'marker', stamp))
    wait_until(lambda: bench.node.transforms.can_transform('camera', 'marker', Time(nanoseconds=999_400_000_000)))
    assert bench.knows(999.5)


def test_static_transforms_of_a_volatile_publisher_are_heard(bench):
    publisher = bench.probe.create_publisher(TFMessage, '/tf_static', 10)
    message = TFMessage(transforms=[transform_to_message(np.eye(4), 'world', 'table', 0.0)])

    def known() -> bool:
        publisher.publish(message)
        return bool(bench.node.transforms.can_transform('world', 'table', Time()))

    wait_until(known)


@pytest.mark.parametrize(('topic', 'message_type', 'profile', 'expected'), [
    ('/tf_static', TFMessage, 10, r'/stranger cannot be heard \(volatile publisher .*; publish it transient local'),
    ('/tf_static', String, 10, 'it is published as std_msgs/msg/String by /stranger, not as tf2_msgs/msg/TFMessage'),
    ('/elsewhere', String, 10, 'nobody publishes /tf_static'),
])
def test_a_transform_that_is_not_known_is_told_with_who_publishes(bench, topic, message_type, profile, expected):
    def says() -> bool:
        with pytest.raises(ObservationError) as caught:
            bench.node.transforms.pose_at('world', 'table', Time(seconds=1), 0.0)
        return re.search(expected, str(caught.value))

    with stranger() as other:
        other.create_publisher(message_type, topic, profile)
        wait_until(says, message=expected)


@pytest.mark.parametrize(('message_type', 'expected'), [
    (None, 'nobody publishes /remapped/joint_states'),
    (String, 'it is published as std_msgs/msg/String by /stranger, not as sensor_msgs/msg/JointState'),
    (JointState, 'its publisher /stranger is silent'),
])
def test_joint_states_that_are_not_heard_are_told_with_who_publishes(ros, message_type, expected):
    node = Remembering('--ros-args', '-r', 'joint_states:=/remapped/joint_states')

    def says() -> bool:
        with pytest.raises(ObservationError) as caught:
            node.joints.positions_at(1.0, 0.1, 0.0)
        return expected in str(caught.value)

    with spinning(node), stranger() as other:
        wait_until(lambda: node.active)
        if message_type:
            other.create_publisher(message_type, '/remapped/joint_states', 10)
        wait_until(says, message=expected)


def test_two_publishers_of_parts_are_waited_for(ros):
    class Gripper(Robot4dNode):
        def __init__(self) -> None:
            super().__init__('gripper', NoParameters())

        def configure(self) -> None:
            self.fingers = JointHistory(self, ['left', 'right'], DURATION, 60.0)

    node, probe = Gripper(), Probe()
    publisher = probe.create_publisher(JointState, 'joint_states', qos.STATE)

    def tell() -> None:
        for name, stamp, position in (('left', 9.99, 0.01), ('right', 9.98, 0.02), ('left', 10.01, 0.03),
                                      ('right', 10.02, 0.04), ('elbow', 10.0, 9.0)):
            publisher.publish(JointState(header=header(stamp, ''), name=[name], position=[position]))

    with spinning(node, probe):
        wait_until(lambda: node.active)
        probe.create_timer(0.05, tell)
        assert node.fingers.positions_at(10.0, 0.1, 60.0) == pytest.approx({'left': 0.02, 'right': 0.03})
