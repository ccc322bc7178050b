# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The tracker node over real DDS: a path where the gripper is seen, and a named reason where it cannot be known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseArray
from nav_msgs.msg import Path
from rclpy.time import Time
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from tf2_ros import Buffer, StaticTransformBroadcaster, TransformBroadcaster, TransformListener

from nodes.bench import Probe, frozen_prediction, overrides, wait_until
from robot4d.msg import GripperPlans, Prediction
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.geometry.pointmaps import pointmap_from_depth, transform_points
from robot4d_core.geometry.poses import invert_pose, make_pose, pose_distance
from robot4d_core.prediction import GripperPath, PredictedView, default_time_from_start
from robot4d_core.prediction import Prediction as CorePrediction
from robot4d_nodes import qos
from robot4d_nodes.conversions import (
    header,
    pose_from_message,
    prediction_to_message,
    time_from_message,
    transform_from_message,
    transform_to_message,
)
from robot4d_nodes.lifecycle import spinning
from robot4d_nodes.tracker import Tracker
from shipped_robot import DESCRIPTION

FRAME = 'reference_color_optical_frame'
STAMP = 50.0
FRAMES = 4


@pytest.fixture(scope='module')
def cell():
    """Return the simulated cell as it stands at the beginning of a task."""
    cell = RobotCell(Scene.sample('PutSpatulaOnTable', 0, width=160, height=128))
    yield cell
    cell.close()


@pytest.fixture(scope='module')
def seen(cell) -> CorePrediction:
    """Return a prediction of a frozen scene, rendered from the cell, with the gripper in view."""
    reference = cell.scene.cameras[0]
    views = []
    for placement in cell.scene.cameras:
        view = cell.render(placement.name)
        points = transform_points(
            invert_pose(reference.T_world_optical) @ placement.T_world_optical,
            pointmap_from_depth(view.depth, placement.camera))
        views.append(PredictedView(
            placement.name, placement.camera, np.stack([view.rgb] * FRAMES), np.stack([points] * FRAMES)))
    return CorePrediction(STAMP, FRAME, default_time_from_start()[:FRAMES], tuple(views), 'test')


class Bench:
    """A tracker and what the rest of the robot tells it."""

    def __init__(self, cell: RobotCell, **values) -> None:
        self.cell = cell
        self.tracker = Tracker(parameter_overrides=overrides(**{'state_timeout': 30.0, 'max_silence': 60.0, **values}))
        self.probe = Probe()
        self.predictions = self.probe.create_publisher(Prediction, 'prediction', qos.PREDICTION)
        self.joint_states = self.probe.create_publisher(JointState, 'joint_states', qos.STATE)
        self.plans = self.probe.collect(GripperPlans, 'gripper_plan')
        self.poses = self.probe.collect(PoseArray, '/tracker/gripper/poses')
        self.path = self.probe.collect(Path, '/tracker/gripper/path')
        self.buffer = Buffer()
        self._listener = TransformListener(self.buffer, self.probe, spin_thread=False)
        self._moving, self._static = TransformBroadcaster(self.probe), StaticTransformBroadcaster(self.probe)

    def __enter__(self) -> Bench:
        self._spinning = spinning(self.tracker, self.probe)
        self._spinning.__enter__()
        wait_until(lambda: self.tracker.active)
        wait_until(lambda: self.predictions.get_subscription_count() and self.joint_states.get_subscription_count())
        return self

    def __exit__(self, *error) -> None:
        self._spinning.__exit__(*error)

    def give_up_soon(self) -> None:
        """Let the tracker not wait for what never comes."""
        self.tracker.set_parameters(overrides(state_timeout=0.3))

    def tell_pose(self) -> None:
        """Tell where the camera and the links are until the tracker and this bench know."""
        self.tell_camera()
        self.tell_links_until(FRAME)

    def tell_links_until(self, frame: str) -> None:
        def known() -> bool:
            self.tell_links()
            return all(buffer.can_transform(frame, 'gripper_tcp', Time(seconds=STAMP))
                       for buffer in (self.tracker._transforms, self.buffer))

        wait_until(known)

    def tell_camera(self) -> None:
        reference = self.cell.scene.cameras[0]
        self._static.sendTransform(transform_to_message(reference.T_world_optical, 'world', FRAME, STAMP))

    def tell_links(self) -> None:
        for stamp in (STAMP - 0.05, STAMP + 0.05):
            self._moving.sendTransform([
                transform_to_message(pose, 'world', link, stamp)
                for link, pose in self.cell.link_poses().items()])

    def tell_joints(self, stamp: float = STAMP, names=None) -> None:
        finger = self.cell.arms[0].gripper_opening / 2
        self.joint_states.publish(JointState(
            header=header(stamp, ''), name=names or ['gripper_finger_left_joint', 'gripper_finger_right_joint'],
            position=[finger, finger]))

    def answer_to(self, prediction) -> GripperPlans:
        """Publish a prediction until the tracker has answered to it; return the answer."""
        message = prediction_to_message(prediction)
        self.predictions.publish(message)
        return wait_until(
            lambda: next((p for p in self.plans if p.prediction_id == message.id), None), message='no gripper plan')


