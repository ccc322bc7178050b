# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The error of a substitution that cannot be performed."""

from __future__ import annotations


class SubstitutionFailure(RuntimeError):
    """A substitution cannot be performed."""
