#!/usr/bin/env python3
# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The executor, the only node that moves the robot: gripper plans in, checked motion out, or a refusal with reasons."""

from __future__ import annotations

import sys
import traceback
from dataclasses import asdict

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from rclpy.action.server import ServerGoalHandle

from robot4d.action import ExecutePlan
from robot4d.msg import GripperPlans
from robot4d_core.errors import ObservationError, PlanRejected, Robot4dError
from robot4d_core.executor import safety
from robot4d_core.executor.motion import ArmMotion, MotionPlan
from robot4d_core.executor.motion_planner import MotionPlanner
from robot4d_core.executor.robot_arms import RobotArm, RobotArms
from robot4d_core.gripper_plan import GripperPlan
from robot4d_nodes import qos
from robot4d_nodes.arm_parameters import ArmsOfNode
from robot4d_nodes.conversions import (
    duration_to_message,
    gripper_plans_from_message,
    header,
    pose_to_message,
)
from robot4d_nodes.diagnostics import OK, WARN, Health
from robot4d_nodes.executor_parameters import LIMITS_PREFIX, ExecutorParameters, LimitParameters
from robot4d_nodes.lifecycle import Robot4dNode, run_node
from robot4d_nodes.measured_arms import MeasuredArms
from robot4d_nodes.motion_controllers import ExecutionEnded, MotionControllers, joint_trajectory
from robot4d_nodes.robot_description_source import find_robot_description
from robot4d_nodes.single_goal import SingleGoalServer
from robot4d_nodes.software_stop import SoftwareStop

_PATH_POINT_EVERY = 5  # samples of a motion


