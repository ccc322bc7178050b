# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The whole line, every node in a process of its own, as `make demo engine=oracle` starts it."""

import threading

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from tf2_msgs.msg import TFMessage

from graph.demo_process import DEMO_LIMIT, Demo
from robot4d_nodes import qos


class TfRecorder:
    """Remembers every edge that appears on /tf and /tf_static of a ROS domain."""

    def __init__(self, domain: int):
        """Listen in a thread of its own."""
        self.edges: set[tuple[str, str]] = set()
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = rclpy.create_node('tf_recorder', context=self._context)
        for topic, profile in (('/tf', QoSProfile(depth=1000)), ('/tf_static', qos.LATCHED)):
            self._node.create_subscription(TFMessage, topic, self._receive, profile)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self):
        while not self._stop.is_set():
            self._executor.spin_once(timeout_sec=0.2)

    def _receive(self, message):
        self.edges |= {(t.header.frame_id, t.child_frame_id) for t in message.transforms}

    def close(self):
        """Stop listening."""
        self._stop.set()
        self._thread.join()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def connected_to(self, frame: str) -> set[str]:
        """Return every frame that a path of transforms joins with frame, itself included."""
        reached, front = set(), {frame}
        while front:
            reached |= front
            front = {f for edge in self.edges if set(edge) & front for f in edge} - reached
        return reached


@pytest.mark.timeout(DEMO_LIMIT + 60)
def test_with_the_oracle_the_loop_runs_and_tf_never_knows_the_second_camera(tmp_path, domain):
    recorder = TfRecorder(domain)
    try:
        demo = Demo(tmp_path / 'demo', domain, engine='oracle')
        printed = demo.finish()
    finally:
        recorder.close()

    assert demo.exit_status() == (0 if demo.summary['success'] else 1), printed
    assert 'oracle' in demo.summary['model'] and 'oracle' in printed
    assert {'gripper_tcp', 'reference_color_optical_frame', 'gripper_predicted'} <= recorder.connected_to('world')
    assert not any('second' in frame for edge in recorder.edges for frame in edge)
    for name in ('prediction.png', 'prediction.mp4'):
        assert (demo.output / name).stat().st_size > 10_000
    errors = np.concatenate([c['pose_error_mm'] for c in demo.summary['cycles'] if 'pose_error_mm' in c])
    assert np.median(errors) < 10.0


@pytest.mark.slow
@pytest.mark.timeout(DEMO_LIMIT + 60)
def test_when_the_second_camera_is_moved_expect_success_with_nothing_else_changed(tmp_path, domain):
    demo = Demo(
        tmp_path / 'demo', domain, engine='oracle', second_camera_offset='[0.15, -0.2, 0.166, 20.0]')
    printed = demo.finish()
    assert np.linalg.norm([0.15, -0.2, 0.166]) == pytest.approx(0.3, abs=1e-3)
    assert demo.summary['success'], printed


@pytest.mark.slow
@pytest.mark.timeout(DEMO_LIMIT + 60)
def test_with_two_arms_the_oracle_puts_the_apple_into_the_bin(tmp_path, domain):
    recorder = TfRecorder(domain)
    try:
        demo = Demo(tmp_path / 'demo', domain, engine='oracle', task='PlaceAppleFromBowlIntoBin')
        printed = demo.finish()
    finally:
        recorder.close()

    assert demo.summary['success'], printed
    assert {'gripper_predicted', 'second_gripper_predicted', 'second_gripper_tcp'} <= recorder.connected_to('world')
    errors = np.concatenate([c['pose_error_mm'] for c in demo.summary['cycles'] if 'pose_error_mm' in c])
    assert np.median(errors) < 10.0


@pytest.mark.slow
@pytest.mark.timeout(DEMO_LIMIT + 60)
def test_with_two_arms_the_learned_model_imagines_both_where_they_are(tmp_path, domain):
    demo = Demo(tmp_path / 'demo', domain, task='PlaceAppleFromBowlIntoBin', max_cycles=1)
    printed = demo.finish()
    cycle = demo.summary['cycles'][-1]
    assert (cycle['outcome'], cycle['lost']) == ('moved', False), printed
    assert cycle['farthest_from_path_mm'] < 40
