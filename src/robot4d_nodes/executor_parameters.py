# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The parameters of the executor: what it moves, how, and every safety limit."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from robot4d_core.executor.safety import SafetyLimits
from robot4d_nodes.arm_parameters import arms_parameter
from robot4d_nodes.parameters import parameter
from robot4d_nodes.robot_description_source import DescriptionParameters

_DEFAULTS = SafetyLimits()

LIMITS_PREFIX = 'limits.'


@dataclass(frozen=True)
class ExecutorParameters(DescriptionParameters):
    """Parameters of the executor node; ArmParameters and ControllerParameters of each arm are under its name."""

    arms: list[str] = arms_parameter()
    dry_run: bool = parameter(True, 'Plan and check, but send nothing to the controllers')
    speed_scaling: float = parameter(0.1, 'Share of the planned speed, (0, 1]', low=0.01, high=1.0)
    base_frame: str = parameter('world', 'Link that does not move; the workspace is a box in it', at_configure=True)
    reference_frame: str = parameter(
        'reference_color_optical_frame', 'Optical frame of the calibrated camera; plans in other frames are refused')
    start_delay: float = parameter(
        0.3, 'Before arms that move together set off, all at the moment that their trajectories are stamped with, '
        'seconds of the ROS clock; longer than the controllers take to hear of it', low=0.0, high=10.0)
    server_timeout: float = parameter(2.0, 'To find a controller, seconds of wall time', low=0.1, high=60.0)
    duration_scaling: float = parameter(
        1.5, 'Share of its planned time that an arm motion may take', low=1.0, high=10.0)
    duration_margin: float = parameter(
        5.0, 'Added to that, and what a gripper motion may take, seconds', low=0.1, high=60.0)
    tf_timeout: float = parameter(1.0, "To wait for the camera's transform, seconds of wall time", low=0.0, high=30.0)
    state_timeout: float = parameter(
        0.5, 'To wait for joint states that are fresh enough to begin, seconds of wall time', low=0.0, high=10.0)
    max_silence: float = parameter(
        1.0, 'Without joint states for longer than this no motion begins and any motion stops, seconds of wall time',
        low=0.02, high=60.0, at_configure=True)
    require_e_stop_heartbeat: bool = parameter(False, 'Stop when `e_stop` (std_msgs/Bool, false: run) is not heard')
    e_stop_timeout: float = parameter(
        0.5, 'Longest pause between two `e_stop` messages, seconds of wall time', low=0.02, high=10.0)


@dataclass(frozen=True)
class LimitParameters:
    """The fields of SafetyLimits as parameters `limits.<field>`."""

    workspace_low: list[float] = parameter(
        list(_DEFAULTS.workspace_low), 'Lowest x, y, z of the tool centre in base_frame, metres')
    workspace_high: list[float] = parameter(
        list(_DEFAULTS.workspace_high), 'Highest x, y, z of the tool centre in base_frame, metres')
    max_step_distance: float = parameter(
        _DEFAULTS.max_step_distance, 'Between two steps of a plan, metres', low=0.0, high=2.0)
    max_step_turn: float = parameter(_DEFAULTS.max_step_turn, 'Between two steps of a plan, rad', low=0.0, high=3.15)
    min_confidence: float = parameter(_DEFAULTS.min_confidence, "Of the tracker's", low=0.0, high=1.0)
    joint_margin: float = parameter(_DEFAULTS.joint_margin, 'Kept from every joint limit, rad', low=0.0, high=1.0)
    velocity_share: float = parameter(
        _DEFAULTS.velocity_share, 'Share of the joint speed limits in the robot description', low=0.01, high=1.0)
    max_acceleration: float = parameter(_DEFAULTS.max_acceleration, 'Of a joint, rad/s^2', low=0.01, high=100.0)
    max_jerk: float = parameter(_DEFAULTS.max_jerk, 'Of a joint, rad/s^3', low=0.1, high=10000.0)
    max_tool_speed: float = parameter(_DEFAULTS.max_tool_speed, 'Of the tool centre, m/s', low=0.001, high=3.0)
    max_branch_jump: float = parameter(
        _DEFAULTS.max_branch_jump, 'Change of a joint between two steps of a plan, rad', low=0.0, high=6.3)
    min_clearance: float = parameter(
        _DEFAULTS.min_clearance, 'Between parts that must not touch, metres', low=0.0, high=0.5)
    min_arm_clearance: float = parameter(
        _DEFAULTS.min_arm_clearance, 'Between two arms, metres', low=0.0, high=0.5)
    start_tolerance: float = parameter(
        _DEFAULTS.start_tolerance, 'Between where a motion begins or ends and where a joint is, rad', low=0.0, high=0.5)
    max_plan_duration: float = parameter(
        _DEFAULTS.max_plan_duration, 'From the observation to the last step of a plan, seconds', low=0.1, high=600.0)
    max_plan_age: float = parameter(
        _DEFAULTS.max_plan_age, 'Of the observation behind a plan, seconds', low=0.1, high=600.0)
    max_state_age: float = parameter(
        _DEFAULTS.max_state_age, 'Of the stamps of joint states, seconds', low=0.02, high=60.0)
    max_clock_skew: float = parameter(
        _DEFAULTS.max_clock_skew, 'How far a stamp may lie in the future, seconds', low=0.0, high=1.0)

    def to_limits(self) -> SafetyLimits:
        """Return the limits for robot4d_core."""
        return SafetyLimits(**{
            name: tuple(value) if isinstance(value, list) else value for name, value in asdict(self).items()})
