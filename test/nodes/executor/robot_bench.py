# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""A robot and its operator for the executor to meet, and plans for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from uuid import uuid4

import numpy as np
import rclpy
from control_msgs.action import FollowJointTrajectory, GripperCommand, ParallelGripperCommand
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.duration import Duration
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from tf2_ros import StaticTransformBroadcaster

from nodes.bench import wait_until
from robot4d.action import ExecutePlan
from robot4d_core.geometry.poses import invert_pose, look_at, make_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_nodes import qos
from robot4d_nodes.conversions import duration_from_message, gripper_plans_to_message, transform_to_message
from robot4d_nodes.joint_state_input import JointStateInput
from shipped_robot import ARM, arm_kinematics

Result = ExecutePlan.Result
FRAME = 'reference_color_optical_frame'
T_WORLD_CAMERA = look_at([0.5, 0.3, 0.9], [0.0, 0.0, 0.0])
HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])
STATE_PERIOD = 0.02  # seconds
FASTEST = 2.0 * STATE_PERIOD  # rad, of a joint between two joint states
ENDLESS = 200.0  # seconds: a motion that something must end
FINGERS = ['gripper_finger_left_joint', 'gripper_finger_right_joint']
KINEMATICS = arm_kinematics()
TOOL_AT_HOME = KINEMATICS.fk(HOME)


def plan(steps: int = 4, sideways: float = 0.02, close_at: int | None = None, age: float = 0.0) -> GripperPlan:
    """Return a plan that moves the tool sideways by metres per step, and closes the gripper at a step."""
    poses = [invert_pose(T_WORLD_CAMERA) @ make_pose(np.eye(3), [0.0, sideways * k, 0.0]) @ TOOL_AT_HOME
             for k in range(1, steps + 1)]
    closed = np.arange(steps) >= (steps if close_at is None else close_at)
    return GripperPlan(
        gripper='gripper', stamp=time.time() - age, frame_id=FRAME, prediction_id=uuid4(), model='test',
        time_from_start=0.5 * np.arange(1, steps + 1), poses=np.stack(poses), opening=np.where(closed, 0.02, 0.08),
        closed=closed, confidence=np.full(steps, 0.9), source_view=('reference',) * steps,
        observed_pose=poses[0], observed_closed=bool(closed[0]))


def gliding(positions: np.ndarray, goal: Sequence[float]) -> Iterator[np.ndarray]:
    """Yield where an arm is with every joint state while it moves as fast as it can."""
    while (positions != goal).any():
        positions = positions + np.clip(goal - positions, -FASTEST, FASTEST)
        yield positions


