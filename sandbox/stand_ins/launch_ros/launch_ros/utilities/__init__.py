# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Helpers shared by the launch_ros modules."""

from __future__ import annotations

from launch._stand_in import lacks

from .evaluate_parameters import evaluate_parameters
from .namespace_utils import is_namespace_absolute, is_root_namespace, make_namespace_absolute, prefix_namespace
from .normalize_parameters import normalize_parameters
from .normalize_remap_rule import normalize_remap_rule, normalize_remap_rules
from .to_parameters_list import to_parameters_list
from .track_node_names import add_node_name, get_node_name_count

__all__ = [
    'add_node_name',
    'evaluate_parameters',
    'get_node_name_count',
    'is_namespace_absolute',
    'is_root_namespace',
    'make_namespace_absolute',
    'normalize_parameters',
    'normalize_remap_rule',
    'normalize_remap_rules',
    'prefix_namespace',
    'to_parameters_list',
]

__getattr__ = lacks(__name__, 'LifecycleEventManager', 'plugin_support')
