# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Messages that no sane publisher sends, into every subscriber: none raises, and no plan of them leaves the limits."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Bool
from tf2_msgs.msg import TFMessage

from nodes.bench import CAMERA, frozen_prediction, overrides, wall
from nodes.executor.robot_bench import FRAME, HOME, T_WORLD_CAMERA, plan
from robot4d.action import ExecutePlan
from robot4d.msg import GripperPlans, Prediction
from robot4d_core.errors import Robot4dError
from robot4d_core.prediction import GripperPath
from robot4d_nodes.conversions import (
    camera_to_message,
    depth_to_message,
    gripper_plans_to_message,
    image_to_message,
    prediction_to_message,
    transform_to_message,
)
from robot4d_nodes.coordinator import Coordinator
from robot4d_nodes.executor import Executor
from robot4d_nodes.generator import Generator
from robot4d_nodes.motion_controllers import ExecutionEnded
from robot4d_nodes.playback import Playback
from robot4d_nodes.tracker import Tracker
from shipped_robot import ARM

STAMP = 50.0
FLOATS = [0.0, -1.0, 1e-300, 1e300, np.nan, np.inf, -np.inf]
TEXTS = ['', 'x', 'rgb8', '16UC1', 'world', 'gripper', 'ä' * 300, '\n']


def state(positions=HOME) -> JointState:
    fingers = [0.04] * len(ARM.gripper.finger_joints)
    message = JointState(name=[*ARM.joints, *ARM.gripper.finger_joints], position=[*positions, *fingers])
    message.header.stamp.sec = round(STAMP)
    return message


def samples() -> dict[type, list]:
    """Return good messages of every type that a node of robot4d subscribes to."""
    rgb, depth = wall()
    prediction = frozen_prediction(STAMP)
    steps = len(prediction.time_from_start)
    path = GripperPath('gripper', np.stack([np.eye(4)] * steps), np.full(steps, 0.08), np.zeros(steps, bool))
    return {
        Image: [image_to_message(rgb, 'rgb8', STAMP, FRAME), depth_to_message(depth, STAMP, FRAME)],
        CameraInfo: [camera_to_message(CAMERA, STAMP, FRAME)],
        JointState: [state()],
        Bool: [Bool()],
        TFMessage: [TFMessage(transforms=[transform_to_message(T_WORLD_CAMERA, 'world', FRAME, STAMP)])],
        Prediction: [prediction_to_message(replace(prediction, paths=(path,)))],
        GripperPlans: [gripper_plans_to_message([plan()])],
    }


SAMPLES = samples()


def leaves(message, above: str = '') -> Iterator[tuple[object, str, str]]:
    """Yield (message, field, its type) of everything in a message that is no message itself."""
    for field, kind in message.get_fields_and_field_types().items():
        value = getattr(message, field)
        if hasattr(value, 'get_fields_and_field_types'):
            yield from leaves(value)
        elif isinstance(value, list) and value and hasattr(value[0], 'get_fields_and_field_types'):
            yield message, field, kind
            for one in value:
                yield from leaves(one)
        else:
            yield message, field, kind


