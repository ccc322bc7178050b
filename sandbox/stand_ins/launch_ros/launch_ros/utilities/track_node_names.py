# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Counts the nodes of each name that a launch has started."""

from __future__ import annotations

from collections import defaultdict

from launch.launch_context import LaunchContext


def add_node_name(context: LaunchContext, node_name: str) -> None:
    """Count one more node of this name."""
    if not hasattr(context.locals, 'unique_ros_node_names'):
        context.extend_globals({'unique_ros_node_names': defaultdict(int)})
    context.locals.unique_ros_node_names[node_name] += 1


def get_node_name_count(context: LaunchContext, node_name: str) -> int:
    """Return the number of nodes of this name."""
    if not hasattr(context.locals, 'unique_ros_node_names'):
        return 0
    return context.locals.unique_ros_node_names[node_name]
