#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Plays the last prediction, and the grippers' ways through it, again and again for RViz, beside the live clouds."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image, PointCloud2
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import MarkerArray

from robot4d.msg import GripperPlans
from robot4d.msg import Prediction as PredictionMessage
from robot4d_core.errors import Robot4dError
from robot4d_core.geometry.pointmaps import pointmap_from_depth
from robot4d_core.gripper_plan import GripperPlan
from robot4d_core.prediction import Prediction
from robot4d_nodes import qos
from robot4d_nodes.camera_inputs import CameraInputs
from robot4d_nodes.camera_streams import CameraTopics
from robot4d_nodes.conversions import (
    cloud_to_message,
    gripper_plans_from_message,
    image_to_message,
    prediction_from_message,
)
from robot4d_nodes.diagnostics import OK, WARN, Health
from robot4d_nodes.lifecycle import Robot4dNode, run_node
from robot4d_nodes.parameters import parameter
from robot4d_nodes.plan_markers import gripper_markers

_TICK = 0.05  # seconds between looks at what is due
_STEADY = Clock(clock_type=ClockType.STEADY_TIME)


@dataclass(frozen=True)
class PlaybackParameters:
    """Parameters of the playback node; those of each camera's live cloud are CameraTopics under its name."""

    cameras: list[str] = parameter(['reference', 'second'], 'Names of the cameras', read_only=True)
    speed: float = parameter(2.0, 'How much faster than predicted time the prediction plays', low=0.1, high=20.0)
    paused: bool = parameter(False, 'Stay at the present step (also the service ~/pause)')
    loop: bool = parameter(True, 'Start again after the last step; false: stay there')
    live_rate: float = parameter(2.0, 'Live clouds per second of wall time; 0: none', low=0.0, high=30.0)
    max_skew: float = parameter(
        0.05, 'Largest time between the colour and depth image of a live cloud, seconds', low=0.001, high=1.0,
        at_configure=True)
    sync_queue: int = parameter(
        10, 'Images kept per stream for synchronisation', low=2, high=100, at_configure=True)
    max_silence: float = parameter(
        2.0, 'Wall-clock time without a message after which an input counts as dead, seconds', low=0.1, high=60.0,
        at_configure=True)


