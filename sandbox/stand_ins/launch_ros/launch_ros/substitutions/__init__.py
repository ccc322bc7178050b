# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Substitutions for ROS packages and parameters."""

from __future__ import annotations

from .executable_in_package import ExecutableInPackage
from .find_package import FindPackage, FindPackagePrefix, FindPackageShare
from .parameter import Parameter

__all__ = ['ExecutableInPackage', 'FindPackage', 'FindPackagePrefix', 'FindPackageShare', 'Parameter']
