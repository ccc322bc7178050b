# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LifecycleNode: runs a managed ROS node."""

from __future__ import annotations

from typing import Any

from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType

from .node import Node


class LifecycleNode(Node):
    """Runs a managed ROS node; this stand-in starts it but neither follows nor changes its state."""

    def __init__(self, *, name: SomeSubstitutionsType, namespace: SomeSubstitutionsType, **kwargs: Any) -> None:
        """Describe the node as `Node`; name and namespace are required."""
        super().__init__(name=name, namespace=namespace, **kwargs)

    def execute(self, context: LaunchContext) -> None:
        """Start the node; raises RuntimeError if its name is not complete."""
        self._perform_substitutions(context)
        if self.UNSPECIFIED_NODE_NAME in self.node_name:
            raise RuntimeError('node_name unexpectedly incomplete for lifecycle node')
        super().execute(context)
