# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The robot's state in an observation over real DDS: for engines that need it, waited for, or a named reason."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest
from rclpy.clock import Clock, ClockType
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_ros import StaticTransformBroadcaster, TransformBroadcaster

from nodes.bench import SteppingEngine, wait_until
from nodes.generator.generator_bench import Bench, says_at_configure
from robot4d_core.geometry.poses import look_at, make_pose
from robot4d_nodes import qos
from robot4d_nodes.conversions import header, time_to_message, transform_to_message
from shipped_robot import ARMS, DESCRIPTION

FRAME = 'reference_color_optical_frame'
EXTRINSIC = look_at([0.6, 0.4, 1.0], [0, 0, 0])
ARM, FINGERS = ARMS[0].joints, ARMS[0].gripper.finger_joints
CAMERA_HEALTH = 'generator: pose of the reference camera'
SPEED = 0.01  # rad/s and m/s
QUICK = {'state_timeout': 0.2, 'observation_timeout': 0.8}


class Robot:
    """Two drivers that tell of an arm and of fingers in turn, and tf; everything moves at SPEED along with time.

    lag: seconds that what is told lies behind the clock; silent: of arm, fingers, tf; mount: frame that carries the
    reference camera, world or the moving slide.
    """

    def __init__(self, node, mount: str = 'world') -> None:
        self.lag, self.silent, self.start = 0.0, set(), node.get_clock().now().nanoseconds * 1e-9
        self._node = node
        self._joint_states = [node.create_publisher(JointState, 'joint_states', qos.STATE) for _ in range(2)]
        self._moving, self._static = TransformBroadcaster(node), StaticTransformBroadcaster(node)
        self._ticks, self._mount = 0, mount
        node.create_timer(0.02, self._tell, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def travelled(self, stamp: float) -> float:
        return SPEED * (stamp - self.start)

    def _tell(self) -> None:
        stamp = self._node.get_clock().now().nanoseconds * 1e-9 - self.lag
        self._ticks += 1
        part, names = (('arm', [*ARM, 'wheel']), ('fingers', FINGERS))[self._ticks % 2]
        if part not in self.silent:
            self._joint_states[self._ticks % 2].publish(JointState(
                header=header(stamp, ''), name=names, position=[self.travelled(stamp)] * len(names)))
        if 'tf' not in self.silent:
            slid = make_pose(np.eye(3), [self.travelled(stamp), 0, 0])
            self._moving.sendTransform(transform_to_message(slid, 'world', 'slide', stamp))
            self._static.sendTransform(transform_to_message(EXTRINSIC, self._mount, FRAME, stamp))


@pytest.fixture
def engine():
    return SteppingEngine(needs_robot=True)


def sees_the_robot(bench: Bench, robot: Robot, engine: SteppingEngine, moving: bool = False) -> None:
    """Predict until the engine has been told where the robot was at the observation's stamp, between two messages."""
    def exact() -> bool:
        if not bench.works():
            return False
        observation = engine.observations[-1]
        travelled = robot.travelled(observation.stamp)
        assert set(observation.robot.joints) == {*ARM, *FINGERS}  # the wheel is not of the described robot
        extrinsic = make_pose(np.eye(3), [travelled if moving else 0, 0, 0]) @ EXTRINSIC
        np.testing.assert_allclose(observation.robot.T_base_reference, extrinsic, atol=1e-6)
        return np.allclose(list(observation.robot.joints.values()), travelled, atol=1e-6)

    wait_until(exact)


def test_the_engine_gets_joints_and_the_camera_that_the_robot_carries_at_the_observations_stamp(
    ros, monkeypatch, engine
):
    with Bench(monkeypatch, engine) as bench:
        sees_the_robot(bench, Robot(bench.probe, mount='slide'), engine, moving=True)
        wait_until(lambda: bench.probe.says('generator: joint_states') == 'receiving')
        wait_until(lambda: bench.probe.says(CAMERA_HEALTH) == f"'{FRAME}' is known in 'world'")


def test_when_the_robot_is_told_of_later_than_the_images_expect_it_waited_for(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, state_timeout=30.0) as bench:
        robot = Robot(bench.probe, mount='slide')
        robot.lag = 0.4  # of which nothing shows
        sees_the_robot(bench, robot, engine, moving=True)


def test_when_the_robot_is_heard_only_after_the_first_look_expect_a_later_look(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, state_timeout=0.2) as bench:
        robot = Robot(bench.probe, mount='slide')
        robot.silent = {'arm', 'tf'}
        threading.Timer(1.0, robot.silent.clear).start()
        assert bench.works()
        sees_the_robot(bench, robot, engine, moving=True)


@pytest.mark.parametrize('silent, message', [
    ({'arm', 'fingers'},
     f'no joint_states with {ARM[0]} and .* and {FINGERS[1]}; heard: nothing; its publisher /probe is silent'),
    ({'fingers'}, rf'no joint_states with {FINGERS[0]} and {FINGERS[1]}; heard: {ARM[0]}, '),
    ({'tf'}, f"no transform from '{FRAME}' to 'world' at the observation: .*static_transform_publisher"),
], ids=['nothing', 'no fingers', 'no tf'])
def test_when_a_part_is_missing_expect_it_named_and_recovery(ros, monkeypatch, engine, silent, message):
    with Bench(monkeypatch, engine, **QUICK) as bench:
        robot = Robot(bench.probe)
        robot.silent = set(silent)
        wait_until(lambda: re.search(message, bench.failure()), message=message)
        robot.silent.clear()
        sees_the_robot(bench, robot, engine)


def test_when_the_robots_stamps_are_of_another_time_expect_the_distance(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK) as bench:
        robot = Robot(bench.probe)
        robot.lag = 20.0
        wait_until(lambda: re.search(
            r'nearest joint_states with \w+ are (19|2\d)\.\d\d s from the observation, limit 0\.10 s', bench.failure()))


def test_when_the_base_frame_is_not_in_tf_expect_it_named(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, base_frame='table') as bench:
        Robot(bench.probe)
        wait_until(lambda: "base_frame 'table' is a frame of tf" in bench.failure())
        wait_until(lambda: 'table' in bench.probe.says(CAMERA_HEALTH))


def test_when_the_robot_description_lacks_the_base_frame_expect_it_named_at_configure(ros, monkeypatch, engine):
    says_at_configure(monkeypatch, engine, "cannot configure: the robot description has no link 'base_link'",
                      base_frame='base_link')


def test_when_time_jumps_back_expect_the_robot_of_before_forgotten(ros, monkeypatch, engine):
    with Bench(monkeypatch, engine, **QUICK, use_sim_time=True) as bench:
        clock = bench.probe.create_publisher(ClockMessage, '/clock', 10)
        now = [1000.0]

        def tick() -> None:
            now[0] += 0.02
            clock.publish(ClockMessage(clock=time_to_message(now[0])))

        bench.probe.create_timer(0.02, tick)
        wait_until(lambda: bench.cameras.get_clock().now().nanoseconds)
        robot = Robot(bench.cameras, mount='slide')
        sees_the_robot(bench, robot, engine, moving=True)
        now[0] = 500.0  # the bag starts again, and its robot stands elsewhere
        robot.start += 100.0
        wait_until(lambda: bench.works() and engine.observations[-1].stamp < 600)
        sees_the_robot(bench, robot, engine, moving=True)


def test_an_engine_that_does_not_need_the_robot_listens_to_nothing_of_it(ros, monkeypatch):
    engine = SteppingEngine()
    with Bench(monkeypatch, engine) as bench:
        wait_until(bench.works)
        assert engine.observations[-1].robot is None
        assert {name for name, _ in bench.generator.get_topic_names_and_types()}.isdisjoint({'/joint_states', '/tf'})
        assert 'generator: joint_states' not in bench.probe.health


def test_the_urdf_can_come_from_a_latched_topic(ros, monkeypatch, engine):
    bench = Bench(monkeypatch, engine, robot_description_topic='robot_description')
    publisher = bench.probe.create_publisher(String, 'robot_description', qos.LATCHED)
    publisher.publish(String(data=DESCRIPTION.urdf))
    with bench:
        assert bench.generator.active


def test_when_the_robot_description_lacks_a_joint_expect_it_named_at_configure(ros, monkeypatch, engine):
    says_at_configure(monkeypatch, engine, "cannot configure: the robot description has no movable joint 'elbow'",
                      **{'arm.joint_names': ['elbow']})

