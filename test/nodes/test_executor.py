# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The executor over real DDS, with controllers in this process that record what they are told."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import fields, replace
from uuid import uuid4

import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from control_msgs.action import FollowJointTrajectory, GripperCommand
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.duration import Duration
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from tf2_ros import StaticTransformBroadcaster

from nodes.bench import NODES, Probe, node_process, overrides, wait_until
from robot4d.action import ExecutePlan
from robot4d_core.executor.safety import SafetyLimits
from robot4d_core.geometry.poses import invert_pose, look_at, make_pose
from robot4d_core.gripper_plan import GripperPlan
from robot4d_nodes import qos
from robot4d_nodes.conversions import duration_from_message, gripper_plans_to_message, transform_to_message
from robot4d_nodes.executor import Executor
from robot4d_nodes.executor_parameters import LimitParameters
from robot4d_nodes.joint_state_input import JointStateInput
from robot4d_nodes.lifecycle import spinning
from shipped_robot import ARM, arm_kinematics

Result = ExecutePlan.Result
FRAME = 'reference_color_optical_frame'
T_WORLD_CAMERA = look_at([0.5, 0.3, 0.9], [0.0, 0.0, 0.0])
HOME = np.array([-0.07, -0.30, -0.19, -2.41, -0.07, 2.115, 0.57])
STATE_PERIOD = 0.02  # seconds
ENDLESS = 200.0  # seconds: a motion that something must end
PATIENT = {
    'dry_run': False, 'speed_scaling': 1.0, 'tf_timeout': 30.0, 'server_timeout': 30.0, 'state_timeout': 10.0,
    'max_silence': 60.0, 'duration_margin': 60.0, 'limits.max_plan_age': 60.0,
}
"""Parameters with which nothing is given up because the machine is busy."""
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
        closed=closed, confidence=np.full(steps, 0.9), source_view=('reference',) * steps)


class Robot:
    """A robot and its operator: joint states, tf, two controllers that record their goals, a client of the executor.

    Its arm jumps to the end of a trajectory once the trajectory's time is over, or after arm_time.
    """

    def __init__(self, *, arm: bool = True, joints: tuple[str, ...] = ARM.joints, frame: str = FRAME) -> None:
        self.arm_time: float | None = 0.05
        self.arm_response = GoalResponse.ACCEPT
        self.arm_error: tuple[int, str] | None = None
        self.stops_short = False
        self.publishing = True
        self.stamps_ahead = 0.0
        self.told: list[str] = []
        self.trajectories: list = []
        self.finger_goals: list[float] = []
        self.moving, self.canceled = threading.Event(), threading.Event()
        self._joints, self._positions, self._finger = list(joints), HOME.copy(), 0.04
        self.node = rclpy.create_node('robot')
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
            self.node, GripperCommand, 'gripper_controller/gripper_cmd', self._move_fingers, callback_group=group)]
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
            self._positions = np.array(trajectory.points[-1].positions)
            wait_until(lambda: (self.heard.positions()[:len(self._positions)] == self._positions).all())
        goal_handle.succeed()
        return FollowJointTrajectory.Result()

    def _move_fingers(self, goal_handle) -> GripperCommand.Result:
        self.told.append('gripper')
        self.finger_goals.append(goal_handle.request.command.position)
        goal_handle.succeed()
        return GripperCommand.Result(position=0.01, stalled=True)

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
        return self.executor._joints

    def stamp_ahead(self, seconds: float) -> None:
        """Stamp joint_states that far in the future; returns when the executor has heard of it."""
        self.stamps_ahead = seconds
        wait_until(lambda: abs(self.heard.oldest_stamp() - self.executor.seconds_now() - seconds) < abs(seconds) / 2)

    def close(self) -> None:
        """Destroy what rclpy does not destroy with the node."""
        for entity in self._entities:
            entity.destroy()


@pytest.fixture
def start(ros):
    """Yield a function that starts the executor beside a robot and returns the robot once the executor knows it."""
    running = []

    def begin(robot: Robot, **parameters) -> Robot:
        executor = Executor(parameter_overrides=overrides(**{**PATIENT, **parameters}))
        context = spinning(executor, robot.node)
        context.__enter__()
        running.append((context, robot))
        robot.executor = executor
        wait_until(lambda: executor.active)
        wait_until(lambda: robot.heard._heard and robot.e_stop.get_subscription_count())
        return robot

    yield begin
    for context, robot in running:
        robot.close()
        context.__exit__(None, None, None)


