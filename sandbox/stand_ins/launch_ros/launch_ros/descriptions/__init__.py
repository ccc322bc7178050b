# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Descriptions of parameters."""

from __future__ import annotations

from launch._stand_in import lacks

from ..parameter_descriptions import Parameter, ParameterFile, ParameterValue

__all__ = ['Parameter', 'ParameterFile', 'ParameterValue']

__getattr__ = lacks(__name__, 'ComposableLifecycleNode', 'ComposableNode', 'Node', 'NodeTrait', 'RosExecutable')
