# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where a node gets the description of the robot from: a text, a file, a latched topic, or the cell of robot4d."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from std_msgs.msg import String

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription
from robot4d_core.robot.robot_file import parse_xacro_arguments, to_paths
from robot4d_nodes import qos
from robot4d_nodes.lifecycle import Robot4dNode
from robot4d_nodes.parameters import parameter
from robot4d_nodes.publishers import why_unheard

_TIMEOUT = 5.0  # seconds
_TICK = 0.05  # seconds


@dataclass(frozen=True)
class DescriptionParameters:
    """Which robot it is; the first of text, file and topic that is not empty counts."""

    robot_description: str = parameter(
        '', 'Text of the URDF; empty: from robot_description_file', at_configure=True)
    robot_description_file: str = parameter(
        '', 'URDF or xacro file of the robot; empty: from robot_description_topic', at_configure=True)
    robot_description_topic: str = parameter(
        '', 'Latched topic (std_msgs/String) with the URDF; empty: the cell that comes with robot4d', at_configure=True)
    xacro_arguments: list[str] = parameter(
        [''], 'NAME:=VALUE of each argument of the xacro in robot_description_file', at_configure=True)
    package_paths: list[str] = parameter(
        [''], 'Folders in which the packages of package:// are looked for, before AMENT_PREFIX_PATH and '
        'ROS_PACKAGE_PATH', at_configure=True)


def find_robot_description(node: Robot4dNode, settings: DescriptionParameters, arms: int = 1) -> RobotDescription:
    """Read the description that the settings name, without any robot4d's own cell.

    arms: how many this cell has. Must run in a thread of a multi-threaded executor. Raises RobotDescriptionError for
    what is no URDF, and when the topic stays silent; ParameterError.
    """
    package_paths = to_paths(settings.package_paths)
    if settings.robot_description:
        return RobotDescription(settings.robot_description, package_paths=package_paths)
    if settings.robot_description_file:
        return RobotDescription.from_file(
            settings.robot_description_file, parse_xacro_arguments(settings.xacro_arguments), package_paths)
    if not settings.robot_description_topic:
        return RobotDescription.shipped(arms=arms)
    return RobotDescription(_hear(node, settings.robot_description_topic), package_paths=package_paths)


def _hear(node: Robot4dNode, topic: str) -> str:
    received: list[str] = []
    subscription = node.create_subscription(
        String, topic, lambda message: received.append(message.data), qos.LATCHED,
        callback_group=MutuallyExclusiveCallbackGroup())
    deadline = time.monotonic() + _TIMEOUT
    while not received and time.monotonic() < deadline and not node.stopping.wait(_TICK):
        pass
    node.destroy_subscription(subscription)
    if not received:
        raise RobotDescriptionError(
            f"no URDF on '{topic}': {why_unheard(node, topic, String, qos.LATCHED)}; start robot_state_publisher, or "
            'set the parameter robot_description_file')
    return received[0]
