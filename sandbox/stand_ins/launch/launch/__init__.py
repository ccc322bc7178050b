# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Stand-in for ROS 2 Jazzy's `launch`: what robot4d's launch files use, run as upstream runs it."""

from __future__ import annotations

from launch.context import LaunchContext
from launch.not_offered import lacks, refuse_submodules
from launch.service import LaunchDescription, LaunchService
from launch.substitutions import Substitution

__all__ = ['LaunchContext', 'LaunchDescription', 'LaunchService', 'Substitution']

__getattr__ = lacks(
    __name__, 'Action Condition Event EventHandler InvalidLaunchFileError LaunchDescriptionEntity '
    'LaunchDescriptionSource LaunchIntrospector SomeSubstitutionsType')
refuse_submodules(
    'launch', 'descriptions event_handlers events frontend launch_context launch_description '
    'launch_description_sources launch_service logging some_substitutions_type substitution utilities')
