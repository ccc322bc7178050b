# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""SetUseSimTime: the clock of launch's own ROS node, which this stand-in does not have."""

from __future__ import annotations

from typing import Any

from launch import Action


class SetUseSimTime(Action):
    """Upstream, it sets `use_sim_time` of launch's own ROS node, not of the nodes that are launched."""

    def __init__(self, value: bool, **kwargs: Any) -> None:
        """Raise NotImplementedError."""
        raise NotImplementedError(
            "the sandbox's stand-in for launch_ros has no ROS node of its own whose clock SetUseSimTime could set; "
            "for the nodes that are launched, use SetParameter(name='use_sim_time', value=...)")
