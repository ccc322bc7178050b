# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Substitutions written as text; the XML and YAML launch file formats are left out of this stand-in."""

from __future__ import annotations

from .._stand_in import lacks
from .expose import expose_substitution

__all__ = ['expose_substitution']

__getattr__ = lacks(__name__, 'Entity', 'InvalidFrontendLaunchFileError', 'Parser', 'expose_action')
