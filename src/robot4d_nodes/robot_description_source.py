# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Where a node gets the URDF of the robot from: a parameter, a latched topic, or the cell that comes with robot4d."""

from __future__ import annotations

import time

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from std_msgs.msg import String

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import load_robot_description
from robot4d_nodes import qos
from robot4d_nodes.lifecycle import Robot4dNode

_TIMEOUT = 5.0  # seconds
_TICK = 0.05  # seconds


def find_robot_description(node: Robot4dNode, urdf: str, topic: str) -> str:
    """Return urdf if it is not empty, else what the latched topic says; without a topic robot4d's own cell.

    Must run in a thread of a multi-threaded executor. Raises RobotDescriptionError when the topic stays silent.
    """
    if urdf:
        return urdf
    if not topic:
        return load_robot_description()
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
    return received[0]
