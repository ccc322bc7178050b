# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The controllers of the simulated cell, as ros2_control offers them: FollowJointTrajectory and GripperCommand.

Sources: ros2_controllers, joint_trajectory_controller/doc/userdoc.rst and gripper_controllers.
The simulation thread calls `tick`; action callbacks run in executor threads and wait for it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from control_msgs.action import FollowJointTrajectory, GripperCommand
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup

from robot4d_core.cell.cell_arm import CellArm
from robot4d_core.cell.trajectory_controller import JointTrajectory
from robot4d_core.errors import TrajectoryError
from robot4d_core.robot.gripper import Gripper
from robot4d_core.robot.names import ArmNames
from robot4d_nodes.conversions import duration_from_message, time_from_message
from robot4d_nodes.lifecycle import Robot4dNode

PATH_TOLERANCE = 0.25  # rad
GOAL_TOLERANCE = 0.02  # rad
GOAL_TIME = 2.0  # seconds after the last point
GRIPPER_TOLERANCE = 0.001  # metres of one finger
STALL_SPEED = 0.002  # metres per second of one finger
STALL_TIME = 0.4  # seconds
_WAIT = 0.2  # seconds


@dataclass
class _Motion:
    """One goal in progress; whoever sets `ended` has written the result and outcome before."""

    goal_handle: Any
    trajectory: JointTrajectory | None = None
    start: float = 0.0
    result: Any = None
    outcome: str = ''
    ended: threading.Event = field(default_factory=threading.Event)

    def end(self, outcome: str, result: Any) -> None:
        self.outcome, self.result = outcome, result
        self.ended.set()


class _MotionServer:
    """One goal at a time, until the node's cleanup; a new goal aborts the one that runs, as the real controllers do."""

    def __init__(self, node: Robot4dNode, action_type: Any, name: str) -> None:
        self._node = node
        self._motion: _Motion | None = None
        self._lock = threading.Lock()
        server = ActionServer(
            node, action_type, name, self._execute, goal_callback=self._judge,
            cancel_callback=lambda _: CancelResponse.ACCEPT, callback_group=ReentrantCallbackGroup(),
        )
        node.configured.callback(server.destroy)

    def _judge(self, goal: Any) -> GoalResponse:
        raise NotImplementedError

    def _begin(self, goal_handle: Any) -> _Motion:
        raise NotImplementedError

    def _preempted(self) -> Any:
        raise NotImplementedError

    def _execute(self, goal_handle: Any) -> Any:
        motion = self._begin(goal_handle)
        with self._lock:
            if self._motion is not None:
                self._motion.end('aborted', self._preempted())
            self._motion = motion
        while not motion.ended.wait(_WAIT):
            if not self._node.active:
                self._end(motion, 'aborted', self._preempted())
        getattr(goal_handle, {'succeeded': 'succeed', 'aborted': 'abort', 'canceled': 'canceled'}[motion.outcome])()
        return motion.result

    def _end(self, motion: _Motion, outcome: str, result: Any) -> None:
        with self._lock:
            if self._motion is motion:
                self._motion = None
        motion.end(outcome, result)


