# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""LifecycleNode: runs a managed ROS node."""

from __future__ import annotations

from typing import Any

from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType

from .node import Node


class LifecycleNode(Node):
    """Runs a managed ROS node; this stand-in starts it but neither follows nor changes its state."""

    def __init__(
        self, *, name: SomeSubstitutionsType, namespace: SomeSubstitutionsType, autostart: bool = False, **kwargs: Any,
    ) -> None:
        """Describe the node as `Node`; raises NotImplementedError for `autostart`."""
        if autostart:
            raise NotImplementedError(
                "the sandbox's stand-in for launch_ros cannot change the state of a LifecycleNode (autostart); "
                'run this on a machine with ROS 2 installed, or change the state with a service call')
        super().__init__(name=name, namespace=namespace, **kwargs)

    @property
    def is_autostart(self) -> bool:
        """Whether the node is configured and activated by launch."""
        return False

    def execute(self, context: LaunchContext) -> None:
        """Start the node; raises RuntimeError if its name is not complete."""
        self._perform_substitutions(context)
        if self.UNSPECIFIED_NODE_NAME in self.node_name:
            raise RuntimeError('node_name unexpectedly incomplete for lifecycle node')
        super().execute(context)
