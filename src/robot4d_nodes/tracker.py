#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The tracker: a predicted 4-D video in, the path of every gripper out."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import PoseArray, PoseStamped
from nav_msgs.msg import Path
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from tf2_ros import TransformBroadcaster

from robot4d.msg import GripperPlans
from robot4d.msg import Prediction as PredictionMessage
from robot4d_core.errors import ObservationError, Robot4dError
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.robot.gripper_model import GripperModel
from robot4d_core.tracker.gripper_tracker import GripperTracker, TrackerSettings, track_grippers
from robot4d_core.tracker.path_agreement import AgreementSettings, compare_with_paths, farthest_from_path
from robot4d_nodes import qos
from robot4d_nodes.arm_parameters import ArmsOfNode, arms_parameter
from robot4d_nodes.conversions import (
    gripper_plans_to_message,
    header,
    moment,
    pose_to_message,
    prediction_from_message,
    transform_to_message,
)
from robot4d_nodes.diagnostics import OK, WARN, Health
from robot4d_nodes.joint_history import JointHistory
from robot4d_nodes.lifecycle import Robot4dNode, run_node
from robot4d_nodes.parameters import parameter
from robot4d_nodes.robot_description_source import DescriptionParameters, find_robot_description
from robot4d_nodes.transform_memory import TransformMemory

_TICK = 0.05  # seconds


@dataclass(frozen=True)
class TrackerParameters(DescriptionParameters):
    """Parameters of the tracker node; those of each arm are ArmParameters under its name."""

    arms: list[str] = arms_parameter()
    mode: str = parameter(
        TrackerSettings.mode, 'fused: all views at once; best_view: each view alone, the more confident one counts',
        choices=('fused', 'best_view'), at_configure=True)
    lost_below: float = parameter(
        TrackerSettings.lost_below, 'Confidence under which the gripper is lost', low=0.0, high=1.0, at_configure=True)
    max_path_distance: float = parameter(
        AgreementSettings.max_distance, 'Between the gripper in the video and its imagined path; beyond, a step is '
        'lost, metres', low=0.001, high=1.0, at_configure=True)
    max_path_turn: float = parameter(
        AgreementSettings.max_turn, 'The same for the turn, radians', low=0.01, high=3.1, at_configure=True)
    path_alone: bool = parameter(
        AgreementSettings.path_alone, 'Whether the imagined path may carry steps in which no view shows the gripper',
        at_configure=True)
    path_confidence: float = parameter(
        AgreementSettings.path_confidence, 'Confidence of such steps', low=0.0, high=1.0, at_configure=True)
    state_timeout: float = parameter(
        1.0, "How long to wait for the gripper's pose and opening at the observation, seconds of wall time",
        low=0.0, high=30.0)
    joint_state_tolerance: float = parameter(
        0.1, 'Largest time between the observation and the joint state used for the opening, seconds',
        low=0.001, high=1.0)
    history: float = parameter(
        120.0, 'How long transforms and joint states are remembered, seconds; longer than a prediction takes',
        low=1.0, high=3600.0, at_configure=True)
    max_silence: float = parameter(
        2.0, 'Wall-clock time after which joint states count as stale in diagnostics, seconds', low=0.1, high=60.0,
        at_configure=True)


