# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's `launch_ros`: nodes, their parameters and packages in robot4d's launch files."""

from launch.not_offered import refuse_submodules

refuse_submodules(
    'launch_ros', 'descriptions event_handlers events parameters_type remap_rule_type ros_adapters utilities')
