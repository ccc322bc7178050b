# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""
Stand-in for ROS 2 Jazzy's `launch_ros`, for machines without ROS 2.

It offers what Python launch files usually need, with upstream's names and behaviour; see `sandbox/README.md`.
"""

from __future__ import annotations

from launch._stand_in import lacks

from . import actions, descriptions, substitutions

__all__ = ['actions', 'descriptions', 'substitutions']

__getattr__ = lacks(__name__, 'event_handlers', 'events', 'get_default_launch_description', 'ros_adapters')