class Playback(Robot4dNode):
    """Publishes step k of the prediction as if it were now: organised clouds, images, and markers of the grippers.

    Predicted clouds of all cameras are in the optical frame of the reference camera. Live clouds are each in their own
    camera's frame; that of the second camera can be shown only where tf happens to know the camera (it need not).
    """

    def __init__(self, **node_options) -> None:
        """Declare parameters, publishers and services."""
        super().__init__('playback', PlaybackParameters(), **node_options)
        cameras = self.parameters.cameras
        for name in cameras:
            self.declare_table(CameraTopics.of_camera(name), prefix=f'{name}.')
        self._points, self._images, self._live = (
            {name: self.create_lifecycle_publisher(kind, f'~/{topic.format(name)}', qos.NEWEST) for name in cameras}
            for kind, topic in ((PointCloud2, '{}/points'), (Image, '{}/image'), (PointCloud2, 'live/{}/points')))
        self._markers = self.create_lifecycle_publisher(MarkerArray, '~/markers', qos.NEWEST)
        self._group = MutuallyExclusiveCallbackGroup()
        self.create_service(SetBool, '~/pause', self._on_pause, callback_group=self._group)
        self.create_service(Trigger, '~/step', self._on_step, callback_group=self._group)
        self._prediction: Prediction | None = None
        self._plans: tuple[GripperPlan, ...] = ()
        self._problem = ''
        self._step, self._shown_at, self._live_at = 0, 0.0, 0.0
        self.diagnostics.add('playback', self._health)

    def configure(self) -> None:
        """Listen to predictions, plans and, each for itself, to the cameras."""
        settings = self.parameters
        self._cameras = {name: CameraInputs(
            self, {name: self.read_table(CameraTopics, prefix=f'{name}.')}, max_skew=settings.max_skew,
            queue_size=settings.sync_queue, max_silence=settings.max_silence) for name in settings.cameras}
        self._live_stamps = dict.fromkeys(settings.cameras, float('-inf'))
        for message_type, topic, callback, profile in (
            (PredictionMessage, 'prediction', self._on_prediction, qos.PREDICTION),
            (GripperPlans, 'gripper_plan', self._on_plans, qos.LATCHED),
        ):
            subscription = self.create_subscription(
                message_type, topic, callback, profile, callback_group=self._group)
            self.configured.callback(self.destroy_subscription, subscription)
        timer = self.create_timer(_TICK, self._tick, callback_group=self._group, clock=_STEADY)
        self.configured.callback(self.destroy_timer, timer)

    def _on_prediction(self, message: PredictionMessage) -> None:
        try:
            self._prediction = prediction_from_message(message)
        except Robot4dError as error:
            self._problem = f'prediction refused: {error}'
            self.get_logger().error(self._problem)
            return
        unknown = [view.name for view in self._prediction.views if view.name not in self._points]
        self._problem = f"views not shown: {', '.join(unknown)}; add them to the parameter cameras" if unknown else ''
        self._step, self._shown_at = 0, 0.0

    def _on_plans(self, message: GripperPlans) -> None:
        try:
            self._plans = gripper_plans_from_message(message)
        except Robot4dError as error:
            self._problem = f'plans refused: {error}'
            self.get_logger().error(self._problem)

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self.set_parameters([Parameter('paused', value=request.data)])
        response.success, response.message = True, 'paused' if request.data else 'playing'
        return response

    def _on_step(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._prediction is None:
            response.message = 'no prediction has been received yet'
            return response
        self.set_parameters([Parameter('paused', value=True)])
        self._step = (self._step + 1) % len(self._prediction.time_from_start)
        self._show()
        response.success, response.message = True, f'step {self._step + 1}'
        return response

    def _tick(self) -> None:
        if not self.active:
            return
        settings, now = self.parameters, time.monotonic()
        if self._prediction is not None and now - self._shown_at >= self._interval():
            if self._shown_at and not settings.paused:
                last = len(self._prediction.time_from_start) - 1
                self._step = self._step + 1 if self._step < last else 0 if settings.loop else last
            self._show()
        if settings.live_rate and now - self._live_at >= 1 / settings.live_rate:
            self._live_at = now
            self._show_live()

    def _interval(self) -> float:
        """Return how long, in wall time, the present step is shown."""
        times = [0.0, *self._prediction.time_from_start]
        return (times[self._step + 1] - times[self._step]) / self.parameters.speed

    def _show(self) -> None:
        """Publish the present step, stamped now."""
        prediction, step, now = self._prediction, self._step, self.seconds_now()
        self._shown_at = time.monotonic()
        for view in prediction.views:
            points, image = self._points.get(view.name), self._images.get(view.name)
            if points and points.get_subscription_count():
                points.publish(cloud_to_message(view.pointmap[step], view.rgb[step], now, prediction.frame_id))
            if image and image.get_subscription_count():
                image.publish(image_to_message(view.rgb[step], 'rgb8', now, prediction.frame_id))
        plans = [plan for plan in self._plans if plan.prediction_id == prediction.id]
        self._markers.publish(gripper_markers(
            prediction, plans, step, self.get_clock().now().to_msg(), lifetime=3 * self._interval()))

    def _show_live(self) -> None:
        for name, camera in self._cameras.items():
            publisher = self._live[name]
            if not publisher.get_subscription_count():
                continue
            try:
                look = camera.look(not_before=self._live_stamps[name])
            except Robot4dError:
                continue  # /diagnostics says why
            if look.stamp == self._live_stamps[name]:
                continue
            self._live_stamps[name] = look.stamp
            view = look.views[0]
            publisher.publish(cloud_to_message(
                pointmap_from_depth(view.depth, view.camera), view.rgb, look.stamp, look.frame_id))

    def _health(self) -> Health:
        prediction = self._prediction
        if self._problem or prediction is None:
            return Health(WARN, self._problem or 'no prediction yet')
        return Health(OK, f'step {self._step + 1} of {len(prediction.time_from_start)}', {'model': prediction.model})


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(Playback)


if __name__ == '__main__':
    sys.exit(main())
