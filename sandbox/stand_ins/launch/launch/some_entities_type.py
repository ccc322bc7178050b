# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The types accepted wherever one or several launch entities are expected."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable

from .launch_description_entity import LaunchDescriptionEntity

SomeEntitiesType = LaunchDescriptionEntity | Iterable[LaunchDescriptionEntity]

SomeEntitiesType_types_tuple = (LaunchDescriptionEntity, collections.abc.Iterable)
