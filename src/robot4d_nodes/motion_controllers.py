# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The controllers that move the robot, as ros2_control offers them.

Sources: ros2_controllers, joint_trajectory_controller/doc/{userdoc,trajectory}.rst, gripper_controllers and
parallel_gripper_controller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from builtin_interfaces.msg import Time
from control_msgs.action import FollowJointTrajectory, GripperCommand, ParallelGripperCommand
from rclpy.callback_groups import ReentrantCallbackGroup
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from robot4d.action import ExecutePlan
from robot4d_core.executor.gripper_command import POSITIONS
from robot4d_core.executor.motion import ArmMotion
from robot4d_core.executor.robot_arms import RobotArm
from robot4d_core.robot.gripper import Gripper
from robot4d_nodes.action_call import (
    ActionFailed,
    ActionInterrupted,
    ActionRefused,
    ActionTimeout,
    ActionUnavailable,
    ConcurrentActionClient,
    call_action,
    call_together,
)
from robot4d_nodes.arm_parameters import ControllerParameters
from robot4d_nodes.conversions import duration_to_message, time_to_message
from robot4d_nodes.executor_parameters import ExecutorParameters
from robot4d_nodes.lifecycle import Robot4dNode

_SLOWEST_CLOCK = 20.0  # wall seconds per second of the ROS clock: a simulator on a busy machine


class ExecutionEnded(Exception):
    """The goal ends before its motion is complete: a code of ExecutePlan.Result, and the reasons."""

    def __init__(self, code: int, message: str, violations: Sequence[str] = ()) -> None:
        """Keep the code and what failed."""
        super().__init__(message)
        self.code = code
        self.violations = list(violations)


Watch = Callable[[float], 'ExecutionEnded | None']
"""Called 20 times a second with the seconds since the motion began (ROS clock); tells why the motion must end."""


@dataclass(frozen=True)
class _Controller:
    client: ConcurrentActionClient
    name: str


@dataclass(frozen=True)
class _GripperCommands:
    """Says to the controller of a gripper what it understands."""

    gripper: Gripper
    settings: ControllerParameters

    @property
    def action_type(self) -> type:
        return GripperCommand if self.settings.gripper_type == 'GripperCommand' else ParallelGripperCommand

    def goal(self, opening: float) -> GripperCommand.Goal | ParallelGripperCommand.Goal:
        """Return the goal that brings the pads metres apart."""
        effort = self.settings.gripper_effort
        goal = self.action_type.Goal()
        if self.action_type is GripperCommand:
            goal.command.position = POSITIONS[self.settings.gripper_position](self.gripper, opening)
            goal.command.max_effort = effort
        else:
            positions = self.gripper.positions(opening)
            goal.command = JointState(
                name=list(positions), position=list(positions.values()), effort=[effort] * len(positions))
        return goal

    def closes(self, opening: float) -> bool:
        """Tell whether an opening, metres, is that of the closed gripper."""
        return self.gripper.share(opening) < 0.5

    def told(self, goal: GripperCommand.Goal | ParallelGripperCommand.Goal) -> str:
        """Return the position in a goal, for people."""
        if self.action_type is GripperCommand:
            return f'{goal.command.position:.3f} ({self.settings.gripper_position})'
        return _in_words(goal.command)

    def outcome(self, result: GripperCommand.Result | ParallelGripperCommand.Result) -> str:
        """Return where a result says the gripper is, for people."""
        if self.action_type is GripperCommand:
            return f'it is at {result.position:.3f}'
        return f'it is at {_in_words(result.state)}'


def _in_words(state: JointState) -> str:
    return ', '.join(f'{name} {position:.3f}' for name, position in zip(state.name, state.position, strict=False))