class Tracker(Robot4dNode):
    """Tracks every gripper through every prediction it hears and publishes plans, poses for RViz and tf frames.

    The frame `<gripper>_predicted_<k>` is the k-th predicted pose, from 1; `<gripper>_predicted` is the last. They are
    stamped with the observation's time: stamps in the future would become the newest for every user of tf.
    """

    def __init__(self, **node_options) -> None:
        """Declare parameters and publishers; the gripper's model is read by configure."""
        super().__init__('tracker', TrackerParameters(), **node_options)
        self._arms = ArmsOfNode(self)
        self._plans = self.create_lifecycle_publisher(GripperPlans, 'gripper_plan', qos.LATCHED)
        self._poses, self._paths = (
            {gripper: self.create_lifecycle_publisher(kind, f'~/{gripper}/{topic}', qos.LATCHED)
             for gripper in self._arms.grippers}
            for kind, topic in ((PoseArray, 'poses'), (Path, 'path')))
        self._broadcaster = TransformBroadcaster(self)
        self._outcome = Health(WARN, 'no prediction yet')
        self.diagnostics.add('tracking', lambda: self._outcome)

    def configure(self) -> None:
        """Read the models of the grippers, then listen to tf, joint states and predictions."""
        settings = self.parameters
        self._grippers = [arm.gripper for arm in self._arms.names()]
        description = find_robot_description(self, settings, arms=len(self._grippers))
        self._models = [GripperModel.from_description(description, gripper) for gripper in self._grippers]
        self._trackers = [
            GripperTracker(model, TrackerSettings(
                mode=settings.mode, lost_below=settings.lost_below, gripper=gripper.name))
            for model, gripper in zip(self._models, self._grippers, strict=True)]
        self._transforms = TransformMemory(self, settings.history)
        self._fingers = [
            JointHistory(self, gripper.finger_joints, settings.history, settings.max_silence,
                         f'joint_states of {gripper.name}')
            for gripper in self._grippers]
        subscription = self.create_subscription(
            PredictionMessage, 'prediction', self._on_prediction, qos.NEWEST,
            callback_group=MutuallyExclusiveCallbackGroup())
        self.configured.callback(self.destroy_subscription, subscription)

    def _on_prediction(self, message: PredictionMessage) -> None:
        if not self.active:
            return
        started = time.monotonic()
        settings = self.parameters
        try:
            prediction = prediction_from_message(message)
            poses = [self._pose_at(message, gripper.tcp) for gripper in self._grippers]
            openings = [
                model.gripper.opening(history.positions_at(
                    prediction.stamp, settings.joint_state_tolerance, settings.state_timeout))
                for model, history in zip(self._models, self._fingers, strict=True)]
            tracked = track_grippers(self._trackers, prediction, poses, openings)
            found = compare_with_paths(tracked, self._models, prediction, AgreementSettings(
                settings.max_path_distance, settings.max_path_turn, settings.path_alone, settings.path_confidence))
        except Robot4dError as error:
            self._publish_lost(message, str(error))
            return
        plans = gripper_plans_to_message(found)
        self._plans.publish(plans)
        for plan in found:
            self._show(plan)
        values = {'duration (s)': f'{time.monotonic() - started:.2f}', 'model': plans.model,
                  'lowest confidence': f'{min(np.min(plan.confidence) for plan in found):.2f}'}
        if (farthest := farthest_from_path(found)) is not None:
            values['farthest from the imagined path (mm)'] = f'{1e3 * farthest:.0f}'
        self._outcome = Health(WARN, plans.message, values) if plans.lost else Health(OK, 'followed', values)

    def _pose_at(self, message: PredictionMessage, tcp: str) -> np.ndarray:
        """Return T_frame_tcp at the observation; raises ObservationError that names the missing transform."""
        try:
            return self._transforms.pose_at(
                message.header.frame_id, tcp, moment(message.header.stamp), self.parameters.state_timeout)
        except ObservationError as error:
            raise ObservationError(
                f"{error}; see that the reference camera's static transform and the robot's links are in tf") from error

    def _publish_lost(self, message: PredictionMessage, reason: str) -> None:
        self.get_logger().error(f'cannot follow the gripper: {reason}')
        self._plans.publish(GripperPlans(
            header=message.header, prediction_id=message.id, model=message.model, lost=True, message=reason))
        self._outcome = Health(WARN, reason, {'model': message.model})

    def _show(self, plan: GripperPlan) -> None:
        of_observation = header(plan.stamp, plan.frame_id)
        poses = [pose_to_message(pose) for pose in plan.poses]
        self._poses[plan.gripper].publish(PoseArray(header=of_observation, poses=poses))
        self._paths[plan.gripper].publish(Path(header=of_observation, poses=[
            PoseStamped(header=header(plan.stamp + after, plan.frame_id), pose=pose)
            for after, pose in zip(plan.time_from_start, poses, strict=True)]))
        if plan.lost:
            return
        name = f'{plan.gripper}_predicted'
        children = [f'{name}_{k}' for k in range(1, len(poses) + 1)]
        self._broadcaster.sendTransform([
            transform_to_message(pose, plan.frame_id, child, plan.stamp)
            for child, pose in zip([*children, name], [*plan.poses, plan.poses[-1]], strict=True)])


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(Tracker)


if __name__ == '__main__':
    sys.exit(main())