class ArmController(_MotionServer):
    """Follows joint trajectories of one arm from the moment they are stamped with; else holds its position."""

    def __init__(self, node: Robot4dNode, arm: ArmNames) -> None:
        """Serve <arm>_controller/follow_joint_trajectory."""
        self._joint_names = list(arm.joints)
        self._hold: np.ndarray | None = None
        super().__init__(node, FollowJointTrajectory, f'{arm.name}_controller/follow_joint_trajectory')

    def tick(self, arm: CellArm, now: float) -> None:
        """Command the arm at a moment, seconds of simulated time."""
        motion = self._motion
        if motion is None:
            if self._hold is None:
                self._hold = arm.positions
            arm.command(self._hold)
            return
        result = FollowJointTrajectory.Result()
        if motion.goal_handle.is_cancel_requested:
            self._hold = arm.positions
            self._end(motion, 'canceled', result)
            return
        if motion.trajectory is None:
            motion.start = time_from_message(motion.goal_handle.request.trajectory.header.stamp) or now
            motion.trajectory = self._trajectory(motion.goal_handle.request).started_from(arm.positions)
        elapsed = now - motion.start
        desired, velocity = motion.trajectory.sample(elapsed)
        arm.command(desired, velocity)
        self._hold = desired
        error = float(np.abs(desired - arm.positions).max())
        if error > PATH_TOLERANCE:
            self._hold = arm.positions
            result.error_code = result.PATH_TOLERANCE_VIOLATED
            result.error_string = f'a joint is {error:.3f} rad from the path, tolerance {PATH_TOLERANCE} rad'
            self._end(motion, 'aborted', result)
        elif elapsed >= motion.trajectory.duration and error <= GOAL_TOLERANCE:
            self._end(motion, 'succeeded', result)
        elif elapsed > motion.trajectory.duration + GOAL_TIME:
            result.error_code = result.GOAL_TOLERANCE_VIOLATED
            result.error_string = f'a joint is {error:.3f} rad from the goal, tolerance {GOAL_TOLERANCE} rad'
            self._end(motion, 'aborted', result)

    def _judge(self, goal: FollowJointTrajectory.Goal) -> GoalResponse:
        try:
            self._trajectory(goal)
        except TrajectoryError as error:
            self._node.get_logger().error(f'trajectory refused: {error}')
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _begin(self, goal_handle: Any) -> _Motion:
        return _Motion(goal_handle)

    def _preempted(self) -> FollowJointTrajectory.Result:
        return FollowJointTrajectory.Result(
            error_code=FollowJointTrajectory.Result.INVALID_GOAL, error_string='replaced by a new goal, or shut down')

    def _trajectory(self, goal: FollowJointTrajectory.Goal) -> JointTrajectory:
        names, points = list(goal.trajectory.joint_names), goal.trajectory.points
        if sorted(names) != sorted(self._joint_names):
            raise TrajectoryError(f'joint names must be {self._joint_names}, got {names}')
        order = [names.index(name) for name in self._joint_names]

        def values(attribute: str) -> np.ndarray | None:
            rows = [list(getattr(point, attribute)) for point in points]
            if attribute != 'positions' and not any(rows):
                return None
            if any(len(row) != len(names) for row in rows):
                raise TrajectoryError(f'every point needs {len(names)} {attribute}')
            return np.array(rows).reshape(len(rows), len(names))[:, order]

        return JointTrajectory(
            np.array([duration_from_message(point.time_from_start) for point in points]),
            values('positions'), values('velocities'), values('accelerations'),
        )


class GripperController(_MotionServer):
    """Opens and closes the gripper; succeeds when it arrives or when an object stops the fingers."""

    def __init__(self, node: Robot4dNode, gripper: Gripper) -> None:
        """Serve <gripper>_controller/gripper_cmd; position is metres of one finger."""
        self._low, self._high = gripper.range[0] / 2, gripper.open_width / 2
        self._last_opening: float | None = None
        self._still_since: float | None = None
        super().__init__(node, GripperCommand, f'{gripper.name}_controller/gripper_cmd')

    def tick(self, arm: CellArm, now: float) -> None:
        """Command the arm's gripper at a moment, seconds of simulated time."""
        motion = self._motion
        if motion is None:
            return
        finger = arm.gripper_opening / 2
        result = GripperCommand.Result(position=finger)
        if motion.goal_handle.is_cancel_requested:
            arm.command_gripper(arm.gripper_opening)
            self._end(motion, 'canceled', result)
            return
        target = motion.goal_handle.request.command.position
        arm.command_gripper(2 * target)
        if self._still_since is None or abs(finger - self._last_opening) > STALL_SPEED * STALL_TIME:
            self._still_since, self._last_opening = now, finger
        result.reached_goal = abs(finger - target) < GRIPPER_TOLERANCE
        result.stalled = not result.reached_goal and now - self._still_since > STALL_TIME
        if result.reached_goal or result.stalled:
            self._still_since = None
            self._end(motion, 'succeeded', result)

    def _judge(self, goal: GripperCommand.Goal) -> GoalResponse:
        if not self._low <= goal.command.position <= self._high:
            self._node.get_logger().error(
                f'gripper goal refused: position must be {self._low:.4f} to {self._high:.4f} m of one finger, '
                f'got {goal.command.position}')
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _begin(self, goal_handle: Any) -> _Motion:
        self._still_since = None
        return _Motion(goal_handle)

    def _preempted(self) -> GripperCommand.Result:
        return GripperCommand.Result()
