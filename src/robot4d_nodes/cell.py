#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The simulated robot cell: two RGB-D cameras, arms and grippers behind the topics and actions of the real ones."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass

import numpy as np
from rclpy.clock import Clock, ClockType
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import String
from tf2_ros import StaticTransformBroadcaster, TransformBroadcaster

from robot4d.msg import SimulatorState
from robot4d_core.cell.robot_cell import RobotCell
from robot4d_core.cell.scene import Scene
from robot4d_core.cell.tasks.by_name import TASKS, make_task
from robot4d_core.errors import ParameterError
from robot4d_core.geometry.cameras import optical_frame
from robot4d_core.robot.names import CELL, SHIPPED
from robot4d_core.robot.robot import Robot
from robot4d_nodes import conversions, qos
from robot4d_nodes.diagnostics import OK, WARN, Health
from robot4d_nodes.lifecycle import Robot4dNode, run_node
from robot4d_nodes.parameters import parameter
from robot4d_nodes.simulated_controllers import ArmController, GripperController

TICK = 0.01  # seconds of simulated time between commands, clock and joint states
TF_EVERY = 2  # ticks
_STEADY = Clock(clock_type=ClockType.STEADY_TIME)


@dataclass(frozen=True)
class CellParameters:
    """Parameters of the simulated cell."""

    task: str = parameter('PutSpatulaOnTable', 'What stands on the table', choices=tuple(TASKS), at_configure=True)
    robot: str = parameter(CELL, 'Which robot stands at the table', choices=tuple(SHIPPED), at_configure=True)
    seed: int = parameter(0, 'Of object poses and camera poses', low=0, at_configure=True)
    camera_rate: float = parameter(10.0, 'Images per second of simulated time', low=0.5, high=50.0, at_configure=True)
    real_time_factor: float = parameter(
        1.0, 'Simulated seconds per wall second, at most (slower on a busy machine)', low=0.01, high=100.0)
    second_camera_offset: list[float] = parameter(
        [0.0, 0.0, 0.0, 0.0], 'Moves the second camera: x, y, z in metres, turn about the vertical in degrees',
        at_configure=True)