@pytest.fixture
def bench(ros, cell):
    with Bench(cell) as running:
        yield running


@pytest.fixture
def told(bench):
    """Return a bench where everything is known."""
    bench.tell_pose()
    bench.tell_joints()
    return bench


def test_a_still_gripper_is_found_where_the_robot_says_it_is(told, cell, seen):
    plans = told.answer_to(seen)
    assert not plans.lost, plans.message
    assert (plans.header.frame_id, time_from_message(plans.header.stamp), plans.model) == (FRAME, STAMP, 'test')
    (plan,) = plans.plans
    truth = invert_pose(cell.scene.cameras[0].T_world_optical) @ cell.arms[0].gripper_pose()
    for pose in plan.poses:
        distance, angle = pose_distance(truth, pose_from_message(pose))
        assert distance < 0.01 and np.degrees(angle) < 3
    assert plan.opening == pytest.approx([cell.arms[0].gripper_opening] * FRAMES, abs=0.01)
    assert plan.gripper == 'gripper' and len(plan.time_from_start) == FRAMES


def test_the_distance_from_an_imagined_path_is_published_and_in_diagnostics(told, cell, seen):
    truth = invert_pose(cell.scene.cameras[0].T_world_optical) @ cell.arms[0].gripper_pose()
    beside = make_pose(truth[:3, :3], truth[:3, 3] + [0.02, 0.0, 0.0])
    path = GripperPath('gripper', np.stack([beside] * FRAMES), np.full(FRAMES, 0.08), np.zeros(FRAMES, bool))
    plans = told.answer_to(replace(seen, paths=(path,)))
    assert plans.plans[0].path_distance == pytest.approx([0.02] * FRAMES, abs=0.01)
    wait_until(lambda: told.probe.says('tracker: tracking') == 'followed')
    values = {pair.key: pair.value for pair in told.probe.health['tracker: tracking'].values}
    assert float(values['farthest from the imagined path (mm)']) == pytest.approx(20, abs=10)


def test_poses_path_and_frames_for_rviz_are_stamped_with_the_observation(told, seen):
    plans = told.answer_to(seen)
    poses = wait_until(lambda: told.poses and told.poses[-1])
    path = wait_until(lambda: told.path and told.path[-1])
    assert poses.header == path.header == plans.header
    assert list(poses.poses) == [p.pose for p in path.poses] == list(plans.plans[0].poses)
    assert time_from_message(path.poses[-1].header.stamp) == pytest.approx(STAMP + 0.5 * FRAMES)
    for child, pose in (('gripper_predicted_1', plans.plans[0].poses[0]), ('gripper_predicted', poses.poses[-1])):
        wait_until(lambda child=child: told.buffer.can_transform(FRAME, child, Time(seconds=STAMP)))
        transform = told.buffer.lookup_transform(FRAME, child, Time())
        assert time_from_message(transform.header.stamp) == STAMP
        np.testing.assert_allclose(transform_from_message(transform), pose_from_message(pose), atol=1e-9)


