# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Playback: what RViz gets to see, and the buttons pause, speed, step and loop."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import yaml
from rclpy.qos import DurabilityPolicy, QoSCompatibility, QoSProfile, ReliabilityPolicy, qos_check_compatible
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import Image, PointCloud2
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import Marker, MarkerArray

from core.saved_predictions import two_paths
from nodes.bench import CAMERA, Probe, SyntheticCameras, frozen_prediction, overrides, wait_until
from robot4d.msg import GripperPlans, Prediction
from robot4d_core.geometry.poses import make_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_nodes import qos
from robot4d_nodes.conversions import (
    gripper_plans_to_message,
    prediction_to_message,
    time_from_message,
)
from robot4d_nodes.lifecycle import spinning
from robot4d_nodes.playback import Playback

CONFIG = Path(__file__).parents[2] / 'config'
STEPS = 10


def counting_prediction(frame_id: str = 'reference_color_optical_frame'):
    """Return a prediction in which every pixel of frame k is k, and every point is k metres away."""
    prediction = frozen_prediction(100.0, frame_id)
    for view in prediction.views:
        view.rgb[:] = np.arange(STEPS)[:, None, None, None]
        view.pointmap[..., 2] = np.arange(STEPS)[:, None, None]
        view.pointmap[:, 0, 0] = np.nan
    return prediction


def plan_for(prediction, prediction_id=None) -> GripperPlan:
    poses = np.stack([make_pose(Rotation.identity(), [0.0, 0.0, 0.1 * k]) for k in range(STEPS)])
    return GripperPlan(
        'gripper', prediction.stamp, prediction.frame_id, prediction_id or prediction.id, 'test',
        prediction.time_from_start, poses, np.linspace(0.08, 0.0, STEPS), np.arange(STEPS) > 6,
        np.ones(STEPS, np.float32), ('reference',) * STEPS, poses[0], False)


class Bench:
    """A playback node and what its topics say."""

    def __init__(self, cameras: bool = False, **values) -> None:
        self.node = Playback(parameter_overrides=overrides(**{'speed': 10.0, 'live_rate': 20.0, **values}))
        self.probe = Probe()
        self.predictions = self.probe.create_publisher(Prediction, 'prediction', qos.PREDICTION)
        self.plans = self.probe.create_publisher(GripperPlans, 'gripper_plan', qos.LATCHED)
        self.clouds = self.probe.collect(PointCloud2, '/playback/second/points', 100)
        self.images = self.probe.collect(Image, '/playback/second/image', 100)
        self.markers = self.probe.collect(MarkerArray, '/playback/markers', 100)
        self._nodes = [self.node, self.probe, *([SyntheticCameras()] if cameras else [])]

    def __enter__(self) -> Bench:
        self._spinning = spinning(*self._nodes)
        self._spinning.__enter__()
        wait_until(lambda: self.node.active)
        return self

    def __exit__(self, *error) -> None:
        self._spinning.__exit__(*error)

    def play(self, prediction, plan=None) -> None:
        self.predictions.publish(prediction_to_message(prediction))
        if plan is not None:
            self.plans.publish(gripper_plans_to_message([plan]))

    def call(self, service, name, **request):
        client = self.probe.create_client(service, name)
        assert client.wait_for_service(timeout_sec=100.0)
        future = client.call_async(service.Request(**request))
        wait_until(future.done)
        return future.result()

    def shown(self) -> list[int]:
        """Return the steps whose images came so far, from 0."""
        return [image.data[0] for image in self.images]

    def shown_at(self) -> list[float]:
        """Return when the node has shown them, seconds; a busy machine may lose some on the way."""
        return [time_from_message(image.header.stamp) for image in self.images]


@pytest.fixture
def bench(ros):
    with Bench() as running:
        yield running


def test_the_steps_are_shown_in_order_again_and_again(bench):
    bench.play(counting_prediction())
    wait_until(lambda: len(bench.images) > 2 * STEPS and set(bench.shown()) == set(range(STEPS)))
    strides = [(b - a - 1) % STEPS + 1 for a, b in pairwise(bench.shown())]
    least = [0.5 / 10 * stride - 0.001 for stride in strides]
    assert all(b - a >= seconds for (a, b), seconds in zip(pairwise(bench.shown_at()), least))


def test_clouds_are_organised_coloured_in_the_reference_frame_and_stamped_now(bench):
    bench.play(counting_prediction('some_frame'))
    cloud = wait_until(lambda: next((c for c in bench.clouds if bytes(c.data[-4:-1]) == b'\3\3\3'), None))
    assert (cloud.height, cloud.width, cloud.header.frame_id) == (CAMERA.height, CAMERA.width, 'some_frame')
    z = np.frombuffer(cloud.data, '<f4').reshape(CAMERA.height, CAMERA.width, 4)[..., 2]
    assert np.isnan(z[0, 0]) and (z.ravel()[1:] == 3).all()
    assert abs(time_from_message(cloud.header.stamp) - bench.node.seconds_now()) < 5


def test_without_loop_the_last_step_stays(ros):
    with Bench(loop=False, speed=20.0) as bench:
        bench.play(counting_prediction())
        wait_until(lambda: bench.shown()[-3:] == [STEPS - 1] * 3)
        assert bench.shown().count(0) <= 1


def test_pause_holds_the_step_and_step_moves_on_by_one(bench):
    bench.play(counting_prediction())
    wait_until(lambda: bench.images)
    assert bench.call(SetBool, '/playback/pause', data=True).success
    wait_until(lambda: len(bench.shown()) > 4 and len(set(bench.shown()[-4:])) == 1)
    held = bench.shown()[-1]
    assert bench.call(Trigger, '/playback/step').message == f'step {(held + 1) % STEPS + 1}'
    wait_until(lambda: bench.shown()[-2:] == [(held + 1) % STEPS] * 2)
    assert bench.call(SetBool, '/playback/pause', data=False).success
    wait_until(lambda: len(set(bench.shown()[-4:])) == 4)


