# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""
Stand-in for ROS 2 Jazzy's `launch`, for machines without ROS 2.

It offers what Python launch files usually need, with upstream's names and behaviour; see `sandbox/README.md`.
"""

from __future__ import annotations

from . import actions, conditions, events, launch_description_sources, logging, substitutions
from ._stand_in import lacks
from .action import Action
from .condition import Condition
from .event import Event
from .event_handler import EventHandler
from .invalid_launch_file_error import InvalidLaunchFileError
from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .launch_description_entity import LaunchDescriptionEntity
from .launch_description_source import LaunchDescriptionSource
from .launch_service import LaunchService
from .some_entities_type import SomeEntitiesType, SomeEntitiesType_types_tuple
from .some_substitutions_type import SomeSubstitutionsType, SomeSubstitutionsType_types_tuple
from .substitution import Substitution

__all__ = [
    'Action',
    'Condition',
    'Event',
    'EventHandler',
    'InvalidLaunchFileError',
    'LaunchContext',
    'LaunchDescription',
    'LaunchDescriptionEntity',
    'LaunchDescriptionSource',
    'LaunchService',
    'SomeEntitiesType',
    'SomeEntitiesType_types_tuple',
    'SomeSubstitutionsType',
    'SomeSubstitutionsType_types_tuple',
    'Substitution',
    'actions',
    'conditions',
    'events',
    'launch_description_sources',
    'logging',
    'substitutions',
]

__getattr__ = lacks(__name__, 'LaunchIntrospector')
