# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where a node gets the description of the robot from: a parameter, a latched topic, or the cell of robot4d."""

from __future__ import annotations

import time

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from std_msgs.msg import String

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription
from robot4d_nodes import qos
from robot4d_nodes.lifecycle import Robot4dNode

_TIMEOUT = 5.0  # seconds
_TICK = 0.05  # seconds


def find_robot_description(node: Robot4dNode, urdf: str, topic: str, arms: int = 1) -> RobotDescription:
    """Read the URDF text if it is not empty, else what the latched topic says; without a topic robot4d's own cell.

    arms: how many this cell has. Must run in a thread of a multi-threaded executor. Raises RobotDescriptionError for
    what is no URDF, and when the topic stays silent.
    """
    if urdf:
        return RobotDescription(urdf)
    if not topic:
        return RobotDescription.shipped(arms=arms)
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
            f"no URDF on '{topic}'; start robot_state_publisher, or set the parameter robot_description")
    return RobotDescription(received[0])
