# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""`ros2 bag play` plays an exported episode to real subscribers, image by image."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from core.episodes.synthetic_episodes import SETTINGS, attributes_of, make_episode
from replay.graph_client import play
from robot4d_core.episodes.bags.exporter import export_episode
from robot4d_core.episodes.store import EpisodeStore
from robot4d_nodes.conversions import time_from_message
from shipped_robot import ARMS

LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
TOPICS = {
    '/camera_0/color/image_raw': Image, '/camera_1/aligned_depth_to_color/image_raw': Image,
    '/camera_0/segmentation/image_raw': Image, '/camera_1/color/camera_info': CameraInfo,
    '/joint_states': JointState, '/tf': TFMessage, '/tf_static': TFMessage, '/instruction': String,
}


@pytest.fixture
def received():
    """Everything that arrives on TOPICS in a domain of its own, and the domain."""
    domain = 60 + os.getpid() % 10
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    node = rclpy.create_node('subscriber', context=context)
    messages = {topic: [] for topic in TOPICS}
    for topic, kind in TOPICS.items():
        latched = topic in ('/tf_static', '/instruction')
        node.create_subscription(kind, topic, messages[topic].append, LATCHED if latched else 50)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    yield messages, domain, executor
    node.destroy_node()
    rclpy.shutdown(context=context)


def play_and_listen(bag: Path, domain: int, executor) -> None:
    player = threading.Thread(target=play, args=(bag, domain))
    player.start()
    while player.is_alive():
        executor.spin_once(timeout_sec=0.05)
    for _ in range(20):
        executor.spin_once(timeout_sec=0.05)


def test_an_exported_episode_plays(tmp_path, received):
    messages, domain, executor = received
    episode, attributes = make_episode(), attributes_of()
    store = EpisodeStore(tmp_path / 'store', SETTINGS)
    store.write('demo', episode, **attributes)
    export_episode(store, 'demo', tmp_path / 'demo')
    play_and_listen(tmp_path / 'demo', domain, executor)

    steps = len(episode.times)
    for topic, came in messages.items():
        assert len(came) == (1 if topic in ('/tf_static', '/instruction') else steps), topic
    assert messages['/instruction'][0].data == attributes['instruction']
    for step in range(steps):
        colour = messages['/camera_0/color/image_raw'][step]
        assert colour.encoding == 'rgb8' and colour.header.frame_id == 'camera_0_color_optical_frame'
        assert time_from_message(colour.header.stamp) == pytest.approx(episode.times[step], abs=1e-9)
        assert np.array_equal(np.reshape(colour.data, (8, 10, 3)), episode.rgb[0, step])
        depth = messages['/camera_1/aligned_depth_to_color/image_raw'][step]
        assert depth.encoding == '16UC1'
        assert np.array_equal(np.frombuffer(depth.data, '<u2').reshape(8, 10), episode.depth[1, step])
        labels = messages['/camera_0/segmentation/image_raw'][step]
        assert labels.encoding == 'mono8'
        assert np.array_equal(np.reshape(labels.data, (8, 10)), episode.segmentation[0, step])
        info = messages['/camera_1/color/camera_info'][step]
        assert np.array_equal(np.reshape(info.k, (3, 3)), episode.intrinsics[1])
        state = messages['/joint_states'][step]
        assert state.name == [*ARMS[0].joints, *ARMS[0].gripper.finger_joints]
        assert np.array_equal(state.position[:7], episode.joints[step, 0])
        assert sum(state.position[7:]) == episode.opening[step, 0]
        (tcp,) = messages['/tf'][step].transforms
        assert (tcp.header.frame_id, tcp.child_frame_id) == ('world', 'gripper_tcp')
        position = tcp.transform.translation
        assert np.array_equal([position.x, position.y, position.z], episode.gripper_poses[step, 0, :3, 3])
    frames = {transform.child_frame_id for transform in messages['/tf_static'][0].transforms}
    assert frames == {'camera_0_color_optical_frame', 'camera_1_color_optical_frame'}