class MotionControllers:
    """Moves all arms together, or grippers, until the node's cleanup.

    A motion that the watch ends, or one of whose controllers fails, vanishes or takes too long, is cancelled for every
    arm, and its end awaited, before ExecutionEnded is raised. It has the code STOPPED when a controller did not
    confirm: the robot may still move.
    """

    def __init__(
        self, node: Robot4dNode, arms: Sequence[RobotArm], controllers: Sequence[ControllerParameters]
    ) -> None:
        """Look for the controllers of each arm."""
        self._node = node
        self._joints = [arm.kinematics.joint_names for arm in arms]
        self._commands = [_GripperCommands(arm.gripper, of_arm) for arm, of_arm in zip(arms, controllers, strict=True)]
        self._arms = [self._controller(FollowJointTrajectory, of_arm.arm_action) for of_arm in controllers]
        self._grippers = [self._controller(command.action_type, of_arm.gripper_action)
                          for command, of_arm in zip(self._commands, controllers, strict=True)]

    def require(self) -> None:
        """Raise ExecutionEnded that names the controller that is not there."""
        for controller in (*self._arms, *self._grippers):
            if not controller.client.wait_for_server(self._settings.server_timeout):
                raise ExecutionEnded(
                    ExecutePlan.Result.CONTROLLER_UNAVAILABLE,
                    f"no controller serves '{controller.name}'; load and activate it, or correct its name in "
                    'controllers.yaml (see `ros2 action list`); nothing moved')

    def follow(self, motions: Sequence[ArmMotion], watch: Watch) -> None:
        """Move each arm along its own of motions that begin together; an arm whose motion is still gets no goal."""
        goals = [
            (controller, FollowJointTrajectory.Goal(trajectory=joint_trajectory(motion, joints)), motion.duration)
            for controller, joints, motion in zip(self._arms, self._joints, motions, strict=True) if not motion.still]
        delay = self._settings.start_delay if len(goals) > 1 else 0.0
        start = time_to_message(self._node.seconds_now() + delay) if delay else Time()

        def follow_one(controller: _Controller, goal: FollowJointTrajectory.Goal, duration: float, failed) -> None:
            goal.trajectory.header.stamp = start
            limit = delay + self._settings.duration_scaling * duration + self._settings.duration_margin
            try:
                result, failure = self._call(controller, goal, limit, watch, failed), ''
            except ActionFailed as error:
                result, failure = error.result, str(error)
            if failure or result.error_code != result.SUCCESSFUL:
                raise ExecutionEnded(
                    ExecutePlan.Result.CONTROLLER_FAILED,
                    f"'{controller.name}' failed with code {result.error_code}: "
                    f"{result.error_string or failure or 'no reason given'}")

        _together(partial(follow_one, *goal) for goal in goals)

    def open_to(self, openings: Sequence[float | None], watch: Watch) -> None:
        """Bring the pads of each gripper metres apart, or as near as what is between them allows; None: leave them.

        A controller whose allow_stalling is false, as by default, aborts when it has gripped something; that counts as
        a grip, where the gripper was told to close.
        """
        def open_one(controller: _Controller, command: _GripperCommands, opening: float, failed) -> None:
            goal = command.goal(opening)
            try:
                result, failure = self._call(controller, goal, self._settings.duration_margin, watch, failed), ''
            except ActionFailed as error:
                gripped = error.aborted and error.result.stalled and command.closes(opening)
                result, failure = error.result, '' if gripped else f'{error}; '
            if failure or not (result.reached_goal or result.stalled):
                raise ExecutionEnded(
                    ExecutePlan.Result.CONTROLLER_FAILED,
                    f"'{controller.name}' failed: {failure}{command.outcome(result)}, told to go to "
                    f'{command.told(goal)}')

        _together(partial(open_one, *one) for one in zip(self._grippers, self._commands, openings, strict=True)
                  if one[-1] is not None)

    @property
    def _settings(self) -> ExecutorParameters:
        return self._node.parameters

    def _controller(self, action_type: type, name: str) -> _Controller:
        client = ConcurrentActionClient(self._node, action_type, name, callback_group=ReentrantCallbackGroup())
        self._node.configured.callback(client.destroy)
        return _Controller(client, name)

    def _call(
        self, controller: _Controller, goal: Any, limit: float, watch: Watch, other_failed: Callable[[], bool]
    ) -> Any:
        """Send goal and return the controller's result; limit: seconds of the ROS clock."""
        started = self._node.seconds_now()
        reasons: list[ExecutionEnded] = []

        def interrupted() -> bool:
            elapsed = self._node.seconds_now() - started
            if other_failed():
                return True
            reason = watch(elapsed) or self._failure(controller, elapsed, limit)
            if reason:
                reasons.append(reason)
            return reason is not None

        try:
            return call_action(
                controller.client, controller.name, goal, server_timeout=self._settings.server_timeout,
                result_timeout=_SLOWEST_CLOCK * limit, interrupted=interrupted)
        except ActionInterrupted:
            if not reasons:  # another controller has
                raise
            raise reasons[0] from None
        except ActionTimeout as error:
            first = f'{reasons[0]}; then ' if reasons else ''
            raise ExecutionEnded(
                ExecutePlan.Result.STOPPED, f'{first}{error}: the robot may still move, use its emergency stop'
            ) from error
        except ActionRefused as error:
            raise ExecutionEnded(ExecutePlan.Result.CONTROLLER_FAILED, str(error)) from error
        except ActionUnavailable as error:
            raise ExecutionEnded(ExecutePlan.Result.CONTROLLER_UNAVAILABLE, str(error)) from error

    @staticmethod
    def _failure(controller: _Controller, elapsed: float, limit: float) -> ExecutionEnded | None:
        if not controller.client.server_is_ready():
            return ExecutionEnded(
                ExecutePlan.Result.CONTROLLER_UNAVAILABLE, f"'{controller.name}' vanished during the motion")
        if elapsed > limit:
            return ExecutionEnded(
                ExecutePlan.Result.CONTROLLER_FAILED,
                f"'{controller.name}' did not finish within {limit:.1f} s; the motion has been cancelled")
        return None


def _together(calls: Iterable[Callable[[Callable[[], bool]], None]]) -> None:
    """Make all calls at once, see call_together; a controller that may still move counts more than who failed first."""
    failures = call_together(list(calls))
    for failure in failures:
        if isinstance(failure, ExecutionEnded) and failure.code == ExecutePlan.Result.STOPPED:
            raise failure
    if failures:
        raise failures[0]


def joint_trajectory(motion: ArmMotion, joint_names: Sequence[str]) -> JointTrajectory:
    """Return the motion without its first point: the controller begins where the arm is."""
    samples = zip(motion.times, motion.positions, motion.velocities, motion.accelerations, strict=True)
    points = [
        JointTrajectoryPoint(
            positions=positions.tolist(), velocities=velocities.tolist(), accelerations=accelerations.tolist(),
            time_from_start=duration_to_message(time))
        for time, positions, velocities, accelerations in samples]
    return JointTrajectory(joint_names=list(joint_names), points=points[1:])
