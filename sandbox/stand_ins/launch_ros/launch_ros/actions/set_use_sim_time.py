# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""SetUseSimTime: the time of all nodes in scope is that of the simulation."""

from __future__ import annotations

from typing import Any

from launch import SomeSubstitutionsType

from .set_parameter import SetParameter


class SetUseSimTime(SetParameter):
    """Sets the parameter `use_sim_time` of the nodes that follow in the scope."""

    def __init__(self, value: bool | SomeSubstitutionsType, **kwargs: Any) -> None:
        """Take the value."""
        super().__init__(name='use_sim_time', value=value, **kwargs)
