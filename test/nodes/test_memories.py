# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What nodes remember of tf and joint states: nothing from before a jump of time that is heard after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from tf2_ros import TransformBroadcaster

from nodes.bench import Probe, overrides, wait_until
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

    def __init__(self) -> None:
        super().__init__('remembering', NoParameters(), parameter_overrides=overrides(use_sim_time=True))

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