def test_every_safety_limit_is_a_parameter_with_the_librarys_default():
    assert [field.name for field in fields(LimitParameters)] == [field.name for field in fields(SafetyLimits)]
    assert LimitParameters().to_limits() == SafetyLimits()


def test_plan_is_carried_out_in_its_order_and_the_arm_ends_where_the_plan_ends(start):
    robot, feedback = start(Robot()), []
    status, result = robot.result(robot.send(plan(close_at=2), feedback=feedback))
    assert status == GoalStatus.STATUS_SUCCEEDED and result.code == Result.SUCCEEDED, result.message
    assert robot.told == ['arm', 'gripper', 'arm'] and robot.finger_goals == [0.0]
    end = KINEMATICS.fk(np.array(robot.trajectories[-1].points[-1].positions))
    assert end[:3, 3] == pytest.approx(TOOL_AT_HOME[:3, 3] + [0, 0.08, 0], abs=1e-3)
    assert result.trajectories == robot.trajectories
    assert {'moving', 'checking'} <= {progress.phase for progress in feedback}
    assert feedback[-1].segments == 3


def test_a_trajectory_is_one_that_joint_trajectory_controller_accepts(start):
    robot = start(Robot())
    robot.execute(plan())
    trajectory, = robot.trajectories
    times = [duration_from_message(point.time_from_start) for point in trajectory.points]
    assert trajectory.joint_names == list(ARM.joints)
    assert times[0] > 0 and (np.diff(times) > 0).all()
    assert np.abs(trajectory.points[-1].velocities).max() < 1e-6
    assert np.abs(np.array(trajectory.points[0].positions) - HOME).max() < 0.01


def test_speed_scaling_stretches_the_motion(start):
    robot = start(Robot(), speed_scaling=0.5)
    half = robot.execute(plan()).trajectories[0].points[-1].time_from_start
    assert duration_from_message(half) >= 2 * 2.0


@pytest.mark.parametrize('parameter, goal', [(True, False), (False, True)])
def test_dry_run_returns_the_motion_and_moves_nothing(start, parameter, goal):
    robot = start(Robot(), dry_run=parameter)
    result = robot.execute(plan(close_at=2), dry_run=goal)
    assert result.code == Result.SUCCEEDED and 'nothing moved' in result.message
    assert len(result.trajectories) == 2 and robot.told == []


def with_lost_step(good: GripperPlan) -> GripperPlan:
    return replace(good, confidence=np.array([0.9, 0.9, 0.0, 0.9]), message='hidden behind the box')


@pytest.mark.parametrize('spoil, expected', [
    (with_lost_step, 'lost the gripper: hidden behind the box'),
    (lambda good: replace(good, stamp=good.stamp - 100), 'age of the plan: 1'),
    (lambda good: replace(good, stamp=good.stamp + 30), 'plan from the future'),
    (lambda good: replace(good, frame_id='world'), f"in frame 'world', only '{FRAME}' is calibrated"),
    (lambda good: replace(good, frame_id='second_color_optical_frame'), "in frame 'second_color_optical_frame'"),
    (lambda good: replace(good, gripper='left'), "moves 'gripper' only, the plan is for: left"),
    (lambda good: replace(good, confidence=np.full(4, 0.1)), 'confidence of the tracker'),
    (lambda good: replace(good, opening=good.opening[:2]), 'length of opening: 2 steps, limit 4 steps'),
    (lambda good: plan(sideways=0.25), 'workspace, highest y'),
])
def test_when_plan_is_unfit_expect_refusal_that_says_why_and_no_motion(start, spoil, expected):
    robot = start(Robot())
    status, result = robot.result(robot.send(spoil(plan())))
    assert status == GoalStatus.STATUS_ABORTED and result.code == Result.REJECTED
    assert expected in result.message and any(expected in violation for violation in result.violations)
    assert robot.told == [] and result.trajectories == []


def test_when_a_plan_moves_another_gripper_too_expect_refusal(start):
    robot = start(Robot())
    result = robot.execute(plan(), replace(plan(), gripper='left'))
    assert result.code == Result.REJECTED and 'the plan is for: gripper, left' in result.message and robot.told == []