class Cell(Robot4dNode):
    """Simulates, renders and publishes in one thread of its own, which owns the simulation."""

    def __init__(self, **node_options) -> None:
        """Declare parameters, publishers and controllers; the simulation starts with activate."""
        super().__init__('cell', CellParameters(), **node_options)
        self._clock_topic = self.create_publisher(ClockMessage, '/clock', qos.STATE)
        self._joint_states = self.create_publisher(JointState, 'joint_states', qos.STATE)
        self._state = self.create_publisher(SimulatorState, 'simulator_state', qos.STATE)
        self._description = self.create_publisher(String, 'robot_description', qos.LATCHED)
        self._transforms = TransformBroadcaster(self)
        self._static_transforms = StaticTransformBroadcaster(self)
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None
        self._speed = 0.0
        self.diagnostics.add('simulation', self._simulation_health)

    def configure(self) -> None:
        """Sample the scene, announce its cameras and serve the controllers of its arms."""
        settings = self.parameters
        if len(settings.second_camera_offset) != 4:
            raise ParameterError(
                f'second_camera_offset must be x, y, z, degrees: 4 numbers, got {settings.second_camera_offset}')
        *shift, turn = settings.second_camera_offset
        self._robot = Robot.shipped(make_task(settings.task).arms, settings.robot)
        self._scene = Scene.sample(settings.task, settings.seed, robot=settings.robot).with_second_camera_moved(
            shift, np.deg2rad(turn))
        self._cameras = {}
        for placement in self._scene.cameras:
            topics = (
                (Image, f'/{placement.name}/color/image_raw'),
                (Image, f'/{placement.name}/aligned_depth_to_color/image_raw'),
                (CameraInfo, f'/{placement.name}/color/camera_info'),
            )
            self._cameras[placement.name] = [
                self.create_publisher(message_type, topic, qos.CAMERA_SOURCE) for message_type, topic in topics]
        self.configured.callback(self._destroy_cameras)
        self._controllers = [
            (ArmController(self, arm), GripperController(self, gripper))
            for arm, gripper in zip(self._robot.arms, self._robot.grippers, strict=True)]

    def activate(self) -> None:
        """Start the simulation from its beginning."""
        self._description.publish(String(data=self._robot.description.urdf))
        self._halt.clear()
        self._thread = threading.Thread(target=self._simulate, name='simulation', daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop the simulation; /clock stands still."""
        self._halt.set()
        self._thread.join()

    def _destroy_cameras(self) -> None:
        for publishers in self._cameras.values():
            for publisher in publishers:
                self.destroy_publisher(publisher)

    def _simulate(self) -> None:
        cell = RobotCell(self._scene)
        cell.advance(TICK)
        reference = self._scene.cameras[0]
        self._static_transforms.sendTransform(
            conversions.transform_to_message(
                reference.T_world_optical, 'world', optical_frame(reference.name), cell.time))
        ticks_per_image = max(1, round(1 / (self.parameters.camera_rate * TICK)))
        wall, simulated, tick = time.monotonic(), cell.time, 0
        while not self._halt.is_set() and not self.stopping.is_set():
            for arm, controllers in zip(cell.arms, self._controllers, strict=True):
                for controller in controllers:
                    controller.tick(arm, cell.time)
            cell.advance(TICK)
            tick += 1
            self._publish_joints(cell, with_transforms=tick % TF_EVERY == 0)
            if tick % ticks_per_image == 0:
                self._publish_views(cell)
                elapsed = time.monotonic() - wall
                self._speed = (cell.time - simulated) / elapsed
                ahead = (cell.time - simulated) / self.parameters.real_time_factor - elapsed
                if ahead > 0:
                    self._halt.wait(ahead)
                else:
                    wall, simulated = time.monotonic(), cell.time

    def _publish_joints(self, cell: RobotCell, with_transforms: bool) -> None:
        self._clock_topic.publish(ClockMessage(clock=conversions.time_to_message(cell.time)))
        names = [joint for arm in cell.arms for joint in (*arm.names.joints, *arm.names.gripper.finger_joints)]
        positions = [position for arm in cell.arms for position in (*arm.positions, *arm.finger_positions)]
        velocities = [
            velocity for arm in cell.arms for velocity in (*arm.velocities, *np.zeros_like(arm.finger_positions))]
        self._joint_states.publish(JointState(
            header=conversions.header(cell.time, ''), name=names, position=positions, velocity=velocities))
        if with_transforms:
            self._transforms.sendTransform([
                conversions.transform_to_message(pose, 'world', link, cell.time)
                for link, pose in cell.link_poses().items()
            ])

    def _publish_views(self, cell: RobotCell) -> None:
        stamp = cell.time
        self._state.publish(SimulatorState(
            header=conversions.header(stamp, 'world'), scene=self._scene.to_json(), state=cell.state().tolist(),
            missing=list(cell.missing()),
        ))
        for placement in self._scene.cameras:
            frame = optical_frame(placement.name)
            view = cell.render(placement.name)
            colour, depth, info = self._cameras[placement.name]
            info.publish(conversions.camera_to_message(placement.camera, stamp, frame))
            colour.publish(conversions.image_to_message(view.rgb, 'rgb8', stamp, frame))
            depth.publish(conversions.depth_to_message(view.depth, stamp, frame))

    def _simulation_health(self) -> Health:
        level = OK if self._speed > 0.5 * self.parameters.real_time_factor else WARN
        return Health(level, f'{self._speed:.2f} x real time', {'real time factor': f'{self._speed:.2f}'})


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(Cell)


if __name__ == '__main__':
    sys.exit(main())