def test_with_no_gripper_in_view_expect_lost_and_why(told):
    plans = told.answer_to(frozen_prediction(STAMP, FRAME))
    assert plans.lost and plans.message
    assert not told.buffer.can_transform(FRAME, 'gripper_predicted', Time())


def test_when_the_reference_camera_is_not_in_tf_expect_it_named_and_recovery(bench, seen):
    bench.give_up_soon()
    bench.tell_links_until('world')
    bench.tell_joints()
    plans = bench.answer_to(seen)
    assert plans.lost and not plans.plans
    assert f"no transform from 'gripper_tcp' to '{FRAME}'" in plans.message
    wait_until(lambda: 'no transform' in bench.probe.says('tracker: tracking'))
    bench.tell_pose()
    assert not bench.answer_to(fresh(seen)).lost


def fresh(prediction: CorePrediction) -> CorePrediction:
    """Return the same prediction under another id."""
    return CorePrediction(
        prediction.stamp, prediction.frame_id, prediction.time_from_start, prediction.views, prediction.model)


def test_when_the_frame_of_a_prediction_is_unknown_expect_it_named(told):
    told.give_up_soon()
    plans = told.answer_to(frozen_prediction(STAMP, 'nowhere'))
    assert plans.lost and "'nowhere'" in plans.message


def test_when_tf_does_not_reach_back_to_the_observation_expect_extrapolation_named(told):
    told.give_up_soon()
    plans = told.answer_to(frozen_prediction(STAMP - 20, FRAME))
    assert plans.lost and 'extrapolation' in plans.message.lower()


def test_without_joint_states_expect_the_joints_named(bench, seen):
    bench.give_up_soon()
    bench.tell_pose()
    plans = bench.answer_to(seen)
    assert plans.lost and 'gripper_finger_left_joint and gripper_finger_right_joint' in plans.message


def test_joint_states_of_other_joints_do_not_count(bench, seen):
    bench.give_up_soon()
    bench.tell_pose()
    bench.tell_joints(names=['wheel_left', 'wheel_right'])
    assert 'no joint_states' in bench.answer_to(seen).message


def test_when_joint_states_are_from_another_time_expect_the_distance(bench, seen):
    bench.tell_pose()
    bench.tell_joints(stamp=STAMP - 2)
    wait_until(lambda: bench.probe.says('tracker: joint_states of gripper') == 'receiving')
    bench.give_up_soon()
    plans = bench.answer_to(seen)
    assert plans.lost and '2.00 s from the observation, limit 0.10 s' in plans.message


def test_when_a_prediction_contradicts_itself_expect_lost_and_the_next_one_tracked(told, seen):
    broken = prediction_to_message(fresh(seen))
    broken.views[1].pointmaps = broken.views[1].pointmaps[:2]
    told.predictions.publish(broken)
    plans = wait_until(lambda: told.plans and told.plans[-1])
    assert plans.lost and "'second'" in plans.message and plans.prediction_id == broken.id
    assert not told.answer_to(seen).lost


def test_the_urdf_can_come_from_a_latched_topic(ros, cell):
    bench = Bench(cell, robot_description_topic='robot_description')
    publisher = bench.probe.create_publisher(String, 'robot_description', qos.LATCHED)
    publisher.publish(String(data=DESCRIPTION.urdf))
    with bench:
        assert bench.tracker.active


@pytest.mark.parametrize('values, message', [
    ({'arm.hand_link': 'claw'}, 'claw'),
    ({'robot_description': '<robot name="empty"/>'}, 'no link'),
    ({'robot_description': 'no xml'}, 'cannot configure'),
])
def test_when_the_urdf_lacks_the_gripper_expect_it_named_at_configure(ros, values, message):
    tracker, probe = Tracker(parameter_overrides=overrides(**values)), Probe()
    with spinning(tracker, probe):
        health = wait_until(lambda: probe.health.get('tracker: state'))
        assert health.level == DiagnosticStatus.ERROR and message in health.message
        assert 'Error:' not in health.message  # a named error, not a bug