def test_when_the_reference_camera_is_not_in_tf_expect_it_named_and_what_to_publish(start):
    robot = start(Robot(frame='elsewhere'), tf_timeout=0.3)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and robot.told == []
    assert f"from the plan's frame '{FRAME}' to 'world'" in result.message
    assert 'static_transform_publisher' in result.message


def test_when_the_clock_lags_behind_joint_states_for_a_moment_expect_motion_all_the_same(start):
    robot = start(Robot())
    robot.stamp_ahead(1.0)
    threading.Timer(0.3, setattr, (robot, 'stamps_ahead', 0.0)).start()
    assert robot.execute(plan()).code == Result.SUCCEEDED


def test_when_joint_states_come_from_the_future_expect_refusal_that_doubts_the_clocks(start):
    robot = start(Robot(), state_timeout=0.3)
    robot.stamp_ahead(5.0)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'joint_states from the future' in result.message and robot.told == []


def test_when_joint_states_are_stamped_long_ago_expect_their_age(start):
    robot = start(Robot(), state_timeout=0.3)
    robot.stamp_ahead(-50.0)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'age of the joint_states: 5' in result.message and robot.told == []


def test_when_joint_names_are_wrong_expect_the_missing_and_the_heard_named(start):
    result = start(Robot(joints=tuple(f'panda_joint{i}' for i in range(1, 8)))).execute(plan())
    assert result.code == Result.REJECTED
    assert 'nothing of arm_joint1' in result.message and 'panda_joint7' in result.message


def test_when_joint_states_are_silent_expect_refusal(start):
    robot = start(Robot(), max_silence=3.0)
    assert robot.execute(plan(), dry_run=True).code == Result.SUCCEEDED
    robot.publishing = False
    wait_until(robot.heard.silence)
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'joint_states: silent' in result.message and robot.told == []


def test_when_arm_controller_is_absent_expect_its_action_named(start):
    robot = start(Robot(arm=False), server_timeout=1.0)
    result = robot.execute(plan(close_at=0))
    assert result.code == Result.CONTROLLER_UNAVAILABLE and robot.told == []
    assert "'arm_controller/follow_joint_trajectory'" in result.message


def test_when_controller_refuses_the_goal_expect_failure(start):
    robot = Robot()
    robot.arm_response = GoalResponse.REJECT
    result = start(robot).execute(plan(close_at=2))
    assert result.code == Result.CONTROLLER_FAILED and 'refused the goal' in result.message and robot.told == []


def test_when_controller_aborts_expect_its_reason_and_no_further_motion(start):
    robot = Robot()
    robot.arm_error = (FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED, 'arm_joint2 is 0.3 rad from the path')
    result = start(robot).execute(plan(close_at=2))
    assert result.code == Result.CONTROLLER_FAILED and 'arm_joint2 is 0.3 rad from the path' in result.message
    assert robot.told == ['arm']


def test_when_arm_does_not_arrive_expect_failure_before_the_gripper_closes(start):
    robot = Robot()
    robot.stops_short = True
    result = start(robot).execute(plan(sideways=0.05, close_at=2))
    assert result.code == Result.CONTROLLER_FAILED and 'rad at arm_joint' in result.message
    assert robot.told == ['arm']


