# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A recorded bag through generator (`hold`) and tracker under simulated time, twice: numbers, not proof of life."""

import os
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import Reader
from sensor_msgs.msg import Image

from replay.graph_client import REPLAYED, play, running
from replay.make_bag import make_bag
from robot4d.action import Predict
from robot4d.msg import GripperPlans
from robot4d_core.geometry.poses import pose_distance
from robot4d_nodes.conversions import gripper_plans_from_message, time_from_message

COLOUR = {camera: f'/{camera}/color/image_raw' for camera in ('reference', 'second')}


def replay(bag: Path, domain: int) -> tuple[GripperPlans, dict[str, list[Image]]]:
    """Play the bag into generator and tracker, ask for a prediction when it has ended, and return what came."""
    images = {camera: [] for camera in COLOUR}
    with running(domain, {'generator': {'engine': 'hold', 'max_age': 0.2, **REPLAYED}, 'tracker': {}}) as client:
        for camera, topic in COLOUR.items():
            client.listen(Image, topic, images[camera].append, 20)
        play(bag, domain)
        result = client.ask(client.predict, Predict.Goal(instruction='look'))
        return client.plans_of(result), images


@pytest.fixture(scope='module')
def bag(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('replay') / 'bag'


@pytest.mark.timeout(900)
def test_replay_gives_the_true_pose_twice_and_loses_nothing(bag):
    truth = make_bag(bag)
    assert sum(file.stat().st_size for file in bag.iterdir()) < 1_000_000
    domain = 40 + os.getpid() % 10
    (first, images), (second, _) = replay(bag, domain), replay(bag, domain)

    for plans in (first, second):
        assert not plans.lost, plans.message
        assert time_from_message(plans.header.stamp) >= truth['rest_from']
        (plan,) = gripper_plans_from_message(plans)
        for pose in plan.poses:
            metres, radians = pose_distance(np.array(truth['gripper_pose']), pose)
            assert metres < 0.01
            assert np.degrees(radians) < 3.0
        assert plan.opening == pytest.approx(np.full(10, truth['opening']), abs=0.015)
        assert not plan.closed.any()

    first_plan, second_plan = (gripper_plans_from_message(plans)[0] for plans in (first, second))
    assert first.header == second.header
    for name in ('poses', 'opening', 'closed', 'confidence'):
        assert np.array_equal(getattr(first_plan, name), getattr(second_plan, name)), name

    with Reader(bag) as reader:
        for camera, topic in COLOUR.items():
            recorded = next(c.msgcount for c in reader.connections if c.topic == topic)
            assert len(images[camera]) == recorded == truth['images']