def mutate(message, field: str, kind: str, draw: Callable) -> None:
    """Give a field another value that its type allows."""
    value = getattr(message, field)
    if '[' in kind or 'sequence' in kind:
        values = list(value)
        if values and isinstance(values[0], float):
            values[draw(st.integers(0, len(values) - 1))] = draw(st.sampled_from(FLOATS))
        if 'sequence' in kind:
            values = draw(st.sampled_from([values, values[:-1], values[:len(values) // 2], [], values + values[:1]]))
        setattr(message, field, values)
    elif isinstance(value, bool):
        setattr(message, field, not value)
    elif isinstance(value, int):
        bits = int(''.join(filter(str.isdigit, kind)) or 8)
        signed = kind.startswith('int')
        low, high = (-2**(bits - 1), 2**(bits - 1) - 1) if signed else (0, 2**bits - 1)
        setattr(message, field, draw(st.sampled_from([low, high, 0, 1, max(low, value - 1), min(high, value + 1)])))
    elif isinstance(value, float):
        setattr(message, field, draw(st.sampled_from(FLOATS)))
    elif isinstance(value, str):
        setattr(message, field, draw(st.sampled_from(TEXTS)))


@st.composite
def mutated(draw, sample):
    """A message with one to three fields that are not as they should be."""
    message = copy.deepcopy(sample)
    for _ in range(draw(st.integers(1, 3))):
        fields = list(leaves(message))
        mutate(*fields[draw(st.integers(0, len(fields) - 1))], draw)
    return message


def active(make_node: type, **values):
    node = make_node(parameter_overrides=overrides(autostart=False, **values))
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    return node


NODES = {
    'executor': lambda: active(Executor),
    'tracker': lambda: active(Tracker, state_timeout=0.0),
    'generator': lambda: active(Generator, engine='hold', observation_timeout=0.1),
    'playback': lambda: active(Playback),
    'coordinator': lambda: active(Coordinator),
}


def hear(ros, name: str, examples: int) -> None:
    """Let a node hear so many mutated messages in each of its subscriptions."""
    node = NODES[name]()
    subscriptions = [one for one in node.subscriptions if one.msg_type in SAMPLES]
    assert subscriptions
    kinds = [(one, sample) for one in subscriptions for sample in SAMPLES[one.msg_type]]

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))
    @given(st.data())
    def hear_one(data) -> None:
        subscription, sample = data.draw(st.sampled_from(kinds))
        subscription.callback(data.draw(mutated(sample)))
        if name == 'generator':
            with suppress(Robot4dError):
                node._cameras.look(-np.inf)

    try:
        hear_one()
        for subscription, sample in kinds:
            subscription.callback(copy.deepcopy(sample))
    finally:
        node.destroy_node()


@pytest.mark.parametrize('name', NODES)
def test_no_subscriber_raises(ros, name):
    hear(ros, name, 30)


@pytest.mark.slow
@pytest.mark.parametrize('name', NODES)
def test_no_subscriber_raises_whatever_it_hears(ros, name):
    hear(ros, name, 2000)


def plan_mutated(examples: int) -> None:
    executor = active(Executor, **{'limits.max_plan_age': 600.0, 'tf_timeout': 0.0, 'state_timeout': 0.1})
    measured = executor._measured
    measured.transforms.set_transform_static(transform_to_message(T_WORLD_CAMERA, 'world', FRAME, 0.0), 'test')

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))
    @given(st.data())
    def plan_one(data) -> None:
        message = data.draw(mutated(gripper_plans_to_message([plan()])))
        now = state()
        now.header.stamp = executor.get_clock().now().to_msg()
        measured.joint_states._receive(now)
        try:
            motion = executor._plan(ExecutePlan.Goal(plans=message, max_steps=data.draw(st.sampled_from([0, 1, 3]))))
        except ExecutionEnded as end:
            assert 'a mistake in robot4d' not in str(end)
        except Robot4dError as error:
            pytest.fail(f'not refused, but raised: {error}')
        else:
            for segment in motion.segments:
                if hasattr(segment, 'velocities'):
                    allowed = executor._limits.velocity_share * executor._robot.velocity_limits
                    assert (np.abs(segment.velocities) <= allowed * 1.000001).all()
                    tools = np.stack([executor._robot.arms[0].kinematics.fk(joints) for joints in segment.positions])
                    assert (tools[:, :3, 3] >= np.array(executor._limits.workspace_low) - 1e-3).all()
                    assert (tools[:, :3, 3] <= np.array(executor._limits.workspace_high) + 1e-3).all()

    try:
        plan_one()
    finally:
        executor.destroy_node()


def test_mutated_plans_are_refused_or_within_the_limits(ros):
    plan_mutated(40)


@pytest.mark.slow
def test_any_mutated_plan_is_refused_or_within_the_limits(ros):
    plan_mutated(1000)
