# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Descriptions of what can be executed."""

from __future__ import annotations

from .executable import Executable

__all__ = ['Executable']