class Executor(Robot4dNode):
    """Serves `execute_plan`: checks and plans with robot4d_core.executor, moves with the robot's controllers.

    Every plan begins where the joint states say that the arms are. A cancel, a stop (see SoftwareStop), silent joint
    states, or a controller that fails end a motion at any time. A limit that is not in force is no limit: parameters
    that nobody hears are refused.
    """

    strict = True

    def __init__(self, **node_options) -> None:
        """Declare parameters, create the action server and the stop; the robot is described by configure."""
        super().__init__('executor', ExecutorParameters(), **node_options)
        self.declare_table(LimitParameters(), LIMITS_PREFIX)
        self._arms = ArmsOfNode(self)
        self._arms.declare_controllers()
        self._planned_paths = [self.create_lifecycle_publisher(Path, f'~/{gripper}/planned_path', qos.LATCHED)
                               for gripper in self._arms.grippers]
        self._activity, self._refusal = 'idle', ''
        self.diagnostics.add('motion', self._motion_health)
        self._server = SingleGoalServer(
            self, ExecutePlan, 'execute_plan', self._execute_plan, failed=ExecutePlan.Result.CONTROLLER_FAILED)
        self._stop = SoftwareStop(self, self._server.wait_until_idle)

    def configure(self) -> None:
        """Read the robot description, listen to tf and joint states, look for the controllers."""
        settings, limits = self.parameters, self._limits
        names = self._arms.names()
        description = find_robot_description(self, settings, arms=len(names))
        self._robot = RobotArms.from_description(
            description, names, settings.base_frame, self._arms.velocity_limits())
        self._measured = MeasuredArms(self, self._robot, description, limits)
        self._controllers = MotionControllers(self, self._robot.arms, self._arms.controllers())
        in_force = ', '.join(f'{name} {value}' for name, value in asdict(limits).items())
        self.get_logger().info(f'limits in force: {in_force}')
        self.diagnostics.add('limits', lambda: Health(OK, 'in force', asdict(self._limits)))

    def deactivate(self) -> None:
        """Wait until the motion has been cancelled."""
        self._server.wait_until_idle(timeout=3.0)

    @property
    def _limits(self) -> safety.SafetyLimits:
        return self.read_table(LimitParameters, LIMITS_PREFIX).to_limits()

    def _execute_plan(self, goal_handle: ServerGoalHandle) -> ExecutePlan.Result:
        result = ExecutePlan.Result()
        self._activity, self._refusal = 'checking', ''
        try:
            self._require_no_interruption(goal_handle)
            goal_handle.publish_feedback(ExecutePlan.Feedback(phase='checking'))
            motion = self._plan(goal_handle.request)
            arm_motions = [segment for segment in motion.segments if isinstance(segment, ArmMotion)]
            result.trajectories = [
                joint_trajectory(own, arm.kinematics.joint_names)
                for segment in arm_motions for arm, own in self._split(segment) if not own.still]
            self._show(arm_motions)
            dry_run = self.parameters.dry_run or goal_handle.request.dry_run
            if not dry_run:
                self._move(goal_handle, motion)
            result.code = result.SUCCEEDED
            result.message = (
                f'{len(arm_motions)} arm motions ({motion.duration:.1f} s) and '
                f'{len(motion.segments) - len(arm_motions)} gripper motions '
                + ('pass every check; dry run: nothing moved' if dry_run else 'carried out'))
            self.get_logger().info(result.message)
        except ExecutionEnded as end:
            if end.code == result.STOPPED:
                self._stop.stop(str(end))
            result.code, result.message, result.violations = end.code, str(end), end.violations
            self._refusal = result.message
            self.get_logger().error(result.message)
        finally:
            self._activity = 'idle'
        return result

    def _plan(self, goal: ExecutePlan.Goal) -> MotionPlan:
        settings, limits = self.parameters, self._limits
        try:
            plans = self._gripper_plans(goal.plans, goal.max_steps)
            if stale := safety.check_age('plan', plans[0].stamp, self.seconds_now(), limits.max_plan_age, limits):
                raise PlanRejected(stale)
            positions, openings = self._measured.fresh_positions(limits)
            planner = MotionPlanner(self._robot, limits, speed_scaling=settings.speed_scaling)
            T_base_camera = self._measured.base_from_camera(plans[0].frame_id, plans[0].stamp)
            return planner.plan(plans, T_base_camera, positions, openings, max_steps=goal.max_steps)
        except ExecutionEnded:
            raise
        except PlanRejected as error:
            raise _rejected(*map(str, error.violations)) from error
        except Robot4dError as error:
            raise _rejected(str(error)) from error
        except Exception as error:
            self.get_logger().error(traceback.format_exc())
            raise _rejected(f'a mistake in robot4d, please report it: {type(error).__name__}: {error}') from error

    def _gripper_plans(self, message: GripperPlans, max_steps: int) -> list[GripperPlan]:
        """Return the first steps of the plans, in the order of the arms.

        Raises ExecutionEnded when a gripper is lost in them or they are not as expected.
        """
        plans = {plan.gripper: plan.until(max_steps) for plan in gripper_plans_from_message(message)}
        if message.lost and (not plans or any(plan.lost for plan in plans.values())):
            raise _rejected(f'the tracker lost the gripper: {message.message}')
        frame, grippers = self.parameters.reference_frame, self._arms.grippers
        if message.header.frame_id != frame:
            raise _rejected(
                f"the plan is in frame '{message.header.frame_id}', only '{frame}' is calibrated; if that is wrong, "
                'set reference_frame in robot.yaml')
        if len(message.plans) != len(grippers) or set(plans) != set(grippers):
            raise _rejected(
                f"this executor moves {' and '.join(grippers)}, the plan is for: "
                f"{', '.join(plan.gripper for plan in message.plans) or 'no gripper'}; list the same arms for tracker "
                'and executor')
        return [plans[gripper] for gripper in grippers]

    def _split(self, motion: ArmMotion) -> list[tuple[RobotArm, ArmMotion]]:
        """Return each arm with its part of a motion."""
        return [(arm, motion.of(joints)) for arm, joints in zip(self._robot.arms, self._robot.joints, strict=True)]

    def _move(self, goal_handle: ServerGoalHandle, motion: MotionPlan) -> None:
        self._controllers.require()
        remaining = motion.duration
        for number, segment in enumerate(motion.segments, 1):
            self._require_no_interruption(goal_handle)
            feedback = ExecutePlan.Feedback(segment=number, segments=len(motion.segments))
            feedback.phase = self._activity = 'moving' if isinstance(segment, ArmMotion) else 'gripper'
            feedback.remaining = duration_to_message(remaining)
            goal_handle.publish_feedback(feedback)
            if isinstance(segment, ArmMotion):
                self._require_new_states()
                self._require_arms_at(segment.positions[0], 'the motion does not begin where the arm is')
                self._controllers.follow([own for _, own in self._split(segment)],
                                         self._watch(goal_handle, feedback, remaining, segment.duration))
                self._require_arms_at(segment.positions[-1], 'the arm controller ended, but not where the motion ends')
                remaining -= segment.duration
            else:
                self._controllers.open_to(segment.openings, self._watch(goal_handle, feedback, remaining, 0.0))

    def _watch(self, goal_handle: ServerGoalHandle, feedback: ExecutePlan.Feedback, remaining: float, duration: float):
        """Return what the controllers call during a segment that takes duration of the remaining seconds."""
        def watch(elapsed: float) -> ExecutionEnded | None:
            if end := self._interruption(goal_handle):
                return end
            if problem := self._measured.joint_states.problem():
                return ExecutionEnded(ExecutePlan.Result.STOPPED, problem)
            feedback.remaining = duration_to_message(remaining - min(elapsed, duration))
            goal_handle.publish_feedback(feedback)
            return None

        return watch

    def _require_no_interruption(self, goal_handle: ServerGoalHandle) -> None:
        if end := self._interruption(goal_handle):
            raise end

    def _interruption(self, goal_handle: ServerGoalHandle) -> ExecutionEnded | None:
        """Return why nothing may move although the robot is well, None when it may."""
        if reason := self._stop.reason():
            return ExecutionEnded(ExecutePlan.Result.STOPPED, f'stopped: {reason}')
        if goal_handle.is_cancel_requested:
            return ExecutionEnded(ExecutePlan.Result.CANCELED, 'cancelled')
        if not self.active:
            return ExecutionEnded(ExecutePlan.Result.NOT_ACTIVE, f'{self.get_name()} has been deactivated')
        return None

    def _require_new_states(self) -> None:
        """Wait for joint states from after the decision to move; raise ExecutionEnded when none come."""
        try:
            self._measured.joint_states.wait_for_newer(self.parameters.state_timeout)
        except ObservationError as error:
            raise ExecutionEnded(ExecutePlan.Result.STOPPED, str(error)) from error

    def _require_arms_at(self, planned: np.ndarray, what: str) -> None:
        try:
            measured, _ = self._measured.positions()
        except ObservationError as error:
            raise ExecutionEnded(ExecutePlan.Result.STOPPED, str(error)) from error
        away = [
            str(violation) for arm, joints in zip(self._robot.arms, self._robot.joints, strict=True)
            for violation in safety.check_start(arm.kinematics, planned[joints], measured[joints], self._limits)]
        if away:
            raise ExecutionEnded(ExecutePlan.Result.CONTROLLER_FAILED, f'{what}: {"; ".join(away)}', away)

    def _show(self, motions: list[ArmMotion]) -> None:
        """Publish the paths of the tools for RViz."""
        of_base = header(self.seconds_now(), self.parameters.base_frame)
        for publisher, arm, joints in zip(self._planned_paths, self._robot.arms, self._robot.joints, strict=True):
            publisher.publish(Path(header=of_base, poses=[
                PoseStamped(header=of_base, pose=pose_to_message(arm.kinematics.fk(positions)))
                for motion in motions for positions in motion.positions[::_PATH_POINT_EVERY, joints]]))

    def _motion_health(self) -> Health:
        values = {'last refusal': self._refusal, 'dry run': self.parameters.dry_run}
        if self._refusal and self._activity == 'idle':
            return Health(WARN, self._refusal, values)
        return Health(OK, self._activity, values)


def _rejected(*violations: str) -> ExecutionEnded:
    return ExecutionEnded(
        ExecutePlan.Result.REJECTED, f'plan rejected, nothing moved: {"; ".join(violations)}', violations)


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(Executor)


if __name__ == '__main__':
    sys.exit(main())