def test_when_cancelled_mid_motion_expect_controller_cancelled_and_no_further_motion(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    handle.cancel_goal_async()
    status, result = robot.result(handle)
    assert status == GoalStatus.STATUS_CANCELED and result.code == Result.CANCELED
    assert robot.canceled.is_set() and robot.told == ['arm']


def test_second_goal_while_one_runs_is_refused_as_busy(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    first = robot.send(plan())
    assert robot.moving.wait(100.0)
    assert robot.execute(plan()).code == Result.BUSY
    robot.arm_time = 0.0
    assert robot.result(first)[1].code == Result.SUCCEEDED


def test_stop_ends_the_motion_and_stays_until_reset(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    answer = robot.call('stop')
    assert answer.success and robot.canceled.is_set(), 'success means that the motion has ended'
    assert robot.result(handle)[1].code == Result.STOPPED
    refused = robot.execute(plan())
    assert refused.code == Result.STOPPED and robot.told == ['arm']
    assert robot.call('reset').success
    robot.arm_time = 0.05
    assert robot.execute(plan()).code == Result.SUCCEEDED


def test_when_joint_states_fall_silent_mid_motion_expect_latched_stop(start):
    robot = start(Robot(), max_silence=3.0)
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    robot.publishing = False
    _, result = robot.result(handle)
    assert result.code == Result.STOPPED and 'joint_states: silent' in result.message and robot.canceled.is_set()
    robot.publishing = True
    assert robot.execute(plan()).code == Result.STOPPED and robot.told == ['arm']


def test_pressed_e_stop_stops_and_cannot_be_reset_while_pressed(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan())
    assert robot.moving.wait(100.0)
    robot.e_stop.publish(Bool(data=True))
    _, result = robot.result(handle)
    assert result.code == Result.STOPPED and 'e_stop is pressed' in result.message and robot.canceled.is_set()
    answer = robot.call('reset')
    assert not answer.success and 'still pressed' in answer.message
    robot.e_stop.publish(Bool(data=False))
    wait_until(lambda: robot.call('reset').success)


def test_when_required_heartbeat_is_lost_mid_motion_expect_stop(start):
    robot = start(Robot(), require_e_stop_heartbeat=True, e_stop_timeout=10.0)
    beat = robot.node.create_timer(0.05, lambda: robot.e_stop.publish(Bool(data=False)))
    robot.arm_time = ENDLESS
    wait_until(lambda: robot.call('reset').success)
    handle = robot.send(plan())
    assert robot.moving.wait(100.0)
    beat.cancel()
    robot.executor.set_parameters(overrides(e_stop_timeout=0.4))
    _, result = robot.result(handle)
    assert result.code == Result.STOPPED and 'e_stop heartbeat: silent' in result.message and robot.canceled.is_set()
    answer = robot.call('reset')
    assert not answer.success and 'heartbeat' in answer.message


def test_when_required_heartbeat_was_never_heard_expect_no_motion(start):
    robot = start(Robot(), require_e_stop_heartbeat=True)
    result = robot.execute(plan())
    assert result.code == Result.STOPPED and 'no e_stop heartbeat was ever heard' in result.message and robot.told == []


def test_deactivating_mid_motion_stops_the_arm(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    handle = robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    robot.executor.trigger_deactivate()
    _, result = robot.result(handle)
    assert result.code == Result.NOT_ACTIVE and robot.canceled.is_set() and robot.told == ['arm']


def test_ending_the_node_mid_motion_stops_the_arm(start):
    robot = start(Robot())
    robot.arm_time = ENDLESS
    robot.send(plan(close_at=2))
    assert robot.moving.wait(100.0)
    assert robot.executor.end().wait(100.0)
    assert robot.canceled.is_set() and robot.told == ['arm']


def test_sigint_mid_motion_stops_the_arm_and_ends_the_process_in_order(ros):
    robot = Robot()
    robot.arm_time = ENDLESS
    with spinning(robot.node), node_process(NODES / 'executor.py', 'dry_run:=false', 'speed_scaling:=1.0') as process:
        wait_until(robot.states.get_subscription_count)
        wait_until(lambda: robot.send(plan(close_at=2)) and robot.moving.wait(0.5))
        process.send_signal(signal.SIGINT)
        assert robot.canceled.wait(100.0)
        assert process.wait(100.0) == 0
        assert robot.told == ['arm']
        robot.close()


def test_a_limit_that_is_set_while_the_node_runs_holds_for_the_next_plan(start):
    robot = start(Robot())
    robot.executor.set_parameters(overrides(limits__min_confidence=0.95))
    result = robot.execute(plan())
    assert result.code == Result.REJECTED and 'limit 0.95' in result.message and robot.told == []


def test_diagnostics_show_the_last_refusal_and_the_stop(start):
    robot, probe = start(Robot()), Probe()
    with spinning(probe):
        robot.execute(plan(sideways=0.25))
        wait_until(lambda: 'workspace' in message_of(probe, 'executor: motion'))
        robot.call('stop')
        wait_until(lambda: 'executor/reset' in message_of(probe, 'executor: stop'))
        assert probe.health['executor: stop'].level == DiagnosticStatus.ERROR


def message_of(probe: Probe, part: str) -> str:
    """Return what /diagnostics says of a part, '' before it does."""
    return probe.health[part].message if part in probe.health else ''


def test_when_controller_never_ends_expect_its_motion_cancelled(start):
    robot = start(Robot(), duration_scaling=1.0, duration_margin=0.1)
    robot.arm_time = ENDLESS
    result = robot.execute(plan(steps=1))
    assert result.code == Result.CONTROLLER_FAILED and 'did not finish within' in result.message
    assert robot.canceled.is_set()