def test_speed_can_be_changed_while_playing(bench):
    bench.play(counting_prediction())
    wait_until(lambda: bench.images)
    bench.node.set_parameters(overrides(speed=1.0))
    changed = bench.node.seconds_now()
    wait_until(lambda: len([moment for moment in bench.shown_at() if moment > changed]) > 3)
    shown_since = [moment for moment in bench.shown_at() if moment > changed]
    assert min(np.diff(shown_since)) > 0.499


def test_step_without_a_prediction_says_so(bench):
    response = bench.call(Trigger, '/playback/step')
    assert not response.success and 'no prediction' in response.message


def test_a_new_prediction_replaces_the_old_one_from_its_first_step(ros):
    other = counting_prediction()
    for view in other.views:
        view.rgb[:] += 100
    with Bench(speed=1.0) as bench:
        bench.play(counting_prediction())
        wait_until(lambda: len(bench.images) > 2)
        bench.play(other)
        wait_until(lambda: any(step >= 100 for step in bench.shown()))
        assert next(step for step in bench.shown() if step >= 100) == 100


def test_markers_draw_the_plan_and_the_gripper_of_the_step_and_erase_what_was(bench):
    prediction = counting_prediction()
    bench.play(prediction, plan_for(prediction))
    array = wait_until(lambda: next((a for a in bench.markers if a.markers[-1].pose.position.z > 0.75), None))
    erase, line, gripper = array.markers
    assert erase.action == Marker.DELETEALL
    assert line.type == Marker.LINE_LIST and line.ns == 'planned'
    heights = [point.z for point in line.points[:2 * STEPS:2]]  # from the observation on
    assert heights == pytest.approx([0.0, *(0.1 * k for k in range(STEPS - 1))])
    assert len(line.colors) == len(line.points)
    assert gripper.color.r > gripper.color.g  # closed
    assert len({(m.ns, m.id) for m in array.markers[1:]}) == 2
    assert all(m.lifetime.sec + m.lifetime.nanosec > 0 for m in array.markers[1:])
    assert all(m.header.frame_id == prediction.frame_id for m in array.markers)


def test_the_imagined_paths_of_all_grippers_are_drawn_before_any_plan_comes(bench):
    prediction = replace(counting_prediction(), paths=two_paths(STEPS))
    bench.play(prediction)
    markers = wait_until(lambda: bench.markers)[0].markers[1:]
    assert [marker.ns for marker in markers] == ['imagined', 'imagined']
    starts = [(marker.points[0].x, marker.points[0].y, marker.points[0].z) for marker in markers]
    np.testing.assert_allclose(starts, [path.poses[0, :3, 3] for path in prediction.paths])
    open_, closed = (marker.colors[2 * 4 * 4] for marker in markers)  # after four steps of four dashes
    assert open_.r > closed.r


def test_a_plan_of_another_prediction_is_not_drawn(bench):
    prediction = counting_prediction()
    bench.play(prediction, plan_for(prediction, uuid4()))
    wait_until(lambda: len(bench.markers) > 3)
    assert all(len(array.markers) == 1 for array in bench.markers)


def test_when_a_prediction_contradicts_itself_expect_it_in_diagnostics_and_the_next_one_played(bench):
    broken = prediction_to_message(counting_prediction())
    broken.views[0].images = broken.views[0].images[:3]
    bench.predictions.publish(broken)
    wait_until(lambda: 'prediction refused' in bench.probe.says('playback: playback'))
    assert not bench.images
    bench.play(counting_prediction())
    wait_until(lambda: bench.images)


def test_live_clouds_are_each_in_their_own_cameras_frame(ros):
    bench = Bench(cameras=True)
    live = {name: bench.probe.collect(PointCloud2, f'/playback/live/{name}/points', 10)
            for name in ('reference', 'second')}
    with bench:
        for name, clouds in live.items():
            wait_until(lambda clouds=clouds: clouds)
            assert clouds[0].header.frame_id == f'{name}_color_optical_frame'
            points = np.frombuffer(clouds[0].data, '<f4').reshape(CAMERA.height, CAMERA.width, 4)
            assert np.isnan(points[0, 0, 2]) and points[20, 20, 2] == pytest.approx(1.06, abs=1e-3)


def test_rviz_shows_only_what_the_nodes_publish_and_asks_for_a_qos_that_they_offer(ros):
    displays = yaml.safe_load((CONFIG / 'rviz' / 'robot4d.rviz').read_text())['Visualization Manager']['Displays']
    topics = [display['Topic'] for display in displays if 'Topic' in display]
    with Bench() as bench:
        for topic in topics:
            if not topic['Value'].startswith('/playback/'):
                continue
            (offered,) = bench.node.get_publishers_info_by_topic(topic['Value'])
            requested = QoSProfile(
                depth=topic['Depth'],
                durability=DurabilityPolicy.get_from_short_key(topic['Durability Policy'].replace(' ', '_')),
                reliability=ReliabilityPolicy.get_from_short_key(topic['Reliability Policy'].replace(' ', '_')))
            compatibility, reason = qos_check_compatible(offered.qos_profile, requested)
            assert compatibility != QoSCompatibility.ERROR, f'{topic["Value"]}: {reason}'
    others = {topic['Value'] for topic in topics if not topic['Value'].startswith('/playback/')}
    assert others == {'/tracker/gripper/path', '/tracker/gripper/poses'}