class Robot:
    """A robot and its operator: joint states, tf, two controllers that record their goals, a client of the executor.

    Its arm glides to the end of a trajectory once the trajectory's time is over, or after arm_time.
    """

    def __init__(
        self, *, arm: bool = True, joints: tuple[str, ...] = ARM.joints, frame: str = FRAME,
        gripper: type = GripperCommand, namespace: str = '',
    ) -> None:
        self.arm_time: float | None = 0.05
        self.arm_response = GoalResponse.ACCEPT
        self.arm_error: tuple[int, str] | None = None
        self.stops_short = False
        self.publishing = True
        self.stamps_ahead = 0.0
        self.told: list[str] = []
        self.trajectories: list = []
        self.finger_goals: list = []
        self.grips, self.gripper_aborts = True, False
        self.moving, self.canceled = threading.Event(), threading.Event()
        self._joints, self._positions, self._finger = list(joints), HOME.copy(), 0.04
        self.node = rclpy.create_node('robot', namespace=namespace)
        group = ReentrantCallbackGroup()
        self.states = self.node.create_publisher(JointState, 'joint_states', qos.STATE)
        self._tf = StaticTransformBroadcaster(self.node)
        self._tf.sendTransform(transform_to_message(T_WORLD_CAMERA, 'world', frame, 0.0))
        self._timer = self.node.create_timer(STATE_PERIOD, self._publish, callback_group=group)
        self.e_stop = self.node.create_publisher(Bool, 'e_stop', qos.HEARTBEAT)
        self.client = ActionClient(self.node, ExecutePlan, 'execute_plan', callback_group=group)
        self._services = {name: self.node.create_client(Trigger, f'executor/{name}', callback_group=group)
                          for name in ('stop', 'reset')}
        self._entities = [self.client, ActionServer(
            self.node, gripper, 'gripper_controller/gripper_cmd', self._move_fingers, callback_group=group)]
        if arm:
            self._entities.append(ActionServer(
                self.node, FollowJointTrajectory, 'arm_controller/follow_joint_trajectory', self._follow,
                callback_group=group, goal_callback=lambda _: self.arm_response,
                cancel_callback=lambda _: CancelResponse.ACCEPT))

    def _publish(self) -> None:
        if self.publishing:
            state = JointState(name=[*self._joints, *FINGERS], position=[*self._positions, self._finger, self._finger])
            state.header.stamp = (self.node.get_clock().now() + Duration(seconds=self.stamps_ahead)).to_msg()
            self.states.publish(state)

    def _follow(self, goal_handle) -> FollowJointTrajectory.Result:
        trajectory = goal_handle.request.trajectory
        self.told.append('arm')
        self.trajectories.append(trajectory)
        self.moving.set()
        duration = duration_from_message(trajectory.points[-1].time_from_start)
        begin = time.monotonic()
        while time.monotonic() - begin < (duration if self.arm_time is None else self.arm_time):
            if goal_handle.is_cancel_requested:
                self.canceled.set()
                goal_handle.canceled()
                return FollowJointTrajectory.Result()
            time.sleep(0.01)
        if self.arm_error:
            goal_handle.abort()
            return FollowJointTrajectory.Result(error_code=self.arm_error[0], error_string=self.arm_error[1])
        if not self.stops_short:
            for positions in gliding(self._positions, trajectory.points[-1].positions):
                self._positions = positions
                time.sleep(STATE_PERIOD)
            wait_until(lambda: (self.heard.positions()[:len(self._positions)] == self._positions).all())
        goal_handle.succeed()
        return FollowJointTrajectory.Result()

    def _move_fingers(self, goal_handle) -> GripperCommand.Result | ParallelGripperCommand.Result:
        command = goal_handle.request.command
        self.told.append('gripper')
        goal_handle.abort() if self.gripper_aborts else goal_handle.succeed()
        if isinstance(command, JointState):
            self.finger_goals.append(dict(zip(command.name, command.position, strict=True)))
            return ParallelGripperCommand.Result(
                state=JointState(name=FINGERS, position=[0.01, 0.02]), stalled=self.grips)
        self.finger_goals.append(command.position)
        return GripperCommand.Result(position=0.01, stalled=self.grips)

    def send(self, *plans: GripperPlan, feedback: list | None = None, **goal):
        """Send execute_plan; returns the goal handle."""
        assert self.client.wait_for_server(100.0)
        sending = self.client.send_goal_async(
            ExecutePlan.Goal(plans=gripper_plans_to_message(plans), **goal),
            feedback_callback=lambda message: feedback.append(message.feedback) if feedback is not None else None)
        wait_until(sending.done)
        return sending.result()

    def result(self, handle) -> tuple[int, Result]:
        """Wait for the end of a goal: its status and result."""
        future = handle.get_result_async()
        wait_until(future.done)
        return future.result().status, future.result().result

    def execute(self, *plans: GripperPlan, **goal) -> Result:
        """Send execute_plan and wait for its result."""
        return self.result(self.send(*plans, **goal))[1]

    def call(self, service: str) -> Trigger.Response:
        """Call `~/stop` or `~/reset`."""
        assert self._services[service].wait_for_service(100.0)
        future = self._services[service].call_async(Trigger.Request())
        wait_until(future.done)
        return future.result()

    @property
    def heard(self) -> JointStateInput:
        """What the executor has heard of the joints."""
        return self.executor._measured.joint_states

    def stamp_ahead(self, seconds: float) -> None:
        """Stamp joint_states that far in the future; returns when the executor has heard of it."""
        self.stamps_ahead = seconds
        wait_until(lambda: abs(self.heard.oldest_stamp() - self.executor.seconds_now() - seconds) < abs(seconds) / 2)

    def close(self) -> None:
        """Destroy what rclpy does not destroy with the node."""
        for entity in self._entities:
            entity.destroy()
