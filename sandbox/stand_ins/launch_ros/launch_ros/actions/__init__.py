# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""What a launch description can do with ROS nodes."""

from __future__ import annotations

from launch._stand_in import lacks

from .lifecycle_node import LifecycleNode
from .node import Node
from .push_ros_namespace import PushROSNamespace, PushRosNamespace
from .set_parameter import SetParameter
from .set_parameters_from_file import SetParametersFromFile
from .set_remap import SetRemap
from .set_use_sim_time import SetUseSimTime

__all__ = [
    'LifecycleNode',
    'Node',
    'PushROSNamespace',
    'PushRosNamespace',
    'SetParameter',
    'SetParametersFromFile',
    'SetRemap',
    'SetUseSimTime',
]

__getattr__ = lacks(
    __name__, 'ComposableNodeContainer', 'LifecycleTransition', 'LoadComposableNodes', 'RosTimer', 'ROSTimer',
    'SetROSLogDir')
